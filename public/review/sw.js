// Lets the grading screen open without a network. It keeps the page's shell, which is the same for everybody and holds no
// data, and the files under /_next/static that it needs; nothing else is kept or answered from here
// (docs/decisions/0008-grading-without-a-network.md).
const shell = "/review/offline";
const cacheName = "countersign-review";
const isFile = (path) => path.startsWith("/_next/static/") || path === "/mark.svg";

self.addEventListener("install", (event) => event.waitUntil(self.skipWaiting()));
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));

self.addEventListener("message", (event) => {
  if (!Array.isArray(event.data?.keep)) return;
  event.waitUntil(
    keep(event.data.keep.filter((path) => typeof path === "string" && isFile(path))).then(
      () => event.ports[0]?.postMessage("kept"),
      () => event.ports[0]?.postMessage("failed"),
    ),
  );
});

self.addEventListener("fetch", (event) => {
  const { pathname, origin } = new URL(event.request.url);
  if (event.request.method !== "GET" || origin !== self.location.origin) return;
  if (isFile(pathname)) event.respondWith(file(event.request));
  else if (event.request.mode === "navigate" && /^\/review\/[1-9]\d{0,8}$/.test(pathname))
    event.respondWith(page(event.request));
});

/** Their names change with what is in them, so the first copy is good for ever. */
async function file(request) {
  const cache = await caches.open(cacheName);
  return (await cache.match(request.url)) ?? fetch(request);
}

async function page(request) {
  try {
    return await fetch(request);
  } catch (error) {
    const cache = await caches.open(cacheName);
    const kept = await cache.match(shell);
    if (!kept) throw error;
    return kept;
  }
}

/** The shell as it is now, the files it names and those that the open page used; all that went before is dropped. */
async function keep(used) {
  // Without cookies: what is kept can't be about anybody.
  const answer = await fetch(shell, { credentials: "omit", cache: "no-store" });
  if (!answer.ok || answer.redirected) throw new Error("The shell did not come.");
  const cache = await caches.open(cacheName);
  const text = await answer.clone().text();
  const named = (text.match(/static\/(?:chunks|css|media)\/[\w.~/()[\]-]+/g) ?? []).map((path) => `/_next/${path}`);
  const files = [...new Set([...named, ...used])];
  const have = new Set((await cache.keys()).map(({ url }) => new URL(url).pathname));
  await Promise.all(files.filter((path) => !have.has(path)).map((path) => cache.add(path)));
  await cache.put(shell, answer);
  const needed = new Set([shell, ...files]);
  await Promise.all([...have].filter((path) => !needed.has(path)).map((path) => cache.delete(path)));
}
