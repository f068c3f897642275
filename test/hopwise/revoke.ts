/** What `hopwise revoke` says and does, on a real audit log and a store in the project. */
import { generateKeyPairSync } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { openAuditLog } from "@hopwise/audit";
import { generateSigner, memoryState, signerFromJwk } from "@hopwise/core";
import type { TokenRecord } from "@hopwise/core/audit";
import type { MemoryState } from "@hopwise/core/state";
import { sampleDecision } from "@hopwise/core/testing";
import { thumbprintOf } from "@hopwise/core/tokens";
import { expect, it } from "vitest";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { TOKEN_TEXT } from "../support/token-text.ts";
import { type Answer, hopwise, hopwiseProcess } from "./hopwise.ts";

const ISSUER = "https://id.acme.example";
const ROOT = "r".repeat(43) as never;
const CHILD = "c".repeat(43) as never;
const KEY = "k".repeat(43) as never;
/** A coordinate without its last letter. */
const CUT = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHUR";
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
  });

  it.each<[string, readonly string[], string, string]>([
    ["an agent", ["--agent", "planer"], "agent planer: is it the name of the registry", "nearest: agent planner"],
    [
      "an agent of another issuer",
      ["--agent", "planner", "--issuer", "https://login.acme.example"],
      "agent planner in chains of https://login.acme.example",
      `nearest: agent planner in chains of ${ISSUER}`,
    ],
    [
      "a user of the login's issuer",
      ["--user", "alice", "--issuer", "https://login.acme.example"],
      "user alice of https://login.acme.example: is it the subject, and the issuer that signs chains",
      `nearest: user alice of ${ISSUER}`,
    ],
    ["a key in the place of a token", ["--token", KEY], `token ${KEY}`, `nearest: key ${KEY}`],
    ["a token in the place of a key", ["--key", CHILD], `key ${CHILD}`, `nearest: token ${CHILD}`],
    ["what nobody has", ["--agent", "nobody"], "agent nobody", ""],
  ])("says of %s that no record names it, and what may have been meant", async (_, target, asked, nearest) => {
    const { folder, state } = await project();
    const args = ["revoke", ...target, "--audit", "audit"];
    const dry = await hopwise(args, { folder });
    expectQuiet(dry);
    expect(dry.code).toBe(1);
    expect(dry.err).toContain(`no record names ${asked}`);
    expect(dry.err).toContain(nearest);
    expect(dry.out).toContain("no living chain is known to stand on it; one that made no call is on none");
    expect((await hopwise([...args, "--yes"], { folder })).code).toBe(0);
    // Whoever says yes may know of an agent that has not called yet.
    const sure = await hopwise([...args, ...STORE, "--yes"], { folder });
    expect([sure.code, sure.err]).toEqual([0, dry.err]);
    expect(await state.revocations.list()).toHaveLength(1);
  });

  it("refuses what will be issued for a user who left, by a time far ahead, and by default what was issued alone", async () => {
    const { folder, state } = await project();
    const user = { issuer: ISSUER, subject: "alice" };
    const isOut = async (issuedAt: number) =>
      (await state.revocations.find({ user, issuedAt, tokens: [], keys: [], agents: [] })) !== undefined;
    const revoke = ["revoke", "--user", "alice", "--issuer", ISSUER, ...STORE, "--yes"];
    expect((await hopwise(revoke, { folder })).code).toBe(0);
    expect([await isOut(NOW - 1), await isOut(NOW + 60)]).toEqual([true, false]);
    expect((await hopwise([...revoke, "--before", "2100-01-01T00:00Z"], { folder })).code).toBe(0);
    expect([await isOut(NOW - 1), await isOut(NOW + 60)]).toEqual([true, true]);
    expect((await hopwise([...revoke, "--lift"], { folder })).code).toBe(0);
    expect(await isOut(NOW - 1)).toBe(false);
  });

  it("says of chains that were refused as revoked that they may live where that was lifted", async () => {
    const { folder } = await project();
    const audit = await openAuditLog({ folder: join(folder, "audit"), signer: await generateSigner() });
    const token = { jti: "", key: KEY, issuedAt: NOW - 60, expiresAt: NOW + 3600, tools: [], agent: "planner" };
    const chain = {
      id: ROOT,
      issuer: ISSUER,
      hops: [
        { kind: "user", id: "alice" },
        { kind: "agent", id: "agent:planner" },
      ],
    };
    const refused = { outcome: "denied", code: "revoked", time: new Date().toISOString() } as const;
    await audit.record(sampleDecision({ ...refused, chain, tokens: [{ ...token, hash: ROOT }] } as never));
    await audit.close();
    const { out } = await hopwise(["revoke", "--agent", "planner", "--audit", "audit"], { folder });
    expect(out).toMatch(
      /^1 living chain .*\n.*researcher.*\none chain more stands on it and ended before: .* \(unless that was lifted since/,
    );
  });

  it("says that records cannot tell what an issuer's key signed, and how many chains each issuer has", async () => {
    const { folder } = await project();
    const answer = await hopwise(["revoke", "--key", "i".repeat(43), "--audit", "audit"], { folder });
    expect(answer.code).toBe(0);
    expect(answer.out).toBe(
      [
        "in 2 decisions on record no living chain is known to stand on it; one that made no call is on none",
        "records cannot tell what an issuer's key signed: if it is one, all that it signed ends. Living chains of each issuer:",
        `   ${ISSUER}: 2`,
        "",
      ].join("\n"),
    );
    const held = await hopwise(["revoke", "--key", KEY, "--audit", "audit"], { folder });
    expect(held.out).not.toContain("issuer's key");
  });

  it("says that nothing can tell whether there is such a target where there is no audit log", async () => {
    const { folder } = await project();
    for (const [kind, ...target] of [
      ["agent", "--agent", "planner"],
      ["key", "--key", KEY],
      ["token", "--chain", ROOT],
      ["user", "--user", "alice", "--issuer", ISSUER],
    ]) {
      const { code, err } = await hopwise(["revoke", ...target, ...STORE, "--yes"], { folder });
      expect([code, err]).toEqual([0, expect.stringContaining(`nor whether there is this ${kind}`)]);
    }
  });

  it("takes a key by the file of its JWK, public or private, and shows nothing of it", async () => {
    const { folder, state } = await project();
    const jwk = generateKeyPairSync("ed25519").privateKey.export({ format: "jwk" }) as { readonly d: string };
    const { publicJwk } = await signerFromJwk(jwk as Parameters<typeof signerFromJwk>[0]);
    const key = await thumbprintOf(publicJwk);
    writeFileSync(join(folder, "private.json"), JSON.stringify(jwk));
    writeFileSync(join(folder, "public.json"), JSON.stringify({ keys: [publicJwk] }));
    writeFileSync(join(folder, "two.json"), JSON.stringify([publicJwk, publicJwk]));
    for (const file of ["private.json", "public.json"]) {
      const answer = await hopwise(["revoke", "--key", file, ...STORE, "--yes"], { folder });
      expect([answer.code, answer.out]).toEqual([0, `revoked: key ${key}\n`]);
      expect(answer.err.includes("holds a private key")).toBe(file === "private.json");
      expect(answer.err + answer.out).not.toContain(jwk.d);
    }
    const entries = await state.revocations.list({ key: key as never });
    expect(entries.map(({ target }) => target)).toEqual([{ key }, { key }]);
    const two = await hopwise(["revoke", "--key", "two.json", ...STORE, "--yes"], { folder });
    expect([two.code, two.err]).toEqual([2, expect.stringContaining("two.json holds 2")]);
    expect((await hopwise(["revoke", "--key", "none.json", ...STORE], { folder })).err).toContain("no such file");
  });

  it.each<[string, string, object]>([
    ["that was cut off", "a coordinate is not 32 bytes", { kty: "OKP", crv: "Ed25519", x: CUT }],
    ["of another kind", "only Ed25519 and P-256 keys are known", { kty: "RSA", n: CUT, e: "AQAB" }],
    ["with half a point", "a P-256 key has exactly crv, kty, x and y", { kty: "EC", crv: "P-256", x: `${CUT}o` }],
    [
      "beside its curve",
      "a P-256 key is not a point on its curve",
      { kty: "EC", crv: "P-256", x: `${CUT}o`, y: `${CUT}o` },
    ],
    ["without a kind", "it says no kty", {}],
  ])("revokes no key %s, and names its file: the real one would live on", async (_, why, jwk) => {
    const { folder, state } = await project();
    writeFileSync(join(folder, "key.json"), JSON.stringify(jwk));
    const { code, out, err } = await hopwise(["revoke", "--key", "key.json", ...STORE, "--yes"], { folder });
    expect([code, out, await state.revocations.list()]).toEqual([2, "", []]);
    expect(err).toContain(`key.json holds a key that cannot be used: ${why}`);
    expect(err).not.toContain(CUT);
    const verify = await hopwise(["audit", "verify", "audit", "--key", "key.json"], { folder });
    expect([verify.code, verify.err]).toEqual([2, err]);
  });

  it("looks into the logs of several instances", async () => {
    const [{ folder }, other] = [await project(), await project()];
    const both = ["--audit", "audit", "--audit", join(other.folder, "audit")];
    const answer = await hopwise(["revoke", "--agent", "planner", ...both], { folder });
    expect(answer.out).toMatch(/^2 living chains stand on it, in 4 decisions on record:/);
    expect(answer.out).toContain("2 calls");
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
    const none = await hopwise(["revoke", "--list", ...STORE], { folder });
    expect(none).toEqual({ code: 1, out: "", err: "nothing revokes anything in this store\n" });
    const noneOfIt = await hopwise(["revoke", "--list", ...target, ...STORE], { folder });
    expect([noneOfIt.code, noneOfIt.err]).toEqual([1, expect.stringMatching(/^nothing revokes /)]);
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
    ["another store", ["--agent", "planner", "--yes", "--state", "postgres://x:hunter2@h"], /sqlite:FILE, redis:/],
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
