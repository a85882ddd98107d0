// The service worker. It keeps whole versions of the site: the page starts without its host, and a tab goes on with the
// version that it began with, whatever the host has by then. It never touches what people made, and answers for
// nothing but the files of the site. `cargo xtask build` writes SITE: { version, files: { path: [type, SHA-256] } }.
const scope = new URL("./", location);
const versionPrefix = `duplex ${scope.pathname} version `;
const ours = versionPrefix + SITE.version;
// Which version each tab began with, by the id of its client.
const tabsName = `duplex ${scope.pathname} tabs`;
// A tab that has just asked for its page is not among the clients yet.
const NEW_TAB_MS = 60_000;

const hex = (bytes) =>
  [...new Uint8Array(bytes)].map((byte) => byte.toString(16).padStart(2, "0")).join("");

// A file of this very version. A host in the middle of an update, or one that answers with a page of words, has another.
const verified = async (path, [type, hash]) => {
  const response = await fetch(new URL(path, scope), { cache: "no-cache" });
  if (!response.ok) throw new Error(`${path}: HTTP ${response.status}`);
  const bytes = await response.arrayBuffer();
  if (hex(await crypto.subtle.digest("SHA-256", bytes)) !== hash) {
    throw new Error(`${path} is not of this version`);
  }
  return new Response(bytes, { headers: { "content-type": type } });
};

// All files or none.
const keep = async () => {
  const files = Object.entries(SITE.files);
  const answers = await Promise.all(files.map(([path, file]) => verified(path, file)));
  const cache = await caches.open(ours);
  try {
    await Promise.all(files.map(([path], at) => cache.put(new URL(path, scope), answers[at])));
  } catch (error) {
    await caches.delete(ours);
    throw error;
  }
};

const remember = async (id) => {
  const tabs = await caches.open(tabsName);
  const tab = { version: ours, at: Date.now() };
  await tabs.put(new URL(id, scope), new Response(JSON.stringify(tab)));
};

// Deletes the versions that no tab uses. One that came from the host and not from here may use any.
const tidy = async () => {
  const all = await clients.matchAll({ includeUncontrolled: true, type: "window" });
  const open = new Set(all.filter(({ url }) => url.startsWith(scope.href)).map(({ id }) => id));
  const tabs = await caches.open(tabsName);
  const used = new Set([ours]);
  for (const request of await tabs.keys()) {
    const { version, at } = await (await tabs.match(request)).json();
    if (open.delete(request.url.slice(scope.href.length)) || Date.now() - at < NEW_TAB_MS) {
      used.add(version);
    } else {
      await tabs.delete(request);
    }
  }
  if (open.size > 0) return;
  const unused = (await caches.keys()).filter(
    (name) => name.startsWith(versionPrefix) && !used.has(name),
  );
  await Promise.all(unused.map((name) => caches.delete(name)));
};

const kept = async (path) => {
  const url = new URL(path, scope);
  const answer = await (await caches.open(ours)).match(url);
  if (answer) return answer;
  for (const name of await caches.keys()) {
    if (!name.startsWith(versionPrefix)) continue;
    const older = await (await caches.open(name)).match(url);
    if (older) return older;
  }
};

const page = async (event) => {
  const answer = await kept("./");
  // The browser may have deleted it.
  if (!answer) return fetch(event.request);
  if (event.resultingClientId) await remember(event.resultingClientId);
  return answer;
};

addEventListener("install", (event) => event.waitUntil(keep()));

addEventListener("activate", (event) => event.waitUntil(tidy()));

// "update": somebody agreed to the new version. "claim": a page that came from the host wants to be served from here.
// It asks for itself, because a claim throws pages out of the back/forward cache: one that is in there does not ask.
addEventListener("message", (event) => {
  if (event.data === "update") event.waitUntil(skipWaiting());
  if (event.data === "claim") event.waitUntil(clients.claim());
});

addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== "GET" || url.origin !== scope.origin) return;
  if (!url.pathname.startsWith(scope.pathname)) return;
  const path = url.pathname.slice(scope.pathname.length);
  if (request.mode === "navigate") {
    if (path === "" || path === "index.html") event.respondWith(page(event));
  } else if (path in SITE.files || /-[0-9a-f]{16}(_bg)?\.(js|css|wasm)$/.test(path)) {
    event.respondWith(kept(path).then((answer) => answer ?? fetch(request)));
  }
});
