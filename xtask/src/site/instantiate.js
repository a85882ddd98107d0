// Stands in for `WebAssembly.instantiateStreaming`, for every host and engine: not every host names the type of wasm
// files, and in a page of WebKit (2.50) that was loaded again while it compiled no asynchronous compilation ever ends.
// There, and in the rare page that is only slow, a file that was fetched and not compiled in time is compiled at once.
let patienceMs = 2000;

export const instantiateStreaming = async (fetched, imports) => {
  const response = await fetched;
  const bytes = response.clone().arrayBuffer();
  const compiled = WebAssembly.compileStreaming(response).catch(async () =>
    WebAssembly.compile(await bytes),
  );
  let timer;
  const late = bytes.then(
    () => new Promise((resolve) => (timer = setTimeout(resolve, patienceMs))),
  );
  let module = await Promise.race([compiled, late]);
  clearTimeout(timer);
  if (!module) {
    try {
      module = new WebAssembly.Module(await bytes);
      const instance = new WebAssembly.Instance(module, imports);
      patienceMs = 0;
      return { instance, module };
    } catch (error) {
      // Older Chromium compiles nothing of this size at once.
      if (!(error instanceof RangeError)) throw error;
      module = await compiled;
    }
  }
  return { instance: await WebAssembly.instantiate(module, imports), module };
};
