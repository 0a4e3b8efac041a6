import type { ScreenKeys } from "@/components/shell/keys";

/** What `?` tells beside the keys of every screen. */
export const screenKeys: ScreenKeys[] = [
  {
    path: "^/releases/\\d+/cases$",
    title: "Cases",
    keys: [
      { keys: ["↑", "↓", "Home", "End"], does: "between the rows" },
      { keys: ["Enter"], does: "open the case beside the table" },
      { keys: ["X"], does: "select the case" },
      { keys: ["←", "→"], does: "the case before, the next one, while one is open" },
      { keys: ["R"], does: "raw: as it came, while one is open" },
      { keys: ["D"], does: "what differs between the two answers, while one is open" },
    ],
  },
  {
    path: "^/releases/\\d+/cases/\\d+$",
    title: "Case",
    keys: [
      { keys: ["R"], does: "raw: as it came" },
      { keys: ["D"], does: "what differs between the two answers" },
    ],
  },
];
