/** What is written in the log where something is revoked or lifted, and what is told of it. */
import { beforeEach, describe, expect, it } from "vitest";
import type { Thumbprint, TokenHash } from "../token/index.ts";
import { errorOf, ISSUER, NOW } from "../world.fixture.ts";
import { followLog } from "./follow-log.ts";
import { memoryLog } from "./memory-log.ts";
import type { RevocationQuery, RevocationTarget } from "./revocation.ts";
import type { RevocationLog } from "./revocation-log.ts";
import { logUnder, type Revocations, revocationsOn } from "./shared-revocations.ts";

/** What a token, or all of a user, may stand on lives no longer. */
const LONGEST = 366 * 86_400;
const HASH = "t".repeat(43);
const PLANNER: RevocationTarget = { agent: "planner" };
const TOKEN: RevocationTarget = { token: HASH as TokenHash };
const ALICE = { issuer: ISSUER, subject: "alice" };
const QUERY: RevocationQuery = { tokens: [], keys: [], agents: ["planner"], user: ALICE, issuedAt: NOW };

let now: number;
const clock = (): number => now * 1000;
let log: RevocationLog;
let revocations: Revocations;
beforeEach(() => {
  now = NOW;
  log = memoryLog(clock);
  revocations = on(log);
});

const on = (its: RevocationLog): Revocations => revocationsOn(followLog(its, { clock, repairSeconds: 0 }), clock);
const written = async (): Promise<readonly object[]> =>
  (await log.read(undefined)).entries.map(({ text, ...kept }) => ({ ...kept, ...JSON.parse(text) }));
const ID = expect.stringMatching(/^[\da-f-]{36}$/);

describe("what is revoked", () => {
  it("is written with an id of its own, the moment, who said so and why; the operator where nobody was named", async () => {
    await revocations.revoke(PLANNER);
    now += 0.5;
    await revocations.revoke(PLANNER, { by: { operator: "on-call" }, reason: "laptop stolen", untilSeconds: NOW + 9 });
    const entries = await written();
    expect(entries).toStrictEqual([
      { version: 1, id: ID, atSeconds: NOW, target: PLANNER, by: { operator: "operator" } },
      {
        version: 1,
        id: ID,
        atSeconds: NOW + 0.5,
        target: PLANNER,
        by: { operator: "on-call" },
        reason: "laptop stolen",
        untilSeconds: NOW + 9,
      },
    ]);
    expect(new Set(entries.map((entry) => (entry as { readonly id: string }).id)).size).toBe(2);
  });

  it.each<[string, RevocationTarget, number | undefined]>([
    ["of a token, as long as one may live", TOKEN, NOW + LONGEST],
    ["of a user, as long as a chain from before may live", { user: ALICE, notBefore: NOW - 60 }, NOW + LONGEST],
    ["of a user to come, from then on", { user: ALICE, notBefore: NOW + 60 }, NOW + 60 + LONGEST],
    ["of a key, for ever", { key: HASH as Thumbprint }, undefined],
    ["of an agent, for ever", PLANNER, undefined],
  ])("is kept, %s, where nothing was said; else until then, which may be said as a number", async (_, target, end) => {
    now = NOW + 0.25;
    await revocations.revoke(target);
    await revocations.revoke(target, {});
    await revocations.revoke(target, { untilSeconds: NOW + 7 });
    await revocations.revoke(target, NOW + 8);
    expect((await log.read(undefined)).entries.map(({ untilSeconds }) => untilSeconds)).toEqual([
      end,
      end,
      NOW + 7,
      NOW + 8,
    ]);
  });

  it.each<[unknown, string, string]>([
    [{ until: NOW + 60 }, "/until", "revoke: until is not an option"],
    [new Date(0), "/untilSeconds", "revoke: untilSeconds must be"],
    ["tomorrow", "/how", "revoke: how must be how it is revoked, such as { untilSeconds }; got a text"],
    [null, "/how", "revoke: how must be how it is revoked"],
    [{ by: "on-call" }, "/by", "revoke: by must be { operator }"],
    [{ by: { agent: "planner", hop: 1 } }, "/by/agent", "revoke: by.agent is not an option; it knows operator"],
    [{ by: { operator: "" } }, "/by/operator", "revoke: by.operator must be who revokes, such as on-call"],
    [{ reason: 7 }, "/reason", "revoke: reason must be why, such as laptop stolen"],
  ])("is not revoked by %j: what is wrong is said, and nothing is written", async (how, pointer, words) => {
    const error = await errorOf(async () => revocations.revoke(PLANNER, how as never));
    expect(error).toMatchObject({ code: "config_invalid", pointer });
    expect(error.message).toContain(words);
    expect(await written()).toEqual([]);
  });

  it("is in force on the next call until its end, and listed by its target, oldest first", async () => {
    await revocations.revoke(PLANNER, NOW + 60);
    await revocations.revoke(TOKEN);
    await revocations.revoke(PLANNER);
    expect(await revocations.list()).toMatchObject([{ target: PLANNER }, { target: PLANNER }, { target: TOKEN }]);
    now = NOW + 60;
    expect(await revocations.list({ agent: "agent:planner" })).toMatchObject([{ target: PLANNER }]);
    expect(await revocations.find(QUERY)).toEqual(PLANNER);
    expect(await revocations.find({ ...QUERY, agents: [] })).toBeUndefined();
  });

  it("cannot be found by what is no query: what is asked then is the asker's fault", async () => {
    await revocations.revoke(TOKEN);
    for (const query of [undefined, "planner", {}, { ...QUERY, tokens: undefined }]) {
      expect(await errorOf(async () => revocations.find(query as never))).toMatchObject({
        code: "config_invalid",
        pointer: "/query",
        message: expect.stringMatching(/^find: query (must be|is missing; give) the query of an authorizer/),
      });
    }
  });
});

describe("what is lifted", () => {
  it("is every entry of this target and no other, by one entry that names them, as long as the last of them", async () => {
    await revocations.revoke(PLANNER, NOW + 60);
    await revocations.revoke(TOKEN);
    await revocations.revoke(PLANNER, NOW + 90);
    const ids = (await revocations.list(PLANNER)).map(({ id }) => id);
    now = NOW + 1;
    expect(await revocations.lift(PLANNER, { by: { operator: "on-call" }, reason: "found again" })).toBe(2);
    expect((await written()).at(-1)).toStrictEqual({
      version: 1,
      id: ID,
      atSeconds: NOW + 1,
      target: PLANNER,
      lifts: ids,
      by: { operator: "on-call" },
      reason: "found again",
      untilSeconds: NOW + 90,
    });
    expect(await revocations.list()).toMatchObject([{ target: TOKEN }]);
  });

  it("is so for ever where one of them has no end, by the operator where nobody was named", async () => {
    await revocations.revoke(PLANNER, NOW + 60);
    await revocations.revoke(PLANNER);
    expect(await revocations.lift({ agent: "agent:planner" })).toBe(2);
    const entry = (await written()).at(-1);
    expect(entry).toMatchObject({ target: PLANNER, by: { operator: "operator" } });
    expect(entry).not.toHaveProperty("untilSeconds");
    expect(entry).not.toHaveProperty("reason");
  });

  it("is nothing where nothing is revoked, or has ended: then nothing is written", async () => {
    expect(await revocations.lift(PLANNER)).toBe(0);
    await revocations.revoke(PLANNER, NOW + 60);
    now = NOW + 60;
    expect(await revocations.lift(PLANNER)).toBe(0);
    expect(await written()).toHaveLength(1);
  });

  it.each<[unknown, string, string]>([
    [{ untilSeconds: NOW + 60 }, "/untilSeconds", "lift: untilSeconds is not an option"],
    [{ by: {} }, "/by/operator", "lift: by.operator is missing"],
    [{ reason: "" }, "/reason", "lift: reason must be why, such as found again"],
  ])("is not lifted by %j", async (how, pointer, words) => {
    const error = await errorOf(async () => revocations.lift(PLANNER, how as never));
    expect(error).toMatchObject({ code: "config_invalid", pointer });
    expect(error.message).toContain(words);
  });
});

it.each(["revoke", "lift", "list"] as const)("a target that is none is told by %s in its own name", async (ask) => {
  expect(await errorOf(async () => revocations[ask]({ agent: 7 } as never))).toMatchObject({
    code: "config_invalid",
    message: expect.stringMatching(new RegExp(`^${ask}: agent`)),
  });
});

describe("who listens", () => {
  it("is told of what is revoked and lifted, until it ends that", async () => {
    let told = 0;
    const end = revocations.onChange(() => void told++);
    await revocations.revoke(PLANNER);
    await revocations.lift(PLANNER);
    expect(told).toBe(2);
    end();
    await revocations.revoke(PLANNER);
    expect(told).toBe(2);
  });

  it("must be a function", async () => {
    expect(await errorOf(() => revocations.onChange("told" as never))).toMatchObject({
      code: "config_invalid",
      message: expect.stringContaining("onChange: listener must be a function that is told of changes"),
    });
  });
});

describe("a store of revocations", () => {
  it("is well where its log can be read, and says why not", async () => {
    expect(await revocations.health?.()).toEqual({ ok: true });
    const down = (error: Error) => on({ ...log, head: () => Promise.reject(error) });
    expect(await down(Object.assign(new Error("hunter2"), { code: "ECONNREFUSED" })).health?.()).toEqual({
      ok: false,
      problem: "the store of revocations failed (ECONNREFUSED)",
    });
    now = Number.NaN;
    expect(await revocations.health?.()).toEqual({ ok: false, problem: expect.stringContaining("clock") });
  });

  it("is known by the log under it, and nothing else is", () => {
    expect(logUnder(revocations)?.newest).toBeDefined();
    for (const other of [{ ...revocations }, undefined, null, "log"]) expect(logUnder(other)).toBeUndefined();
  });
});
