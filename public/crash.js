// What a page does without WebAssembly: it says that it is loading, that it could not be loaded, and that it stopped, and
// lets no dropped file take its place. Nothing of the program can be trusted then, so this file needs nothing of it.
const SLOW_MS = 4000;
const TOO_SLOW_MS = 20000;
const root = document.documentElement;
let started = false;

const element = (id) => document.getElementById(id);

// "loading", "slow", "failed": style/base.css shows the words of each.
const boot = (state) => {
  if (started) return;
  root.dataset.boot = state;
};

// A trap of the program, its stack without room, or a call that came back into it while it ran.
const isOurs = (cause) =>
  cause instanceof WebAssembly.RuntimeError ||
  (/duplex-|wasm/.test(cause?.stack ?? "") &&
    (/^(RangeError|InternalError)$/.test(cause.name) ||
      /closure invoked|recursive use/.test(cause.message)));

const stopped = (cause) => {
  const dialog = element("crash");
  if (!isOurs(cause) || !dialog || dialog.open) return;
  const saved = document.querySelector("[data-testid=saved]");
  dialog.dataset.stored = !saved || saved.dataset.state === "saved";
  dialog.showModal();
};

addEventListener("duplexstarted", () => {
  started = true;
  delete root.dataset.boot;
  element("boot")?.remove();
});

// In the capturing phase: a script that does not load says so only to those who listen there.
addEventListener(
  "error",
  (event) => (started ? stopped(event.error) : boot("failed")),
  true,
);
addEventListener("unhandledrejection", (event) =>
  started ? stopped(event.reason) : boot("failed"),
);
setTimeout(() => boot(root.dataset.boot === "failed" ? "failed" : "slow"), SLOW_MS);
setTimeout(() => boot("failed"), TOO_SLOW_MS);
// A dropped file never opens in place of a page that may hold the only copy of something.
for (const name of ["dragover", "drop"]) {
  addEventListener(name, (event) => {
    if (event.dataTransfer?.types.includes("Files")) event.preventDefault();
  });
}
addEventListener("click", async (event) => {
  if (!event.target.closest?.("[data-reload]")) return;
  if (!started) {
    // WebKit keeps the answer to a script's request over a reload, also when it was an error.
    const scripts = [...document.querySelectorAll("link[rel=modulepreload]")];
    const asked = { cache: "reload", signal: AbortSignal.timeout?.(SLOW_MS) };
    await Promise.allSettled(scripts.map((script) => fetch(script.href, asked)));
  }
  location.reload();
});
