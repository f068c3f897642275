import {
  type AuthorizerOptions,
  generateSigner,
  memoryState,
  type PublicJwk,
  type ToolEntry,
  type TrustAnchor,
} from "@hopwise/core";
import type { PolicyDecisionPoint } from "@hopwise/core/adapter";
import type { AuditSink } from "@hopwise/core/audit";
import { createNonces, type Nonces, type State } from "@hopwise/core/state";
import { answeringPdp } from "@hopwise/core/testing";

export type Options = Partial<AuthorizerOptions>;

/** How an authorizer is asked: about a call, about a list, or told of what came of a call. */
export type Way = "wire" | "session" | "wire, a list" | "session, a list" | "report";
const CALLS = ["wire", "session"] as const;
const LISTS = ["wire, a list", "session, a list"] as const;
const PROVEN = ["wire", "wire, a list"] as const;
const WAYS: readonly Way[] = [...CALLS, ...LISTS, "report"];

/** A place where the host's own code or data comes in, and what may be said where it goes wrong. */
export interface Place {
  /** The options of an authorizer in which it behaves like that. */
  readonly with: (misbehave: () => never, trustAnchor: TrustAnchor) => Options;
  /** The codes that may come of it; "allowed" where it decides nothing. */
  readonly codes: readonly string[];
  /** What may be said where it talks nonsense, besides. */
  readonly nonsense: readonly string[];
  /** The ways that lead there. Every other one knows nothing of it. */
  readonly ways: readonly Way[];
}

const place = (
  codes: readonly string[],
  withIt: Place["with"],
  nonsense: readonly string[] = [],
  ways: readonly Way[] = WAYS,
): Place => ({ codes, with: withIt, nonsense, ways });
/** Asked where nobody waits: an asynchronous function is refused when the authorizer is made. */
const AT_ONCE = ["config_invalid"];
const entry = (part: Partial<ToolEntry>): Options => ({
  tools: { send_payment: { kind: "payment", action: "send", ...part } },
});
/** A policy that wants each call approved. */
const asksPeople = (): PolicyDecisionPoint =>
  answeringPdp(({ resource: { kind } }) =>
    kind === "payment" ? { effect: "allow", outputs: [{ approval: "large" }] } : "allow",
  );
const CONTEXT = ["context_unavailable", "attributes_invalid"];
const STATE = ["state_unavailable"];

/** The functions of the tool map. A new member of an entry needs a row. */
const ENTRY: { readonly [Name in keyof Required<ToolEntry>]: Place | "is data" } = {
  kind: "is data",
  action: place([...CONTEXT, ...AT_ONCE], (misbehave) => entry({ action: misbehave }), ["allowed"]),
  id: place(
    [...CONTEXT, ...AT_ONCE, "arguments_malformed"],
    (misbehave) => entry({ id: misbehave }),
    ["allowed"],
    CALLS,
  ),
  attributes: place(CONTEXT, (misbehave) => entry({ attributes: misbehave }), ["allowed", "resource_unknown"], CALLS),
  sources: place(
    CONTEXT,
    (misbehave) => entry({ sources: { risk: { find: misbehave } } }),
    ["allowed", "resource_unknown"],
    CALLS,
  ),
  argumentsAs: "is data",
  hideFromPolicies: "is data",
  keepInRecord: "is data",
  showToApprovers: "is data",
  list: place([...CONTEXT, ...AT_ONCE], (misbehave) => entry({ list: misbehave }), [], LISTS),
  scope: place(CONTEXT, (misbehave) => entry({ scope: misbehave }), ["allowed"]),
  policyVersion: place(CONTEXT, (misbehave) => entry({ policyVersion: misbehave }), ["allowed"]),
  projection: place(
    ["arguments_malformed", "grant_argument_refused", ...AT_ONCE],
    (misbehave) => entry({ projection: misbehave }),
    ["allowed"],
    ["session"],
  ),
  adds: "is data",
  filter: "is data",
  argumentsSchema: "is data",
  attributesSchema: "is data",
};

const STORES: { readonly [Name in keyof Required<State>]: Place | `is ${string}` } = {
  replay: place(
    STATE,
    (misbehave) => ({ state: { ...memoryState({ since: 0 }), replay: { claim: misbehave } } }),
    ["allowed", "proof_replayed"],
    PROVEN,
  ),
  revocations: place(
    STATE,
    (misbehave) => ({ state: { ...memoryState({ since: 0 }), revocations: { find: misbehave } } }),
    ["allowed"],
  ),
  spending: place(
    STATE,
    (misbehave) => ({
      rates: [{ of: "user", calls: 1000, perSeconds: 60 }],
      state: {
        ...memoryState({ since: 0 }),
        spending: { reserve: misbehave, settle: misbehave, spent: misbehave },
      },
    }),
    [],
    CALLS,
  ),
  approvals: place(
    STATE,
    (misbehave) => ({
      cerbos: asksPeople(),
      state: {
        ...memoryState({ since: 0 }),
        approvals: { keep: misbehave, find: misbehave, latest: misbehave, answer: misbehave, list: misbehave },
      },
    }),
    ["pending"],
    CALLS,
  ),
  health: "is not asked about a call",
  close: "is not asked about a call",
};

const SINK: { readonly [Name in keyof Required<AuditSink>]: Place | `is ${string}` } = {
  keeps: "is data",
  record: place(["audit_unavailable"], (misbehave) => ({ audit: { record: misbehave } }), ["allowed"]),
  outcome: place(["allowed"], (misbehave) => ({ audit: { record: () => {}, outcome: misbehave } })),
  unverified: place(["allowed"], (misbehave) => ({ audit: { record: () => {}, unverified: misbehave } })),
  health: "is not asked about a call",
};

/** Nonces that do well, of which a row takes one function away. */
export const own: Nonces = createNonces();
const NO_NONCE = [...STATE, "proof_nonce_required"];
const NONCES: { readonly [Name in keyof Required<Nonces>]: Place } = {
  issue: place(NO_NONCE, (misbehave) => ({ nonces: { ...own, issue: misbehave } }), [], PROVEN),
  timesOf: place(NO_NONCE, (misbehave) => ({ nonces: { ...own, timesOf: misbehave } }), [], PROVEN),
};

const anchorWith =
  (changed: (misbehave: () => never) => object): Place["with"] =>
  (misbehave, trustAnchor) => ({ trust: [{ ...trustAnchor, ...changed(misbehave) }] });

const ANOTHERS: PublicJwk = (await generateSigner()).publicJwk;
const UNANSWERED = ["policy_unavailable", "policy_inconclusive"];
const CLIENT: { readonly [Name in keyof Required<PolicyDecisionPoint>]: Place } = {
  checkResources: place(UNANSWERED, (misbehave) => ({
    cerbos: { checkResources: misbehave, planResources: misbehave },
  })),
  planResources: place(
    UNANSWERED,
    (misbehave) => ({
      tools: { send_payment: { kind: "payment", action: "send" } },
      cerbos: { ...answeringPdp(), planResources: misbehave },
    }),
    [],
    LISTS,
  ),
  whole: place(UNANSWERED, (misbehave) => ({ cerbos: { ...answeringPdp(), whole: misbehave } })),
};

/** The options of an authorizer. A new one needs a row. */
export const PLACES: { readonly [Name in keyof Required<AuthorizerOptions>]: readonly Place[] | "is data" } = {
  cerbos: [
    ...Object.values(CLIENT),
    place(["allowed"], (misbehave) => ({ cerbos: { client: answeringPdp(), failuresOf: misbehave } })),
  ],
  audience: "is data",
  trust: [
    place(
      ["issuer_keys_unavailable"],
      anchorWith((misbehave) => ({ keys: { find: misbehave } })),
      ["token_untrusted_issuer", "token_signature_invalid"],
    ),
    place(
      ["token_signature_invalid"],
      // It has another's key under the root's `kid`, and is told so.
      (misbehave, anchor) => ({
        trust: [{ ...anchor, keys: { find: async (kid) => [{ kid, jwk: ANOTHERS }], renew: misbehave } }],
      }),
    ),
    place(
      ["token_untrusted_issuer", "guard_failed", ...AT_ONCE],
      anchorWith((misbehave) => ({ subjects: misbehave })),
      ["allowed"],
    ),
  ],
  users: [
    place([...CONTEXT, "user_unknown"], (misbehave) => ({ users: { find: misbehave } })),
    // What is no answer says of nobody that they are not there.
    place(CONTEXT, (misbehave) => ({ users: { find: () => undefined, look: misbehave } })),
  ],
  agents: [
    place(["registry_unavailable", "agent_invalid", "agent_unknown"], (misbehave) => ({ agents: { find: misbehave } })),
    place(["registry_unavailable", "agent_invalid"], (misbehave) => ({
      agents: { find: () => undefined, look: misbehave },
    })),
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
    place(CONTEXT, (misbehave) => ({ sources: { user: { risk: { find: () => undefined, look: misbehave } } } })),
  ],
  tools: Object.values(ENTRY).filter((row) => row !== "is data"),
  auxData: [place(CONTEXT, (misbehave) => ({ auxData: misbehave }), ["allowed"])],
  delegation: "is data",
  audit: Object.values(SINK).filter((row) => typeof row !== "string"),
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
  rates: "is data",
  shadow: "is data",
  onWarning: [place(["allowed"], (misbehave) => ({ shadow: ["mcp:prompts/get"], onWarning: misbehave }))],
  approvals: [
    place(["pending"], (misbehave) => ({ cerbos: asksPeople(), approvals: { onRequest: misbehave } }), [], CALLS),
  ],
  state: Object.values(STORES).filter((row) => typeof row !== "string"),
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
