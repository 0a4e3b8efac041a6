"use client";

import { useEffect } from "react";
import { deliverAll } from "@/app/review/_kept/desk";
import { countUndelivered, watchOutbox } from "@/app/review/_kept/outbox";

const retryMs = 10_000;

/** What a person graded or attributed and the server does not have yet goes out from any page, not only from the grading screen. */
export function Deliver({ userId }: { userId: number }) {
  useEffect(() => {
    let busy = false;
    const deliver = async () => {
      if (busy || countUndelivered(userId) === 0) return;
      busy = true;
      await deliverAll(userId).catch(() => undefined);
      busy = false;
    };
    const begin = () => void deliver();
    begin();
    const unwatch = watchOutbox(begin);
    const timer = setInterval(begin, retryMs);
    window.addEventListener("online", begin);
    return () => {
      unwatch();
      clearInterval(timer);
      window.removeEventListener("online", begin);
    };
  }, [userId]);
  return null;
}
