// What a page does without WebAssembly: it has the right colours from the first paint on, says that it is loading, that
// it could not be loaded, and that it stopped, and lets no dropped file take its place. Nothing of the program can be
// trusted then, so this file needs nothing of it.
const SLOW_MS = 4000;
const TOO_SLOW_MS = 20000;
const root = document.documentElement;
let started = false;

const element = (id) => document.getElementById(id);

// What is stored has names that begin so (src/browser/preferences.rs). One origin may have several deployments, which
// share nothing: the first of them has the names that were in use when there could be only one.
const base = location.pathname.replace(/[^/]*$/, "");
let theme;
try {
  localStorage["duplex/at"] ??= base;
  root.dataset.store = localStorage["duplex/at"] === base ? "duplex/" : `duplex ${base} `;
  theme = localStorage[`${root.dataset.store}theme`];
} catch {
  // Storage is forbidden.
}

// src/ui/theme.rs goes on from here.
const isDark = { '"Dark"': true, '"Light"': false };
root.dataset.theme =
  isDark[theme] ?? matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
if (location.hash === "#/rooms") root.dataset.alone = "";

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

// src/browser/install.rs asks for it, when somebody wants to.
addEventListener("beforeinstallprompt", (event) => {
  event.preventDefault();
  window.installOffer = event;
});

addEventListener("duplexstarted", () => {
  started = true;
  delete root.dataset.boot;
  element("boot")?.remove();
  element("shell")?.remove();
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
if (!globalThis.WebAssembly || !("adoptedStyleSheets" in document)) boot("failed");
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
    const scripts = [...document.querySelectorAll("script[type=module]")];
    const asked = { cache: "reload", signal: AbortSignal.timeout?.(SLOW_MS) };
    const asking = scripts.map((script) => fetch(script.src, asked));
    // A version that was kept here and does not start gives way to the host's.
    const workers = navigator.onLine && navigator.serviceWorker;
    const forget = workers && workers.getRegistration().then((kept) => kept?.unregister());
    await Promise.allSettled([...asking, forget]);
  }
  location.reload();
});
