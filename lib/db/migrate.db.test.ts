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
