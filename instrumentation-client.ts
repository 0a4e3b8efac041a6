import { config } from "zod/v4/core";

// Before any schema is made in a browser: zod would try whether it may compile code, and the page's policy would refuse and report it.
config({ jitless: true });
