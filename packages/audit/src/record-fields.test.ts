/** Each member of a record is told in its call's story, or it is said why not. A new one without a row does not compile. */
import type { DecisionRecord, OutcomeRecord } from "@hopwise/core/audit";
import { describe, expect, it } from "vitest";
import { printLineage } from "./print-lineage.ts";
import { decision, outcome } from "./records.fixture.ts";

/** What the story says of a member, and a record that has it, where the usual one does not. */
type Rows<Record> = {
  readonly [Name in keyof Required<Record>]: { readonly says: RegExp; readonly of?: Partial<Record> } | `is ${string}`;
};

const HOPS = [
  { kind: "user", id: "alice" },
  { kind: "agent", id: "agent:planner" },
] as const;
const chain: DecisionRecord["chain"] = { id: "c1" as never, issuer: "https://id.example", hops: HOPS };
const verdict = { hop: 1, kind: "agent", id: "agent:planner", effect: "deny", reasons: [] } as const;
const denied = { outcome: "denied", code: "policy_denied", stage: "policy", message: "m1", hop: 1, chain } as const;
const token: DecisionRecord["tokens"][number] = {
  hash: "h1" as never,
  jti: "j1",
  agent: "planner",
  key: "k1" as never,
  issuedAt: 1764028800,
  expiresAt: 1764032400,
  tools: ["t1"],
};
const shadowed = { enforced: false, shadow: { code: "policy_denied", stage: "policy", message: "m1" } } as const;
const waiting = { request: "r1", reason: "large", approvers: 1, untilSeconds: 1764032400 };

const DECISION: Rows<DecisionRecord> = {
  version: "is how it is read",
  kind: "is how it is read",
  invocation: { says: /call i1 at/, of: { invocation: "i1" } },
  time: { says: /at 2026-01-02/, of: { time: "2026-01-02T00:00:00.000Z" } },
  audience: { says: /decided for https:\/\/a\.example/, of: { audience: "https://a.example" } },
  via: { says: /called in a session/, of: { via: "session", chain } },
  chain: { says: /alice {2}not asked[\s\S]*└─ agent:planner/, of: { chain } },
  tokens: { says: /was handed t1 .*\n.*by token h1 \(jti j1\), for key k1/, of: { chain, tokens: [token] } },
  tool: { says: /^allowed t1$/m, of: { tool: "t1" } },
  asked: { says: /asked: read on invoice/, of: { asked: { kind: "invoice", action: "read" } } },
  argumentsHash: { says: /sha-256 a1, as .* a2/, of: { argumentsHash: { received: "a1", parsed: "a2" } } },
  arguments: { says: /kept of them: .*INV-1/, of: { arguments: { id: "INV-1" } } },
  argumentsTooLong: { says: /too long to be kept: text/, of: { argumentsTooLong: ["text"] } },
  context: { says: /attributes of alice: from risk/, of: { context: [{ of: "alice", source: "risk", ageMs: 0 }] } },
  outcome: { says: /^denied /m, of: denied },
  approval: { says: /large/, of: { outcome: "pending", approval: waiting } },
  other: {
    says: /r2/,
    of: { outcome: "pending", approval: waiting, other: { request: "r2", changed: ["/arguments/to"] } },
  },
  approved: {
    says: /r1/,
    of: {
      approved: { request: "r1", by: [{ approver: { issuer: "i", subject: "dana" }, answeredAtSeconds: 1, key: "k" }] },
    },
  },
  left: {
    says: /left of the budget b1: calls 2, 50 in amount of pay/,
    of: { left: { id: "b1", calls: 2, sums: { pay: { amount: 50 } } } },
  },
  enforced: "is told by shadow",
  shadow: { says: /in shadow mode alone: would be denied: policy_denied/, of: shadowed },
  stage: "is told by the code",
  obligations: { says: /takes \/iban out/, of: { obligations: { redact: ["/iban"], limit: {} } } },
  verdicts: {
    says: /agent:planner {2}denies/,
    of: { ...denied, verdicts: [{ ...verdict, hop: 0, kind: "user", id: "alice", effect: "allow" }, verdict] },
  },
  pdp: { says: /of Cerbos 0\.99/, of: { asked: { kind: "k", action: "a" }, pdp: { version: "0.99" } } },
  shown: { says: /2 of 3 items were shown/, of: { shown: { items: 2, of: 3 } } },
  rows: { says: /region/, of: { rows: { condition: "R.attr.region", required: [] } as never } },
  hidden: {
    says: /hidden by policy at agent:planner \(policy_denied\): t2/,
    of: {
      chain,
      shown: { items: 0, of: 1 },
      hidden: [{ code: "policy_denied", stage: "policy", hop: 1, items: ["t2"] }],
    },
  },
  timings: "is for who counts many calls, not for the story of one",
  code: { says: /policy_denied/, of: denied },
  message: { says: /m1/, of: denied },
  hop: {
    says: /agent:planner {2}stopped by grant/,
    of: { ...denied, rule: "r1", code: "grant_argument_refused", stage: "grant" },
  },
  pointer: { says: /at \/p1/, of: { ...denied, pointer: "/p1", code: "grant_argument_refused", stage: "grant" } },
  rule: { says: /rule: r1/, of: { ...denied, rule: "r1", code: "grant_argument_refused", stage: "grant" } },
  reason: { says: /because/, of: { ...denied, reason: "because" } },
  wouldPass: {
    says: /would pass: small/,
    of: { ...denied, wouldPass: { accepts: "small" }, code: "grant_argument_refused", stage: "grant" },
  },
};

const OUTCOME: Rows<OutcomeRecord> = {
  version: "is how it is read",
  kind: "is how it is read",
  invocation: "is the decision's",
  audience: "is the decision's",
  tool: "is the decision's",
  time: { says: /at 2026-01-03/, of: { time: "2026-01-03T00:00:00.000Z" } },
  outcome: { says: /outcome: failed/, of: { outcome: "failed" } },
  resultHash: { says: /result sha-256 r9/, of: { resultHash: "r9" } },
  redacted: { says: /taken out of it: \/iban/, of: { redacted: ["/iban"] } },
  withheld: { says: /withheld/, of: { withheld: true } },
  code: { says: /filter_unsupported/, of: { code: "filter_unsupported", message: "m9" } },
  message: { says: /m9/, of: { code: "filter_unsupported", message: "m9" } },
  rows: { says: /4 rows passed the second check, 5 did not/, of: { rows: { shown: 4, leftOut: 5 } } },
  nothingHappened: { says: /given back/, of: { nothingHappened: true } },
  durationMs: { says: /after 77 ms/, of: { durationMs: 77 } },
};

const place = { folder: ".", file: "f", line: 1, writer: "w", seq: 1 };
const story = (of: Partial<DecisionRecord>, came: Partial<OutcomeRecord>): string =>
  printLineage({ decision: decision(of), outcome: outcome(came), place, before: [], after: [] });

const told = <Record>(rows: Rows<Record>) =>
  Object.entries<Rows<Record>[keyof Record]>(rows as never).flatMap(([name, row]) =>
    typeof row === "string" ? [] : [[name, row as { says: RegExp; of?: Partial<Record> }] as const],
  );

describe("the story of one call", () => {
  it.each(told(DECISION))("tells %s of a decision", (_, { says, of = {} }) => {
    expect(story({}, {})).not.toMatch(says);
    expect(story(of, {})).toMatch(says);
  });

  it.each(told(OUTCOME))("tells %s of what came of it", (_, { says, of = {} }) => {
    expect(story({}, {})).not.toMatch(says);
    expect(story({}, of)).toMatch(says);
  });
});
