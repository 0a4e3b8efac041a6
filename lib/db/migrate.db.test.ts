import pg from "pg";
import { describe, expect, it } from "vitest";
import { testDatabase } from "../testing/database";
import { actorFor, seedPerson, seedProject } from "../testing/seed";
import { db } from "./client";
import { migrate, migrationStatus } from "./migrate";

const database = await testDatabase();

describe("migrate", () => {
  it("has applied every migration, and a second time does nothing", async () => {
    const status = await migrationStatus(database.ownerUrl);
    expect(status.applied.length).toBeGreaterThan(0);
    expect(status).toMatchObject({ pending: [], changed: [], failed: [] });
    expect(await migrate(database.ownerUrl)).toEqual([]);
  });

  it("lets two starts of an empty database take turns", async () => {
    await database.asOwner("CREATE DATABASE migrate_twice");
    const url = new URL(database.ownerUrl);
    url.pathname = "/migrate_twice";
    const both = await Promise.all([migrate(url.href), migrate(url.href)]);
    const { applied } = await migrationStatus(url.href);
    expect(both.map((names) => names.length).sort()).toEqual([0, applied.length]);
    await database.asOwner("DROP DATABASE migrate_twice WITH (FORCE)");
  });

  it("begins a migration again that a kill interrupted", async () => {
    await database.asOwner("CREATE DATABASE migrate_interrupted");
    const url = new URL(database.ownerUrl);
    url.pathname = "/migrate_interrupted";
    const client = new pg.Client({ connectionString: url.href });
    await client.connect();
    const [first] = await database.asOwner<{ definition: string; row: object }>(
      `SELECT (SELECT string_agg(format('%I %s', attname, format_type(atttypid, atttypmod)), ', ' ORDER BY attnum)
               FROM pg_attribute WHERE attrelid = '_prisma_migrations'::regclass AND attnum > 0) AS definition,
              to_jsonb(m) AS row FROM _prisma_migrations m ORDER BY migration_name LIMIT 1`,
    );
    const { definition, row } = first!;
    await client.query(`CREATE TABLE _prisma_migrations (${definition})`);
    await client.query(
      "INSERT INTO _prisma_migrations SELECT * FROM jsonb_populate_record(null::_prisma_migrations, $1)",
      [{ ...row, finished_at: null, applied_steps_count: 0 }],
    );
    await client.end();
    await migrate(url.href);
    expect(await migrationStatus(url.href)).toMatchObject({ pending: [], changed: [], failed: [] });
    await database.asOwner("DROP DATABASE migrate_interrupted WITH (FORCE)");
  });

  it("refuses a database whose migration was edited after it was applied", async () => {
    await database.asOwner("UPDATE _prisma_migrations SET checksum = 'x' WHERE migration_name LIKE '%first_release'");
    await expect(migrate(database.ownerUrl)).rejects.toThrow(/first_release .* changed/);
    expect((await migrationStatus(database.ownerUrl)).changed).toHaveLength(1);
  });
});

describe("seeds", () => {
  it("make a member as the application's role", async () => {
    const project = await seedProject();
    const person = await seedPerson(project.id, { roles: ["reviewer"] });
    expect(await db.membership.count({ where: { userId: person.userId, projectId: project.id } })).toBe(1);
    expect(actorFor({ ...person, roles: ["auditor"] }).roles).toEqual(["auditor"]);
  });
});
