import { PassThrough } from "node:stream";
import {
  type AuthorizerOptions,
  createAuthorizer,
  jsonLinesAudit,
  memoryAudit,
  memoryState,
  remoteJwks,
  serialize,
} from "@hopwise/core";
import { auditTo, onDenial } from "@hopwise/core/audit";
import { createNonces, memoryDriver, openedState, revocationsOverHttp, type State } from "@hopwise/core/state";
import { answeringPdp, createCompany } from "@hopwise/core/testing";
import { serializeCompact } from "@hopwise/core/tokens";
import { expect, it } from "vitest";
import { TOKEN_TEXT } from "../support/token-text.ts";
import { companyOptions } from "./company-options.ts";

/** A part of an enforcement point that is broken so that every call is denied, and where health says so. */
interface Row {
  readonly broken: () => Partial<AuthorizerOptions> | Promise<Partial<AuthorizerOptions>>;
  readonly part: Exclude<keyof Awaited<ReturnType<ReturnType<typeof createAuthorizer>["health"]>>, "ok" | "problem">;
  readonly says: RegExp;
  /** The code of each call meanwhile. */
  readonly code: string;
}

const company = await createCompany({ agents: { planner: {} } });
const held = await company.chain("alice", "planner");
const { trustAnchor } = company.issuer;
const CALL = { tool: "send_payment", arguments: { to: "ACME", amount: 9 } };
const refused = Object.assign(new Error("hunter2"), { code: "ECONNREFUSED" });
const down = async (): Promise<never> => {
  throw new TypeError("fetch failed", { cause: refused });
};
const failing = (): never => {
  throw refused;
};
const notWell = (what: string) => ({ health: () => ({ ok: false, problem: `${what} is down` }) });
const REFUSED = /ECONNREFUSED/;

/** A log of revocations that was made anew a moment ago: the store is well, and closed. */
async function madeAnew(): Promise<State> {
  let log = memoryDriver({ since: 0 }).revocations;
  let ageSeconds = 3600;
  const state = await openedState(
    {
      ...memoryDriver({ since: 0 }),
      revocations: {
        head: () => log.head(),
        append: (entry) => log.append(entry),
        read: async (after) => ({ ...(await log.read(after)), ageSeconds }),
      },
    },
    { repairSeconds: 600 },
  );
  log = memoryDriver({ since: 0 }).revocations;
  ageSeconds = 0;
  return state;
}

const feed = () =>
  revocationsOverHttp({
    url: "https://pay.example/revocations",
    keys: [company.keys.planner.publicJwk],
    audience: "https://pay.example",
    fetch: down,
    maxStalenessSeconds: 5,
  });

function closed(): Partial<AuthorizerOptions> {
  const state = memoryState({ since: 0 });
  void state.close();
  return { state };
}

/** The options of an authorizer. A new one needs a row, or a word why it cannot deny every call. */
const PARTS: { readonly [Name in keyof Required<AuthorizerOptions>]: readonly Row[] | `is ${string}` } = {
  cerbos: [
    {
      broken: () => ({ cerbos: answeringPdp(refused) }),
      part: "policies",
      says: REFUSED,
      code: "policy_unavailable",
    },
    {
      broken: () => ({ cerbos: { ...answeringPdp(), checkResources: async () => ({}) as never } }),
      part: "policies",
      says: /the policy decision point failed/,
      code: "policy_unavailable",
    },
  ],
  audience: "is data",
  trust: [
    {
      broken: () => ({
        trust: [{ ...trustAnchor, keys: remoteJwks("https://id.acme.example/jwks?key=hunter2", { fetch: down }) }],
      }),
      part: "keys",
      says: /https:\/\/id\.acme\.example\/jwks: no answer: connection refused \(ECONNREFUSED\); it is asked again in \d+ s/,
      code: "issuer_keys_unavailable",
    },
    {
      broken: () => ({ trust: [{ ...trustAnchor, keys: { find: failing, health: failing } }] }),
      part: "keys",
      says: REFUSED,
      code: "issuer_keys_unavailable",
    },
  ],
  users: [
    {
      broken: () => ({ users: { find: failing, ...notWell("the directory") } }),
      part: "sources",
      says: /the directory is down/,
      code: "context_unavailable",
    },
  ],
  agents: [
    {
      broken: () => ({ agents: { find: failing, ...notWell("the registry") } }),
      part: "sources",
      says: /the registry is down/,
      code: "registry_unavailable",
    },
  ],
  sources: [
    {
      broken: () => ({ sources: { user: { risk: { find: failing, ...notWell("risk") } } } }),
      part: "sources",
      says: /risk is down/,
      code: "context_unavailable",
    },
  ],
  tools: "is asked about one tool, and denies that one alone",
  auxData: "is asked about a call, with the call",
  delegation: "is data",
  audit: [
    {
      broken: () => ({ audit: { record: failing, health: failing } }),
      part: "audit",
      says: REFUSED,
      code: "audit_unavailable",
    },
    {
      broken: () => ({
        audit: auditTo(
          memoryAudit(),
          { record: failing, health: failing },
          onDenial(() => {}),
        ),
      }),
      part: "audit",
      says: REFUSED,
      code: "audit_unavailable",
    },
    ...(["end", "destroy"] as const).map((end) => ({
      broken: () => ({ audit: jsonLinesAudit(new PassThrough().resume()[end]()) }),
      part: "audit" as const,
      says: /the writer of jsonLinesAudit was ended or destroyed/,
      code: "audit_unavailable",
    })),
    {
      broken: () => ({ audit: jsonLinesAudit({ write: (_, done) => done(new Error("hunter2")) }) }),
      part: "audit",
      says: /the writer of jsonLinesAudit failed; no call runs without its record/,
      code: "audit_unavailable",
    },
    {
      broken: () => ({ audit: jsonLinesAudit({ write: () => {} }), deadlineMs: 250 }),
      part: "audit",
      says: /no answer within 250 ms/,
      code: "audit_unavailable",
    },
  ],
  telemetry: "is told, and decides nothing",
  state: [
    { broken: closed, part: "state", says: /closed/, code: "state_unavailable" },
    {
      broken: async () => ({ state: await madeAnew() }),
      part: "state",
      says: /it opens in \d+ s/,
      code: "state_unavailable",
    },
    {
      broken: () => ({ state: memoryState({ since: Date.now() + 3_600_000 }) }),
      part: "state",
      says: /store of proofs remembers only from a time on that is 3\d\d\d seconds ahead/,
      code: "state_unavailable",
    },
    {
      broken: () => ({ state: { ...memoryState({ since: 0 }), revocations: feed() } }),
      part: "state",
      says: /feed of revocations could not be had/,
      code: "state_unavailable",
    },
  ],
  approvals: "is kept in the state",
  rates: "is counted in the state",
  shadow: "is data",
  onWarning: "is told, and decides nothing",
  nonces: [
    {
      broken: () => ({ nonces: { ...createNonces(), issue: failing } }),
      part: "nonces",
      says: REFUSED,
      code: "state_unavailable",
    },
  ],
  deadlineMs: "is data",
  limits: "is data",
  clock: [
    // None, in microseconds, and before there were any.
    ...[Number.NaN, 1.8e15, -1].map((time) => ({
      broken: () => ({ clock: () => time }),
      part: "clock" as const,
      says: /no time/,
      code: "state_unavailable" as const,
    })),
    ...[-6000, 6000].map((apart) => ({
      broken: () => ({ clock: () => company.clock() + apart, state: memoryState({ since: 0, clock: company.clock }) }),
      part: "state" as const,
      says: /the clocks of the authorizer and of this store differ/,
      code: "state_unavailable" as const,
    })),
  ],
};

const make = (options: Partial<AuthorizerOptions>) =>
  createAuthorizer({
    ...companyOptions(company),
    audit: memoryAudit(),
    deadlineMs: 20_000,
    ...options,
  });
const credential = () => company.credential(held, CALL.tool, CALL.arguments);

it("says that all is well where calls are allowed", async () => {
  const authorizer = make({ nonces: undefined as never });
  expect((await authorizer.authorize({ ...CALL, credential: await credential() })).outcome).toBe("allowed");
  const well = { ok: true };
  const keys = { ok: true, anchors: [{ issuer: trustAnchor.issuer, ok: true }] };
  expect(await authorizer.health()).toEqual({
    ok: true,
    ...{ state: well, policies: well, audit: well, keys, sources: well, clock: well, nonces: well },
  });
});

const rows = Object.entries(PARTS).flatMap(([name, some]) =>
  typeof some === "string" ? [] : some.map((row, i) => [some.length > 1 ? `${name} (${i + 1})` : name, row] as const),
);

it.each(rows)("says which part it is, and why, where every call is denied because of %s", async (_, row) => {
  const authorizer = make(await row.broken());
  for (let i = 0; i < 2; i++) {
    const decision = await authorizer.authorize({ ...CALL, credential: await credential() });
    expect(decision).toMatchObject({ outcome: "denied", code: row.code });
  }
  const health = await authorizer.health();
  expect([health.ok, health[row.part].ok]).toEqual([false, false]);
  expect(health[row.part].problem).toMatch(row.says);
  expect(health.problem).toBe(health[row.part].problem);
  expect(JSON.stringify(health)).not.toContain("hunter2");
});

/** Each part that a host may write, where it says itself how it is. */
const SAYING: { readonly [part: string]: (health: () => never) => Partial<AuthorizerOptions> } = {
  state: (health) => ({ state: { ...memoryState({ since: 0 }), health } }),
  audit: (health) => ({ audit: { record: () => {}, health } }),
  keys: (health) => ({ trust: [{ ...trustAnchor, keys: { find: async () => [], health } }] }),
  sources: (health) => ({ users: { find: async () => undefined, health } }),
};

it.each(Object.entries(SAYING))(
  "prints nothing of what %s say but one plain line without a token",
  async (part, saying) => {
    const token = serialize(held);
    const said = { ok: false, problem: `down\n\u001b[31mall is well ${token}`, since: `${serializeCompact(held)}\r` };
    const health = await make(saying(() => said as never)).health();
    const text = JSON.stringify(health);
    expect(health[part as "state"].problem).toMatch(/^down \[31mall is well \(a token\)/);
    expect([text.includes("\\n"), text.includes("u001b"), TOKEN_TEXT.test(text)]).toEqual([false, false, false]);
    const nothing = await make(saying(() => ({ ok: false, problem: "\n" }) as never)).health();
    expect(nothing.problem).toMatch(/says that it is not well$/);
  },
);

it("never rejects: a part that fails when it is read is not well, in our words", async () => {
  let isArmed = false;
  const hostile = (name: string) => ({
    find: async () => ({}),
    get [name](): undefined {
      if (isArmed) throw new Error("hunter2");
      return undefined;
    },
  });
  const authorizers = ["optional", "health"].map((name) =>
    make({ sources: { user: { risk: hostile(name) }, agent: { risk: hostile(name) } } }),
  );
  isArmed = true;
  for (const authorizer of authorizers) {
    const { ok, sources } = await authorizer.health();
    expect([ok, sources]).toEqual([
      false,
      { ok: false, problem: 'the source "risk" of users could not say how it is: it failed' },
    ]);
  }
});

it("lists each issuer's keys, since when they are there or why not; one without keys costs its own chains alone", async () => {
  const answering = async () => Response.json({ keys: [{ ...company.keys.planner.publicJwk, kid: "k1" }] });
  const partner = {
    ...trustAnchor,
    issuer: "https://partner.example",
    keys: remoteJwks("https://partner.example/jwks", { fetch: down }),
  };
  const other = {
    ...trustAnchor,
    issuer: "https://other.example",
    keys: remoteJwks("https://other.example/jwks", { fetch: answering }),
  };
  const { ok, keys } = await make({ trust: [trustAnchor, partner, other] }).health();
  expect([ok, keys.ok]).toEqual([true, true]);
  expect(keys.anchors).toEqual([
    { issuer: trustAnchor.issuer, ok: true },
    { issuer: partner.issuer, ok: false, problem: expect.stringContaining("https://partner.example/jwks: no answer") },
    { issuer: other.issuer, ok: true, since: expect.stringMatching(/^\d{4}-.*Z$/) },
  ]);
  expect(keys.problem).toBe(keys.anchors[1]?.problem);
});
