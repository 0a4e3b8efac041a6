"use client";

import { useTransition } from "react";
import { Button } from "@/components/ui/button";
import { readNewsAction } from "../actions";

export function MarkRead({ upTo }: { upTo: number }) {
  const [pending, start] = useTransition();
  return (
    <Button disabled={pending} onClick={() => start(() => readNewsAction(upTo))}>
      Mark all as read
    </Button>
  );
}
