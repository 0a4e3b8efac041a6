import { useEffect, useState } from "react";

/** How this person likes the screen; kept by this browser. */
export type Layout = { raw: boolean; diff: boolean /** Criteria whose rubric is folded away. */; folded: string[] };

const key = "countersign-review-layout";
const plain: Layout = { raw: false, diff: false, folded: [] };

function read(): Layout {
  try {
    const kept = JSON.parse(localStorage.getItem(key) ?? "{}") as Partial<Layout>;
    return {
      raw: kept.raw === true,
      diff: kept.diff === true,
      folded: Array.isArray(kept.folded) ? kept.folded : [],
    };
  } catch {
    return plain;
  }
}

export function useLayout(): [Layout, (change: Partial<Layout>) => void] {
  const [layout, setLayout] = useState(plain);
  useEffect(() => setLayout(read()), []);
  return [
    layout,
    (change) => {
      const after = { ...layout, ...change };
      setLayout(after);
      try {
        localStorage.setItem(key, JSON.stringify(after));
      } catch {
        // It is forgotten, then.
      }
    },
  ];
}
