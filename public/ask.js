// Asks a server with what status it answers; 0 where it does not. A browser writes each answer of 400 and more into the
// console of the page that asked, as an error, which it need not be; those to a worker it does not.
addEventListener("message", async ({ data }) => {
  const answer = await fetch(data, { cache: "no-store" }).catch(() => {});
  postMessage(answer?.status ?? 0);
});
