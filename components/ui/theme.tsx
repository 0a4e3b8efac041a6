"use client";

import { Monitor, Moon, Sun } from "lucide-react";
import { ThemeProvider as NextThemes, useTheme } from "next-themes";
import { type ReactNode, useEffect, useState } from "react";

export function ThemeProvider({ nonce, children }: { nonce?: string; children: ReactNode }) {
  return (
    <NextThemes attribute="class" defaultTheme="system" enableSystem disableTransitionOnChange nonce={nonce}>
      {children}
    </NextThemes>
  );
}

export const themes = ["system", "light", "dark"] as const;
const icons = { system: Monitor, light: Sun, dark: Moon };

/** Goes round system, light, dark. */
export function ThemeToggle() {
  const { theme, setTheme } = useTheme();
  const [mounted, setMounted] = useState(false);
  useEffect(() => setMounted(true), []);
  const current = mounted ? (themes.find((name) => name === theme) ?? "system") : "system";
  const Icon = icons[current];
  const next = themes[(themes.indexOf(current) + 1) % themes.length] ?? "system";
  return (
    <button
      type="button"
      onClick={() => setTheme(next)}
      className="flex min-h-8 w-full cursor-pointer items-center gap-2.5 rounded-md px-2 text-muted hover:bg-hover hover:text-ink"
    >
      <Icon aria-hidden="true" className="size-4" />
      <span>
        Theme: {current}
        <span className="sr-only">, change to {next}</span>
      </span>
    </button>
  );
}
