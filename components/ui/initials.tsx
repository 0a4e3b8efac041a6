import { cn } from "./cn";

/** The first letters of a name, so that the same person is found again at a glance. Stands beside the name, never alone. */
export function Initials({ name, className }: { name: string; className?: string }) {
  const words = name.match(/[\p{L}\p{N}][\p{L}\p{M}\p{N}'’-]*/gu) ?? [];
  const first = (word: string | undefined) => [...(word ?? "")][0] ?? "";
  const letters = words.length > 1 ? first(words[0]) + first(words.at(-1)) : first(words[0]);
  return (
    <span
      aria-hidden="true"
      className={cn(
        "inline-flex size-6 shrink-0 items-center justify-center rounded-full bg-human-soft text-[10px] font-medium text-human uppercase select-none",
        className,
      )}
    >
      {letters || "?"}
    </span>
  );
}
