import type { ReactNode } from "react";
import { Mark } from "@/components/ui/mark";
import { Forget } from "./_components/forget";

export default function SignInLayout({ children }: { children: ReactNode }) {
  return (
    <main id="content" className="mx-auto flex min-h-dvh w-full max-w-sm flex-col justify-center gap-6 px-4 py-12">
      <p className="flex items-center gap-2 text-base font-semibold">
        <Mark />
        Countersign
      </p>
      {children}
      <Forget />
    </main>
  );
}
