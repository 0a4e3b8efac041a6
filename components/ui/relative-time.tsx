"use client";

import { useEffect, useState } from "react";

const steps: [Intl.RelativeTimeFormatUnit, number][] = [
  ["year", 31_536_000],
  ["month", 2_592_000],
  ["day", 86_400],
  ["hour", 3600],
  ["minute", 60],
];

function relative(date: Date, now: number): string {
  const seconds = (date.getTime() - now) / 1000;
  const format = new Intl.RelativeTimeFormat("en", { numeric: "auto" });
  for (const [unit, length] of steps) {
    if (Math.abs(seconds) >= length) return format.format(Math.trunc(seconds / length), unit);
  }
  return "just now";
}

/** Relative once the browser runs (the server can't know when it is read), absolute before, on hover and on paper. */
export function RelativeTime({ date }: { date: Date | string }) {
  const at = typeof date === "string" ? new Date(date) : date;
  const absolute = `${at.toISOString().slice(0, 16).replace("T", " ")} UTC`;
  const [now, setNow] = useState<number | null>(null);
  useEffect(() => {
    setNow(Date.now());
    const timer = setInterval(() => setNow(Date.now()), 60_000);
    return () => clearInterval(timer);
  }, []);
  return (
    <time
      dateTime={at.toISOString()}
      title={absolute}
      className="whitespace-nowrap tabular-nums print:before:content-[attr(title)]"
    >
      <span className="print:hidden">{now === null ? absolute : relative(at, now)}</span>
    </time>
  );
}
