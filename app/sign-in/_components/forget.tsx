"use client";

import { useEffect } from "react";
import { forgetKept } from "@/app/review/_kept/forget";

/** Nobody is signed in, or somebody else is about to be: what the grading screen kept here goes, save undelivered grades. */
export function Forget() {
  useEffect(() => void forgetKept(), []);
  return null;
}
