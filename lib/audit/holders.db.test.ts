import { execFileSync } from "node:child_process";
import { generateKeyPairSync } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { systemActor } from "../auth/actor";
import { pool } from "../db/client";
import { weakTriggers } from "../db/roles";
import { transaction } from "../db/transaction";
import { testDatabase } from "../testing/database";
import { appendAudit } from "./append";
import { parseCheckpoint, signCheckpoint } from "./checkpoint";
import { logKey, logPublicKeys, parseKeys, replaceKey } from "./key";
import { trustOf, verifyDatabase } from "./live";
import { appendOutside, outsideFile, parseOutside } from "./outside";
import { checkpointNow, deliverCheckpoints, deliveries } from "./publish";
import { rotateKey } from "./rotate";

const database = await testDatabase();
const folder = mkdtempSync(path.join(tmpdir(), "countersign-holders-"));
const remote = path.join(folder, "remote.git");
/** Somebody else's server: keeps what it is sent, and gives it back. */
const holder = { text: "", asked: [] as string[], status: 200 };
const server = createServer((request, response) => {
  holder.asked.push(`${request.method} ${request.headers.authorization ?? "-"}`);
  let body = "";
  request.on("data", (chunk) => {
    body += chunk;
  });
  request.on("end", () => {
    if (holder.status === 200 && request.method === "POST") holder.text += body;
    response
      .writeHead(holder.status, { "content-type": "text/plain" })
      .end(request.method === "GET" ? holder.text : "");
  });
});
let address: string;

beforeAll(async () => {
  process.env.COUNTERSIGN_DATA = folder;
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  address = `http://me:s%20cret@127.0.0.1:${(server.address() as AddressInfo).port}/log`;
  execFileSync("git", ["init", "--quiet", "--bare", remote]);
  process.env.COUNTERSIGN_HOLDERS = `${address} git+file://${remote}`;
});
beforeEach(() => {
  holder.status = 200;
});
afterAll(() => {
  delete process.env.COUNTERSIGN_HOLDERS;
  server.close();
  rmSync(folder, { recursive: true });
});

const append = () =>
  transaction((tx) =>
    appendAudit(tx, systemActor(1), { action: "review.given", subject: { kind: "release", id: "1" } }),
  );
const inGit = () => execFileSync("git", ["-C", remote, "show", "main:checkpoints.txt"]).toString();
const sizes = (text: string) => parseOutside(text).notes.map(({ note }) => parseCheckpoint(note).size);
const verify = async () => verifyDatabase(database.url, await trustOf(folder));
/** As after a restart: nothing is remembered of what was found consistent. */
const elsewhere = () => ({ folder, database: { query: pool().query.bind(pool()) } as never });

describe("outside holders", () => {
  it("get every checkpoint, over HTTP and by git, and the page says how far each has got", async () => {
    for (let n = 0; n < 3; n++) {
      await append();
      await checkpointNow("sign_off");
    }
    await deliverCheckpoints();
    expect(sizes(holder.text)).toEqual([1, 2, 3]);
    expect(sizes(inGit())).toEqual([1, 2, 3]);
    expect(holder.asked).toContain(`POST Basic ${Buffer.from("me:s cret").toString("base64")}`);
    const held = await deliveries(pool(), folder);
    expect(held.map(({ size, problem }) => ({ size, problem }))).toEqual([
      { size: 3, problem: null },
      { size: 3, problem: null },
    ]);
    expect(held.map(({ holder }) => holder).join(" ")).not.toMatch(/cret/);
    await deliverCheckpoints();
    expect(sizes(holder.text)).toEqual([1, 2, 3]);
  });

  it("that fail are named, hold nothing up, and are caught up with", async () => {
    holder.status = 503;
    await append();
    expect(await checkpointNow("sign_off")).toMatchObject({ state: "signed", size: 4 });
    await deliverCheckpoints();
    expect((await deliveries(pool(), folder)).map(({ size, problem }) => [size, problem])).toEqual([
      [3, "it answers 503"],
      [4, null],
    ]);
    expect((await verify()).notes.join(" ")).toContain("could not be asked");
    holder.status = 200;
    await deliverCheckpoints();
    expect(sizes(holder.text)).toEqual([1, 2, 3, 4]);
  });

  it("tell of a log that was rewritten together with the file here", async () => {
    const file = path.join(folder, "checkpoints.txt");
    const kept = readFileSync(file);
    writeFileSync(file, "");
    expect(await verify()).toMatchObject({ ok: true, checkpoints: { outside: 4 } });
    await database.asOwner(
      `ALTER TABLE audit_entry DISABLE TRIGGER ALL; ALTER TABLE audit_checkpoint DISABLE TRIGGER ALL;
       CREATE TABLE before AS SELECT * FROM audit_checkpoint; DELETE FROM audit_checkpoint;
       UPDATE audit_entry SET leaf = convert_to(replace(convert_from(leaf, 'UTF8'), 'review.given', 'review.taken'), 'UTF8'), action = 'review.taken' WHERE "index" = 2;
       UPDATE audit_entry SET leaf_hash = sha256('\\x00'::bytea || leaf) WHERE "index" = 2`,
    );
    expect((await verify()).problems.map(({ from, to }) => [from, to])).toContainEqual([2, 2]);
    expect(await checkpointNow("timer", elsewhere())).toMatchObject({ state: "refused" });
    await database.asOwner(
      `UPDATE audit_entry SET leaf = convert_to(replace(convert_from(leaf, 'UTF8'), 'review.taken', 'review.given'), 'UTF8'), action = 'review.given' WHERE "index" = 2;
       UPDATE audit_entry SET leaf_hash = sha256('\\x00'::bytea || leaf) WHERE "index" = 2;
       INSERT INTO audit_checkpoint SELECT * FROM before; DROP TABLE before;
       ALTER TABLE audit_entry ENABLE ALWAYS TRIGGER refuse_row_change; ALTER TABLE audit_entry ENABLE ALWAYS TRIGGER refuse_truncate;
       ALTER TABLE audit_checkpoint ENABLE ALWAYS TRIGGER refuse_row_change; ALTER TABLE audit_checkpoint ENABLE ALWAYS TRIGGER refuse_truncate`,
    );
    writeFileSync(file, kept);
    expect((await verify()).ok).toBe(true);
  });
});

describe("the key of the log", () => {
  it("changes: the old one signs for the new one, and both stay known", async () => {
    const before = logKey(folder).publicKey;
    const { size } = await rotateKey({ folder });
    const after = logKey(folder).publicKey;
    expect(after.equals(before)).toBe(false);
    expect(logPublicKeys(folder).map(({ until }) => until)).toEqual([null, size]);
    await append();
    expect(await checkpointNow("timer")).toMatchObject({ state: "signed", size: size + 1 });
    expect(await verify()).toMatchObject({ ok: true, problems: [] });
    // Who only trusts the old key follows to the new one.
    const old = { ...(await trustOf(folder)), publicKeys: [{ key: before, until: null }] };
    const followed = await verifyDatabase(database.url, old);
    expect(followed).toMatchObject({ ok: true, problems: [] });
    expect(followed.notes).toContain("The key changed once; each was signed for by the one before.");
    const [entry] = await database.asOwner<{ leaf: Buffer }>(
      "SELECT leaf FROM audit_entry WHERE action = 'log.key_rotated'",
    );
    expect(parseKeys(JSON.parse(entry!.leaf.toString()).details.publicKey)[0]!.key.equals(after)).toBe(true);
  });

  it("that was retired signs nothing that comes later, and a stranger's key is not followed", async () => {
    const keys = logPublicKeys(folder);
    const stranger = await verifyDatabase(database.url, {
      ...(await trustOf(folder)),
      publicKeys: keys.slice(1).map((entry) => ({ ...entry, until: 1 })),
    });
    expect(stranger.problems.some(({ what }) => what.includes("not signed by the key"))).toBe(true);
  });

  it("that was retired keeps a shorter log from being signed", async () => {
    const other = mkdtempSync(path.join(tmpdir(), "countersign-older-"));
    const old = generateKeyPairSync("ed25519");
    const { size, origin } = await verify();
    replaceKey(other, old.publicKey, size, generateKeyPairSync("ed25519").privateKey);
    appendOutside(outsideFile(other), {
      ...{ note: signCheckpoint({ origin: origin!, size: size + 1, root: Buffer.alloc(32) }, old.privateKey) },
      ...{ at: "2026-01-01T00:00:00.000000Z", cause: "timer", database: "1/other" },
    });
    expect(await checkpointNow("timer", { folder: other })).toEqual({
      state: "refused",
      reason: `a checkpoint covers ${size + 1} entries, but there are only ${size}`,
    });
    rmSync(other, { recursive: true });
  });

  it("changes again, and the chain is followed from the first", async () => {
    const first = logPublicKeys(folder).at(-1)!.key;
    await rotateKey({ folder });
    await append();
    await checkpointNow("timer");
    expect(logPublicKeys(folder)).toHaveLength(3);
    expect(await verify()).toMatchObject({ ok: true, problems: [] });
    const trust = { ...(await trustOf(folder)), publicKeys: [{ key: first, until: null }] };
    expect(await verifyDatabase(database.url, trust)).toMatchObject({ ok: true, problems: [] });
  });

  it("is not taken from two places", async () => {
    await expect(rotateKey({ folder, oldKey: logKey(folder).privateKey })).rejects.toMatchObject({ code: "invalid" });
  });
});

it("tells which triggers are off, or off for replication", async () => {
  expect(await weakTriggers(pool())).toEqual([]);
  await database.asOwner(
    "ALTER TABLE sign_off DISABLE TRIGGER refuse_truncate; ALTER TABLE review ENABLE TRIGGER refuse_row_change; DROP TRIGGER refuse_head_jump ON audit_head",
  );
  expect((await weakTriggers(pool())).sort()).toEqual([
    "audit_head has no trigger refuse_head_jump",
    "the trigger refuse_row_change of review is not always on",
    "the trigger refuse_truncate of sign_off is off",
  ]);
});
