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
      { keys: ["⇧X"], does: "select all from the one before to this one" },
      { keys: ["⇧↑", "⇧↓"], does: "select one after the other; back takes away" },
      { keys: ["←", "→"], does: "the case before, the next one, while one is open" },
      { keys: ["R"], does: "raw: as it came, while one is open" },
      { keys: ["D"], does: "what differs between the two answers, while one is open" },
      { keys: ["H"], does: "which hunk was the reason, while one is open that you graded differently" },
    ],
  },
  {
    path: "^/releases/\\d+/changes$",
    title: "Changes",
    keys: [
      { keys: ["K", "←"], does: "the answer before" },
      { keys: ["J", "→"], does: "the next answer" },
      { keys: ["H"], does: "which hunk was the reason, in a case that you graded differently" },
    ],
  },
  {
    path: "^/releases/\\d+/cases/\\d+$",
    title: "Case",
    keys: [
      { keys: ["R"], does: "raw: as it came" },
      { keys: ["D"], does: "what differs between the two answers" },
      { keys: ["H"], does: "which hunk was the reason, in a case that you graded differently" },
    ],
  },
];
