"use client";

import { usePathname, useSearchParams } from "next/navigation";
import { hiddenParameter, readHidden, withHidden } from "./hidden-columns";

/** The hidden columns of this address, and a way to change them without asking the server again. */
export function useHiddenColumns(hideable: readonly string[]) {
  const path = usePathname();
  const parameters = useSearchParams();
  const hidden = readHidden(parameters.get(hiddenParameter), hideable);
  return {
    hidden,
    hide(next: readonly string[]) {
      window.history.replaceState(null, "", withHidden(`${path}?${parameters}`, next));
    },
  };
}
