"use client";

import { usePathname } from "next/navigation";
import { useTheme } from "next-themes";
import { type ReactNode, useState } from "react";
import { Keys } from "@/components/shell/keys";
import { Palette, type PaletteEntry, type PaletteLink } from "@/components/shell/palette";
import { SignOut } from "@/components/shell/sign-out";
import { ThemeToggle, themes } from "@/components/ui/theme";
import { screenKeys } from "./_keys";
import { useLeave } from "./_leave";
import { releaseTabs } from "./releases/[id]/_tabs";

type Props = { entries: PaletteLink[]; userId: number; children: ReactNode };

/** What can be done on every page, by its button, by the palette, and some of it by a key. */
export function Everywhere({ entries, userId, children }: Props) {
  const [keys, setKeys] = useState(false);
  const { theme, setTheme } = useTheme();
  const { leave, question } = useLeave(userId);
  const release = /^\/releases\/([1-9]\d*)(?:\/|$)/.exec(usePathname())?.[1];
  const all: PaletteEntry[] = [
    ...(release ? releaseTabs(Number(release)) : []).map(({ label, href }) => ({
      group: "This release",
      label,
      to: href,
    })),
    ...entries,
    { group: "Commands", label: "Keys of this page", keys: "?", to: () => setKeys(true) },
    ...themes.map((name) => ({
      group: "Commands",
      label: `Theme: ${name}`,
      of: theme === name ? "in use" : undefined,
      to: () => setTheme(name),
    })),
    { group: "Commands", label: "Sign out", to: leave },
  ];
  return (
    <>
      <Palette entries={all} search="/palette" />
      <ThemeToggle />
      <Keys screens={screenKeys} open={keys} onOpenChange={setKeys} />
      {children}
      <SignOut onSignOut={leave} />
      {question}
    </>
  );
}
