/** Times since the epoch, of which no type says whether they are in seconds: each refuses one in milliseconds, and says so. */
import { type BlastOptions, blastRadius } from "@hopwise/audit";
import { createIssuer, generateSigner, memoryState } from "@hopwise/core";
import * as stores from "@hopwise/core/state";
import { createCompany } from "@hopwise/core/testing";
import * as tokens from "@hopwise/core/tokens";
import { describe, expect, it } from "vitest";

const company = await createCompany();
const { clock } = company;
const held = await company.chain("alice", "planner");
const signer = await generateSigner();
const NOW = Math.floor(clock() / 1000);
const HASH = held.id;
const AUDIENCE = "https://revocations.example";
const USER = { issuer: company.issuer.trustAnchor.issuer, subject: "alice" };

/** What a member of a type that is such a time is called; all others are lengths of time. */
type TimeName =
  | "from"
  | "until"
  | "authTime"
  | "notBefore"
  | "nowSeconds"
  | "rememberedSince"
  | "untilSeconds"
  | "issuedAt"
  | "madeAtSeconds";
/** A row for each such member: a new one without a row does not compile. */
type TimesOf<T> = { readonly [Name in keyof T as Name & TimeName]-?: (time: number) => unknown };

const order = { subject: "alice", agent: "planner", holder: signer, grant: held.grant };
const BUDGET = { id: "2026-11", from: NOW - 60, until: NOW + 3600, calls: 1 };
const budgeted = (changed: object) => company.issuer.issue({ ...order, budget: { ...BUDGET, ...changed } });
const LOGIN = { kind: "local", issuer: "https://login.example", subject: "alice" } as const;

const budget: TimesOf<tokens.Budget> = {
  from: (from) => budgeted({ from }),
  until: (until) => budgeted({ until }),
};
const login: TimesOf<NonNullable<Parameters<typeof company.issuer.issue>[0]["login"]>> = {
  authTime: (authTime) => company.issuer.issue({ ...order, login: { ...LOGIN, authTime } }),
};
const revoked: TimesOf<Extract<tokens.RevocationOf, { readonly user: string }>> = {
  notBefore: (notBefore) => {
    const as = { issuer: USER.issuer, kid: "k1" };
    return tokens.signRevocation({ signer, as, of: { user: "alice", notBefore }, audience: AUDIENCE, clock });
  },
};
const request: TimesOf<tokens.ApprovalRequest> = {
  untilSeconds: (untilSeconds) =>
    tokens.hashOfRequest({
      audience: company.audience,
      tool: "pay",
      argumentsHash: { received: HASH, parsed: HASH },
      resource: { kind: "payment", id: "1", attributes: {} },
      user: USER,
      agents: [],
      reason: "large",
      approvers: 1,
      untilSeconds,
    }),
};
const target: TimesOf<Extract<stores.RevocationTarget, { readonly user: unknown }>> = {
  notBefore: (notBefore) => memoryState().revocations.revoke({ user: USER, notBefore }),
};
const how: TimesOf<stores.RevocationHow> = {
  untilSeconds: (untilSeconds) => memoryState().revocations.revoke({ agent: "planner" }, { untilSeconds }),
};
const radius: TimesOf<BlastOptions> = {
  nowSeconds: (nowSeconds) => blastRadius({ agent: "planner" }, [], { nowSeconds }),
};
const verified = (changed: object) =>
  tokens.verifyRevocation({ revocation: "x" }, { trust: [], audience: AUDIENCE, nowSeconds: NOW, ...changed });
const reading: TimesOf<tokens.RevocationReading> = {
  nowSeconds: (nowSeconds) => verified({ nowSeconds }),
  rememberedSince: (rememberedSince) => verified({ rememberedSince }),
};
const { replay, spending } = memoryState({ since: 0 });
const claim: TimesOf<stores.ClaimAbout> = {
  nowSeconds: (nowSeconds) => replay.claim("k", NOW + 60, { nowSeconds }),
  madeAtSeconds: (madeAtSeconds) => replay.claim("k", NOW + 60, { madeAtSeconds }),
};
const CHARGE = { account: "a", counter: "c", amount: 1, most: 1, untilSeconds: NOW + 3600 };
const reserving = (changed: object, charge: object = {}) =>
  spending?.reserve({
    id: "1",
    owner: "u",
    nowSeconds: Date.now() / 1000,
    charges: [{ ...CHARGE, ...charge }],
    ...changed,
  });
const reservation: TimesOf<stores.Reservation> = { nowSeconds: (nowSeconds) => reserving({ nowSeconds }) };
const charge: TimesOf<stores.Charge> = { untilSeconds: (untilSeconds) => reserving({}, { untilSeconds }) };

/** What takes a time as an argument of its own. */
const plain: { readonly [called: string]: (time: number) => unknown } = {
  inspectDelegation: (now) => tokens.inspectDelegation(held, now),
  printChain: async (now) => tokens.printChain(await tokens.inspectDelegation(held, NOW), now),
  "nonces.issue": (now) => stores.createNonces().issue(now),
  "nonces.timesOf": (now) => stores.createNonces().timesOf("n", now),
  createForgetting: (now) => stores.createForgetting()(now),
  mayBeForgotten: (now) => stores.mayBeForgotten({ untilSeconds: NOW }, { untilSeconds: 0, madeAtSeconds: 0 }, now),
  "replay.claim": (until) => replay.claim("k", until),
  "readRevocation, its end": (until) => stores.readRevocation({ agent: "planner" }, until, NOW),
  readRevocation: (now) => stores.readRevocation({ agent: "planner" }, undefined, now),
};

const rows = { budget, login, revoked, request, target, how, radius, reading, claim, reservation, charge, plain };

describe.each(Object.entries(rows))("a time of %s", (_, times) => {
  it.each(Object.entries(times))("%s in milliseconds is refused, with the words that say why", async (name, ask) => {
    const refusal = await Promise.resolve()
      .then(() => (ask as (time: number) => unknown)(Date.now()))
      .then(
        () => "taken",
        ({ code, message }) => `${code}: ${message}`,
      );
    expect(refusal).toMatch(/^config_invalid: .*seconds since the epoch, not milliseconds/);
    if (times !== plain) expect(refusal).toContain(name);
  });
});

describe("a clock, and a beginning, in milliseconds", () => {
  const inSeconds = (): number => Math.floor(Date.now() / 1000);

  it("is not believed where it gives seconds: no chain would ever be over", async () => {
    const call = { tool: "read_invoice", arguments: { id: "1" } };
    const credential = await tokens.prove(held, { ...call, audience: company.audience, clock });
    const decision = await company.authorizer({ clock: inSeconds }).authorize({ ...call, credential });
    expect(decision).toMatchObject({ outcome: "denied", code: "state_unavailable" });
    const options = {
      issuer: "https://id.example",
      signer,
      audiences: [AUDIENCE],
      subjects: "any",
      tools: "any",
    } as const;
    const issuer = await createIssuer({ ...options, clock: inSeconds });
    await expect(issuer.issue(order)).rejects.toThrow(/^issue: the clock .* milliseconds, not seconds/);
  });

  it("may be the epoch itself, and no day of ours in seconds", () => {
    expect(() => memoryState({ since: 0 })).not.toThrow();
    expect(() => memoryState({ since: Date.now() })).not.toThrow();
    expect(() => memoryState({ since: inSeconds() })).toThrow(/since must be milliseconds \(not seconds\)/);
  });
});
