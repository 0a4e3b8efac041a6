import "@fontsource-variable/geist";
import "@fontsource-variable/geist-mono";
import "./globals.css";
import type { Metadata } from "next";
import { headers } from "next/headers";
import type { ReactNode } from "react";
import { SkipLinks } from "@/components/shell/skip-links";
import { ThemeProvider } from "@/components/ui/theme";

export const metadata: Metadata = {
  title: { default: "Countersign", template: "%s · Countersign" },
  description: "Where people countersign what an LLM judge says before a prompt ships.",
  icons: { icon: "/mark.svg" },
  robots: { index: false },
};

const skips = [{ path: "^/releases/\\d+/cases$", to: "cases", words: "Skip to the cases" }];

export default async function RootLayout({ children }: { children: ReactNode }) {
  const nonce = (await headers()).get("x-nonce") ?? undefined;
  return (
    // next-themes sets the class before React starts
    <html lang="en" suppressHydrationWarning>
      <body>
        <SkipLinks screens={skips} />
        <ThemeProvider nonce={nonce}>{children}</ThemeProvider>
      </body>
    </html>
  );
}
