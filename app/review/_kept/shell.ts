const script = "/review/sw.js";
const cacheName = "countersign-review";

/** Has the service worker keep the shell and the files that this page used, so that it opens again without a network. */
export async function keepShell(): Promise<void> {
  // Development builds change their files under the same names.
  if (process.env.NODE_ENV !== "production" || !navigator.serviceWorker) return;
  await navigator.serviceWorker.register(script, { scope: "/review/", updateViaCache: "none" });
  const { active } = await navigator.serviceWorker.ready;
  const used = performance
    .getEntriesByType("resource")
    .map(({ name }) => new URL(name))
    .filter(({ origin, pathname }) => origin === location.origin && pathname.startsWith("/_next/static/"))
    .map(({ pathname }) => pathname);
  active?.postMessage({ keep: [...new Set([...used, "/mark.svg"])] });
}

export async function forgetShell(): Promise<void> {
  if (globalThis.caches) await caches.delete(cacheName);
  const registration = await navigator.serviceWorker?.getRegistration("/review/");
  await registration?.unregister();
}
