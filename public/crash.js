// If WebAssembly stops (a panic, a stack overflow, memory that is used up), nothing of it can be trusted any more:
// the dialog that says so is held ready by index.html and shown without it.
const show = (cause) => {
  const dialog = document.getElementById("crash");
  if (cause instanceof WebAssembly.RuntimeError && dialog && !dialog.open) dialog.showModal();
};
addEventListener("error", (event) => show(event.error));
addEventListener("unhandledrejection", (event) => show(event.reason));
