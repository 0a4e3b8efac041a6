import type { Metadata } from "next";
import { Reopen } from "./_components/reopen";

export const metadata: Metadata = { title: "Review" };

/**
 * The grading screen's shell: the same for everybody, with nothing of anybody's. The service worker keeps it and shows it
 * where a release's page can't be fetched (docs/decisions/0008-grading-without-a-network.md).
 */
export default function OfflinePage() {
  return <Reopen />;
}
