import type { LinkTab } from "@/components/ui/link-tabs";

/** The tabs of a release, for the page and for the palette. */
export function releaseTabs(releaseId: number): LinkTab[] {
  const base = `/releases/${releaseId}`;
  return [
    { href: base, label: "Brief", exact: true },
    { href: `${base}/changes`, label: "Changes" },
    { href: `${base}/cases`, label: "Cases" },
    { href: `${base}/review`, label: "Review" },
    { href: `${base}/judges`, label: "Judges" },
    { href: `${base}/sentinels`, label: "Sentinels" },
    { href: `${base}/sign-off`, label: "Sign-off" },
    { href: `${base}/history`, label: "History" },
  ];
}
