// The npm package `ws`, as people use it: node ws.cjs <echo|strings|all> <port>
const { WebSocketServer } = require("ws");
const [mode, port] = process.argv.slice(2);
const server = new WebSocketServer({ host: "127.0.0.1", port: Number(port) });
server.on("connection", (socket) => {
  socket.on("error", () => {});
  socket.on("message", (data, isBinary) => {
    if (mode === "echo") return socket.send(data);
    for (const client of server.clients) {
      if (client.readyState !== client.OPEN) continue;
      if (mode === "all") client.send(data, { binary: isBinary });
      else if (client !== socket) client.send(data.toString());
    }
  });
});
