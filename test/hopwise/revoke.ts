/** What `hopwise revoke` says and does, on a real audit log and a store in the project. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { openAuditLog } from "@hopwise/audit";
import { generateSigner, memoryState } from "@hopwise/core";
import type { TokenRecord } from "@hopwise/core/audit";
import type { MemoryState } from "@hopwise/core/state";
import { sampleDecision } from "@hopwise/core/testing";
import { expect, it } from "vitest";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { TOKEN_TEXT } from "../support/token-text.ts";
import { type Answer, hopwise, hopwiseProcess } from "./hopwise.ts";

const ISSUER = "https://id.acme.example";
const ROOT = "r".repeat(43) as never;
const CHILD = "c".repeat(43) as never;
const KEY = "k".repeat(43) as never;
const NOW = Math.floor(Date.now() / 1000);

/** A project with an audit log of two calls, and a store of its own in the place of a driver's. */
async function project(): Promise<{ readonly folder: string; readonly state: MemoryState }> {
  const folder = temporaryFolder();
  const audit = await openAuditLog({ folder: join(folder, "audit"), signer: await generateSigner() });
  const token = { jti: "", key: KEY, issuedAt: NOW - 60, expiresAt: NOW + 3600, tools: [] };
  const tokens: readonly TokenRecord[] = [
    { ...token, hash: ROOT, agent: "planner" },
    { ...token, hash: CHILD, agent: "researcher" },
  ];
  const hops = [
    { kind: "user", id: "alice" },
    { kind: "agent", id: "agent:planner" },
    { kind: "agent", id: "agent:researcher" },
  ] as const;
  const time = new Date().toISOString();
  const chain = { id: ROOT, issuer: ISSUER };
  await audit.record(sampleDecision({ time, tokens: tokens.slice(0, 1), chain: { ...chain, hops: hops.slice(0, 2) } }));
  await audit.record(sampleDecision({ time, tokens, chain: { ...chain, hops } }));
  await audit.close();
  const state = memoryState();
  const place = join(folder, "node_modules/@hopwise/sqlite");
  mkdirSync(place, { recursive: true });
  writeFileSync(join(place, "package.json"), '{"name":"@hopwise/sqlite","type":"module","exports":"./index.js"}');
  const name = `hopwise-store-${folder}/state.db`;
  writeFileSync(
    join(place, "index.js"),
    'export const sqliteState = async ({ file }) => globalThis[Symbol.for("hopwise-store-" + file)];\n',
  );
  Object.assign(globalThis, { [Symbol.for(name)]: { ...state, close: () => {} } });
  return { folder, state };
}

function expectQuiet({ out, err }: Answer): void {
  expect(out + err).not.toMatch(TOKEN_TEXT);
}

export function testRevoke(): void {
  const STORE = ["--state", "sqlite:state.db"];

  it("shows what would end, as a process and without a store, and changes nothing", async () => {
    const { folder, state } = await project();
    const answer = await hopwiseProcess(["revoke", "--agent", "planner", "--audit", "audit"], { folder });
    expectQuiet(answer);
    expect(answer.code).toBe(0);
    expect(answer.out).toMatch(
      /^2 living chains stand on it, in 2 decisions on record:\n {3}alice → planner → researcher: chain r+, 1 call, last .*, until .*Z\n {3}alice → planner: /,
    );
    const json = await hopwise(["revoke", "--token", CHILD, "--audit", "audit", "--json"], { folder });
    expect(JSON.parse(json.out)).toMatchObject({
      revoked: false,
      target: { token: CHILD },
      radius: { chains: [{ id: ROOT, leaf: CHILD, agents: ["planner", "researcher"] }] },
    });
    expect(await state.revocations.list()).toEqual([]);
    const none = await hopwise(["revoke", "--agent", "nobody", "--audit", "audit"], { folder });
    expect([none.code, none.out]).toEqual([0, expect.stringContaining("nothing that lives")]);
  });

  it.each<[string, readonly string[], object]>([
    ["a chain", ["--chain", ROOT], { token: ROOT }],
    ["a token", ["--token", CHILD], { token: CHILD }],
    ["a key", ["--key", KEY], { key: KEY }],
    ["a key of an issuer", ["--key", KEY, "--issuer", ISSUER], { key: KEY, issuer: ISSUER }],
    ["an agent", ["--agent", "planner"], { agent: "planner" }],
    [
      "an agent, as records name it",
      ["--agent", "agent:planner", "--issuer", ISSUER],
      { agent: "planner", issuer: ISSUER },
    ],
    [
      "a user, by seconds",
      ["--user", "alice", "--issuer", ISSUER, "--before", `${NOW}`],
      { user: { issuer: ISSUER, subject: "alice" }, notBefore: NOW },
    ],
    [
      "a user, by a time",
      ["--user", "alice", "--issuer", ISSUER, "--before", "2026-01-31T10:00:00Z"],
      { user: { issuer: ISSUER, subject: "alice" }, notBefore: Date.parse("2026-01-31T10:00:00Z") / 1000 },
    ],
  ])("revokes %s, lists it, and lifts it", async (_, target, expected) => {
    const { folder, state } = await project();
    const how = ["--reason", "laptop stolen", "--by", "on-call", "--until", `${NOW + 3600}`];
    const revoked = await hopwise(["revoke", ...target, ...STORE, ...how, "--yes"], { folder });
    expect([revoked.code, revoked.out]).toEqual([0, expect.stringMatching(/^revoked: /)]);
    expect(await state.revocations.list()).toMatchObject([
      { target: expected, reason: "laptop stolen", by: { operator: "on-call" }, untilSeconds: NOW + 3600 },
    ]);
    const listed = await hopwise(["revoke", "--list", ...STORE], { folder });
    expect([listed.code, listed.out]).toEqual([0, expect.stringMatching(/; until .*Z; by on-call: laptop stolen\n$/)]);
    expect((await hopwise(["revoke", "--list", ...target, ...STORE], { folder })).out).toBe(listed.out);
    const lifted = await hopwise(["revoke", "--lift", ...target, ...STORE], { folder, answer: " Yes \n" });
    expect([lifted.code, lifted.out]).toEqual([0, expect.stringMatching(/^lifted: .* \(1 entry\)\n$/)]);
    const again = await hopwise(["revoke", "--lift", ...target, ...STORE, "--yes"], { folder });
    expect([again.code, again.out]).toEqual([1, ""]);
    expect(await hopwise(["revoke", "--list", ...STORE], { folder })).toMatchObject({ code: 1, out: "" });
  });

  it("revokes a user up to now, where no time is given", async () => {
    const { folder, state } = await project();
    await hopwise(["revoke", "--user", "alice", "--issuer", ISSUER, ...STORE, "--yes"], { folder });
    const [entry] = await state.revocations.list();
    const target = entry?.target;
    if (target === undefined || !("user" in target)) throw new Error("no user was revoked");
    expect(target.user.subject).toBe("alice");
    expect(target.notBefore).toBeGreaterThanOrEqual(NOW);
    expect(target.notBefore).toBeLessThanOrEqual(Date.now() / 1000 + 1);
  });

  it("asks a person, and changes nothing unless they say yes; where nobody sits, it wants --yes", async () => {
    const { folder, state } = await project();
    const revoke = ["revoke", "--agent", "planner", ...STORE, "--audit", "audit"];
    const asked = await hopwise(revoke, { folder, answer: "y" });
    expect([asked.code, asked.err]).toEqual([1, expect.stringContaining("Revoke agent planner? Type yes: ")]);
    const nobody = await hopwise(revoke, { folder, input: "yes\n" });
    expect([nobody.code, nobody.err]).toEqual([2, expect.stringContaining("say --yes")]);
    expect(await state.revocations.list()).toEqual([]);
    expect((await hopwise(revoke, { folder, answer: "yes" })).code).toBe(0);
    expect(await state.revocations.list()).toHaveLength(1);
  });

  it.each<[string, readonly string[], RegExp]>([
    ["nothing", [], /Say what: --chain/],
    ["no store", ["--agent", "planner"], /Name the store/],
    ["two targets", ["--agent", "planner", "--key", KEY, ...STORE], /one thing at a time/],
    ["a user of nobody", ["--user", "alice", ...STORE], /--user needs --issuer/],
    ["an issuer alone", ["--issuer", ISSUER, ...STORE], /name one/],
    ["a time for an agent", ["--agent", "planner", "--before", "1", ...STORE], /--before goes with --user/],
    ["an issuer for a token", ["--token", CHILD, "--issuer", ISSUER, ...STORE], /does not go with --token/],
    [
      "a time that is none",
      ["--user", "a", "--issuer", ISSUER, "--before", "yesterday", ...STORE],
      /--before is a time/,
    ],
    ["milliseconds", ["--user", "a", "--issuer", ISSUER, "--before", `${NOW}000`, ...STORE], /--before is a time/],
    ["an end that is past", ["--agent", "planner", "--until", "5", "--yes", ...STORE], /is past/],
    ["a token's text", ["--token", "eyJhbGciOiJFZDI1NTE5In0.e30.AAAA", ...STORE], /a token's hash/],
    ["a chain that is none", ["--chain", "c1", ...STORE], /a token's hash/],
    ["an agent with spaces", ["--agent", "the planner", ...STORE], /an agent's name/],
    ["--list and --lift", ["--list", "--lift", ...STORE], /not both/],
    ["another store", ["--agent", "planner", "--yes", "--state", "postgres://x:hunter2@h"], /sqlite:FILE or redis:/],
    [
      "a package that is not there",
      ["--agent", "planner", "--yes", "--state", "redis://x:hunter2@h"],
      /is not installed|cannot be reached/,
    ],
    ["a log that is not there", ["--agent", "planner", "--audit", "nowhere"], /cannot be read/],
  ])("refuses %s, and says what to do", async (_, args, message) => {
    const { folder, state } = await project();
    const answer = await hopwise(["revoke", ...args], { folder, answer: "yes" });
    expectQuiet(answer);
    expect([answer.code, answer.out, answer.err]).toEqual([2, "", expect.stringMatching(message)]);
    expect(answer.err).not.toContain("hunter2");
    expect(await state.revocations.list()).toEqual([]);
  });
}
