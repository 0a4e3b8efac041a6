import { defineConfig } from "prisma/config";

// For people who use Prisma's own command line on the same database (docs/decisions/0001). Countersign applies its
// migrations itself: lib/db/migrate.ts.
export default defineConfig({
  schema: "prisma/schema.prisma",
  migrations: { path: "prisma/migrations" },
  ...(process.env.DATABASE_URL && { datasource: { url: process.env.DATABASE_URL } }),
});
