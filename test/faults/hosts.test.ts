import {
  type AuthorizerOptions,
  createAuthorizer,
  type Decision,
  HopwiseError,
  memoryAudit,
  memoryState,
  type ToolEntry,
} from "@hopwise/core";
import type { AuditSink } from "@hopwise/core/audit";
import type { Nonces, State } from "@hopwise/core/state";
import { createNonces } from "@hopwise/core/state";
import { answeringPdp, createCompany } from "@hopwise/core/testing";
import { prove } from "@hopwise/core/tokens";
import { describe, expect, it } from "vitest";

const company = await createCompany();
const held = await company.chain("alice", "planner", "researcher");
const { trustAnchor } = company.issuer;
const CALL = { tool: "send_payment", arguments: { to: "ACME", amount: 9 } };
const DEADLINE_MS = 120;

type Options = Partial<AuthorizerOptions>;

/** A place where the host's own code or data comes in, and what may be said where it goes wrong. */
interface Place {
  /** The options of an authorizer in which it behaves like that. */
  readonly with: (misbehave: () => never) => Options;
  /** The codes that may come of it; "allowed" where it decides nothing. */
  readonly codes: readonly string[];
  /** What may be said where it talks nonsense, besides. */
  readonly nonsense: readonly string[];
  /** How it is reached, where one way alone leads there. */
  readonly via?: "wire" | "session";
}

const place = (codes: readonly string[], withIt: Place["with"], nonsense: readonly string[] = []): Place => ({
  codes,
  with: withIt,
  nonsense,
});
/** Asked where nobody waits: an asynchronous function is refused when the authorizer is made. */
const AT_ONCE = ["config_invalid"];
const entry = (part: Partial<ToolEntry>): Options => ({
  tools: { send_payment: { kind: "payment", action: "send", ...part } },
});
const CONTEXT = ["context_unavailable", "attributes_invalid"];
const STATE = ["state_unavailable"];

/** The functions of the tool map. A new member of an entry needs a row. */
const ENTRY: { readonly [Name in keyof Required<ToolEntry>]: Place | "is data" } = {
  kind: "is data",
  action: place([...CONTEXT, ...AT_ONCE], (misbehave) => entry({ action: misbehave }), ["allowed"]),
  id: place([...CONTEXT, ...AT_ONCE, "arguments_malformed"], (misbehave) => entry({ id: misbehave }), ["allowed"]),
  attributes: place(CONTEXT, (misbehave) => entry({ attributes: misbehave }), ["allowed", "resource_unknown"]),
  sources: place(CONTEXT, (misbehave) => entry({ sources: { risk: { find: misbehave } } }), [
    "allowed",
    "resource_unknown",
  ]),
  argumentsAs: "is data",
  hideFromPolicies: "is data",
  keepInRecord: "is data",
  // Asked by lists alone: see below.
  list: "is data",
  scope: place(CONTEXT, (misbehave) => entry({ scope: misbehave }), ["allowed"]),
  policyVersion: place(CONTEXT, (misbehave) => entry({ policyVersion: misbehave }), ["allowed"]),
  projection: {
    ...place(
      ["arguments_malformed", "grant_argument_refused", ...AT_ONCE],
      (misbehave) => entry({ projection: misbehave }),
      ["allowed"],
    ),
    via: "session",
  },
  adds: "is data",
  argumentsSchema: "is data",
  attributesSchema: "is data",
};

const STORES: { readonly [Name in keyof Required<State>]: Place } = {
  replay: {
    ...place(STATE, (misbehave) => ({ state: { ...memoryState({ since: 0 }), replay: { claim: misbehave } } }), [
      "allowed",
      "proof_replayed",
    ]),
    via: "wire",
  },
  revocations: place(
    STATE,
    (misbehave) => ({ state: { ...memoryState({ since: 0 }), revocations: { find: misbehave } } }),
    ["allowed"],
  ),
};

const SINK: { readonly [Name in keyof Required<AuditSink>]: Place } = {
  record: place(["audit_unavailable"], (misbehave) => ({ audit: { record: misbehave } }), ["allowed"]),
  outcome: place(["allowed"], (misbehave) => ({ audit: { record: () => {}, outcome: misbehave } })),
  unverified: place(["allowed"], (misbehave) => ({ audit: { record: () => {}, unverified: misbehave } })),
};

const own: Nonces = createNonces();
const NONCES: { readonly [Name in keyof Required<Nonces>]: Place } = {
  issue: {
    ...place([...STATE, "proof_nonce_required"], (misbehave) => ({ nonces: { ...own, issue: misbehave } })),
    via: "wire",
  },
  timesOf: {
    ...place([...STATE, "proof_nonce_required"], (misbehave) => ({ nonces: { ...own, timesOf: misbehave } })),
    via: "wire",
  },
};

const anchorWith = (changed: object): Options => ({ trust: [{ ...trustAnchor, ...changed }] });

/** The options of an authorizer. A new one needs a row. */
const PLACES: { readonly [Name in keyof Required<AuthorizerOptions>]: readonly Place[] | "is data" } = {
  cerbos: [
    place(["policy_unavailable", "policy_inconclusive"], (misbehave) => ({
      cerbos: { checkResources: misbehave, planResources: misbehave },
    })),
    place(["allowed"], (misbehave) => ({ cerbos: { client: answeringPdp(), failuresOf: misbehave } })),
  ],
  audience: "is data",
  trust: [
    place(["issuer_keys_unavailable"], (misbehave) => anchorWith({ keys: { find: misbehave } }), [
      "token_untrusted_issuer",
      "token_signature_invalid",
    ]),
    place(["token_untrusted_issuer", "guard_failed", ...AT_ONCE], (misbehave) => anchorWith({ subjects: misbehave }), [
      "allowed",
    ]),
  ],
  users: [place([...CONTEXT, "user_unknown"], (misbehave) => ({ users: { find: misbehave } }))],
  agents: [
    place(["registry_unavailable", "agent_invalid", "agent_unknown"], (misbehave) => ({ agents: { find: misbehave } })),
  ],
  sources: [
    place(CONTEXT, (misbehave) => ({ sources: { user: { risk: { find: misbehave } } } }), [
      "allowed",
      "attributes_missing",
    ]),
    place(CONTEXT, (misbehave) => ({ sources: { agent: { risk: { find: misbehave } } } }), [
      "allowed",
      "attributes_missing",
    ]),
  ],
  tools: Object.values(ENTRY).filter((row) => row !== "is data"),
  auxData: [place(CONTEXT, (misbehave) => ({ auxData: misbehave }), ["allowed"])],
  delegation: "is data",
  audit: Object.values(SINK),
  telemetry: [
    place(["allowed"], (misbehave) => ({ telemetry: { begin: misbehave, report: misbehave } })),
    place(["allowed"], (misbehave) => ({
      telemetry: { begin: () => ({ stage: misbehave, end: misbehave }), report: misbehave },
    })),
    place(["allowed"], (misbehave) => ({
      telemetry: {
        begin: () => ({
          stage: (_, run) => {
            void run({ headers: undefined, hop: misbehave });
            return misbehave();
          },
          end: misbehave,
        }),
        report: misbehave,
      },
    })),
  ],
  state: Object.values(STORES),
  nonces: Object.values(NONCES),
  deadlineMs: "is data",
  limits: "is data",
  clock: [
    place([...STATE, ...AT_ONCE], (misbehave) => ({ clock: misbehave, state: memoryState({ since: 0 }) }), [
      "allowed",
      "token_not_yet_valid",
      "token_expired",
      "proof_invalid",
    ]),
  ],
};

const SECRET = "hunter2";
const trap = new Proxy(
  {},
  {
    get: () => {
      throw new Error(SECRET);
    },
    ownKeys: () => {
      throw new Error(SECRET);
    },
    has: () => {
      throw new Error(SECRET);
    },
  },
);

const FAULTS: { readonly [what: string]: () => unknown } = {
  throws: () => {
    throw new Error(`postgres://admin:${SECRET}@db is down`);
  },
  "throws a text": () => {
    throw SECRET;
  },
  "throws nothing": () => {
    throw undefined;
  },
  rejects: async () => {
    throw new Error(SECRET);
  },
  "never answers": () => new Promise(() => {}),
  // biome-ignore lint/suspicious/noThenProperty: another library's promise
  "answers by a promise of another make that never comes": () => ({ then: () => {} }),
};

const NONSENSE: { readonly [what: string]: () => unknown } = {
  undefined: () => undefined,
  null: () => null,
  "a number": () => 5,
  NaN: () => Number.NaN,
  "a text": () => "text",
  "an empty text": () => "",
  yes: () => true,
  no: () => false,
  "a list": () => [],
  "a list of null": () => [null],
  "an empty object": () => ({}),
  "an object of no kind": () => Object.create(null) as object,
  "a date": () => new Date(),
  "a function": () => () => {},
  "a symbol": () => Symbol("x"),
  "a bigint": () => 5n,
  "an object that throws when looked at": () => trap,
  "a promise of null": async () => null,
  "a promise of an object that throws": async () => ({ nested: trap }),
};

/** The decision of one call, or what went wrong: a call that does not end, or an exception. */
async function outcome(
  options: Options,
  via: "wire" | "session",
): Promise<{ readonly says: string; readonly all: string; readonly onRecord: boolean }> {
  const audit = memoryAudit();
  const stranger: string[] = [];
  const sink: AuditSink = { ...audit, unverified: (attempt) => void stranger.push(attempt.code) };
  const base: AuthorizerOptions = {
    cerbos: answeringPdp(),
    audience: company.audience,
    trust: [trustAnchor],
    users: company.users,
    agents: company.agents,
    tools: company.tools,
    audit: sink,
    state: memoryState({ since: 0 }),
    deadlineMs: DEADLINE_MS,
  };
  const run = async (): Promise<Decision> => {
    const authorizer = createAuthorizer({ ...base, ...options });
    if (via === "session") return (await authorizer.openSession(held)).authorize(CALL);
    // A nonce of ours is shown where it is looked at; where one is made, none is shown.
    const named = options.nonces?.issue === own.issue ? { nonce: await own.issue(Math.floor(Date.now() / 1000)) } : {};
    return authorizer.authorize({
      ...CALL,
      credential: await prove(held, { ...CALL, audience: company.audience, ...named }),
    });
  };
  let timer: NodeJS.Timeout | undefined;
  const tooLong = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error("the call did not end")), 20_000);
  });
  try {
    const decision = await Promise.race([run(), tooLong]);
    const says = decision.outcome === "denied" ? decision.code : decision.outcome;
    const onRecord =
      options.audit !== undefined ||
      audit.records.some(({ invocation }) => invocation === decision.invocation) ||
      stranger.length > 0;
    return { says, all: JSON.stringify([decision, audit.records]), onRecord };
  } catch (error) {
    const code = error instanceof HopwiseError ? error.code : undefined;
    // An authorizer cannot be made, or a session cannot begin: its maker gets the code.
    if (code !== undefined && (via === "session" || code === "config_invalid"))
      return { says: code, all: String(error), onRecord: true };
    return { says: `an exception: ${String(error)}`, all: "", onRecord: false };
  } finally {
    clearTimeout(timer);
  }
}

const rows = Object.entries(PLACES).flatMap(([name, places]) =>
  places === "is data" ? [] : places.map((one, i) => [places.length > 1 ? `${name} (${i + 1})` : name, one] as const),
);

describe.each(rows)("what a host gives as %s", (_, { with: withIt, codes, nonsense, via }) => {
  const vias = via === undefined ? (["wire", "session"] as const) : [via];

  it.each(Object.keys(FAULTS))(
    "and %s ends in a decision with its code, in time, on record, and quotes nothing",
    async (what) => {
      for (const way of vias) {
        const { says, all, onRecord } = await outcome(withIt(FAULTS[what] as () => never), way);
        expect([...codes, ...(what.startsWith("answers") ? nonsense : [])], `${way}: ${says}`).toContain(says);
        expect(all).not.toContain(SECRET);
        expect(onRecord, `${way} on record`).toBe(true);
      }
    },
  );

  it.each(Object.keys(NONSENSE))("and answers with %s ends in a decision, on record", async (what) => {
    for (const way of vias) {
      const { says, all, onRecord } = await outcome(withIt(NONSENSE[what] as () => never), way);
      expect([...codes, ...nonsense], `${way}: ${says}`).toContain(says);
      expect(all).not.toContain(SECRET);
      expect(onRecord, `${way} on record`).toBe(true);
    }
  });
});
