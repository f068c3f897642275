import { describe, expect, it } from "vitest";
import type { ChainView, Denied, HopVerdict } from "../decision/index.ts";
import { sampleDenied } from "../testing/samples.ts";
import { explain } from "./explain.ts";
import { chainLine, operatorView } from "./operator-view.ts";

const chain: ChainView = {
  issuer: "https://id.acme.example",
  hops: [
    { kind: "user", id: "alice" },
    { kind: "agent", id: "agent:planner" },
    { kind: "agent", id: "agent:researcher" },
  ],
};
const asked = { kind: "payment", action: "send" };
const verdict = (hop: number, changed: Partial<HopVerdict> = {}): HopVerdict => ({
  hop,
  kind: "agent",
  id: "x",
  effect: "allow",
  reasons: [],
  ...changed,
});
const denied = (changed: Partial<Denied> = {}): Denied => sampleDenied({ chain, ...changed });

describe("a decision, explained to people", () => {
  it("is a tree: the outcome, then each hop with what was said of it", () => {
    const verdicts = [
      verdict(0, { policy: "resource.payment" }),
      verdict(1, {
        effect: "deny",
        reasons: ["over the limit"],
        rules: ["resource.payment.vdefault#above_limit"],
        delegation: "deny",
        policy: "resource.payment.vdefault",
        scope: "acme",
        roles: ["finance_agent"],
        derivedRoles: ["acting_in_region"],
        cerbosCallId: "01ABC",
      }),
      verdict(2, { effect: "error", problem: "no answer within 20 ms" }),
    ];
    expect(operatorView(denied({ hop: 1, reason: "over the limit", verdicts, asked }))).toBe(
      [
        "denied send_payment: policy_denied: over the limit",
        "alice  allows (resource.payment)",
        '   └─ agent:planner  denies this, and handing it on "over the limit" (resource.payment.vdefault)',
        '      · resource.payment.vdefault denies "send" on payment to role finance_agent, in scope "acme"',
        "      · derived role acting_in_region",
        '      · rule resource.payment.vdefault#above_limit: "over the limit"',
        "      · Cerbos call 01ABC",
        "      └─ agent:researcher  failed: no answer within 20 ms",
      ].join("\n"),
    );
  });

  it("names the user by the subject, too, where policies see another id", () => {
    const hops: ChainView["hops"] = [{ kind: "user", id: "u-17" }, ...chain.hops.slice(1)];
    const [, first, second] = operatorView(denied({ chain: { ...chain, subject: "alice", hops } })).split("\n");
    expect([first, second]).toEqual(["u-17 (alice)  not asked", "   └─ agent:planner  not asked"]);
  });

  it("says where it was stopped before the policies were asked", () => {
    const text = operatorView(
      denied({ code: "grant_argument_refused", stage: "grant", hop: 2, message: "not covered" }),
    );
    expect(text.split("\n").slice(1)).toEqual([
      "alice  not asked",
      "   └─ agent:planner  not asked",
      "      └─ agent:researcher  stopped by grant: grant_argument_refused",
    ]);
  });

  it("says that shadow mode alone let a call run, and what would have stopped it where", () => {
    const stopped = { code: "grant_argument_refused", message: "not covered", stage: "grant", hop: 1 } as const;
    const shadow = { ...stopped, pointer: "/amount", wouldPass: { accepts: "at most 100" } };
    const let_ = { tool: "send_payment", outcome: "allowed", chain, shadow } as const;
    const verdicts = [verdict(0), verdict(1), verdict(2, { effect: "deny", roles: ["reader"] })];
    expect(operatorView({ ...let_, verdicts })).toBe(
      [
        "allowed send_payment, in shadow mode alone: would be denied: grant_argument_refused: not covered",
        "alice  allows",
        "   └─ agent:planner  allows (would be stopped by grant: grant_argument_refused)",
        "      · at /amount",
        "      · would pass: at most 100",
        "      └─ agent:researcher  denies",
        "         · no rule allows this to role reader",
      ].join("\n"),
    );
    expect(operatorView({ ...let_, verdicts: [] }).split("\n")[2]).toBe(
      "   └─ agent:planner  would be stopped by grant: grant_argument_refused",
    );
  });

  it("marks whom a chain names that nobody proved to hold", () => {
    const shadow = { code: "proof_invalid", message: "another key", stage: "proof" } as const;
    const decision = { tool: "t", outcome: "allowed", verdicts: [], shadow } as const;
    expect(
      operatorView({ ...decision, chain: { ...chain, unverified: true } })
        .split("\n")
        .slice(0, 2),
    ).toEqual([
      "allowed t, in shadow mode alone: would be denied: proof_invalid: another key",
      "alice (unverified)  not asked",
    ]);
  });

  it("says what a list would have hidden", () => {
    const hidden = [{ code: "policy_denied", stage: "policy", enforced: false, items: ["send_payment"] }] as const;
    const listed = {
      tool: "mcp:tools/list",
      outcome: "allowed",
      verdicts: [],
      shown: { items: 1, of: 1 },
      hidden,
    } as const;
    expect(operatorView(listed)).toBe(
      "mcp:tools/list: shown 1 of 1\n· would hide send_payment: policy_denied (policy)",
    );
  });

  it("is one line where nobody could be told", () => {
    const { chain: _, ...unknown } = denied({ code: "token_malformed", message: "broken" });
    expect(operatorView(unknown)).toBe("denied send_payment: token_malformed: broken");
  });

  it("has an outcome without a code where nothing was denied, and no hop that stopped it", () => {
    expect(operatorView({ outcome: "allowed", tool: "send_payment", chain, verdicts: [verdict(0)], hop: 1 })).toBe(
      [
        "allowed send_payment",
        "alice  allows",
        "   └─ agent:planner  not asked",
        "      └─ agent:researcher  not asked",
      ].join("\n"),
    );
  });

  it("has reasons only of a denial, and none where none was given", () => {
    const verdicts = [verdict(0, { reasons: ["small"] }), verdict(1, { effect: "deny" })];
    expect(operatorView(denied({ verdicts })).split("\n").slice(1, 3)).toEqual([
      "alice  allows",
      "   └─ agent:planner  denies",
    ]);
  });

  it("refuses a decision of which a list has a hole, as it does any other that is none", () => {
    const holed = { ...chain, hops: Object.assign([], { 0: chain.hops[0], 2: chain.hops[2] }) };
    const none = { code: "config_invalid", message: expect.stringContaining("got an object that is none") };
    for (const view of [operatorView, explain]) {
      expect(() => view(denied({ chain: holed }))).toThrow(expect.objectContaining(none));
    }
    expect(() => chainLine(holed)).toThrow(expect.objectContaining(none));
  });

  it("has the chain in one line", () => {
    expect(chainLine(chain)).toBe("alice → planner → researcher");
    expect(chainLine({ ...chain, hops: [{ kind: "user", id: "urn:agent:alice" }] })).toBe("urn:agent:alice");
  });
});

describe("a decision that obliges, or whose user is denied, explained to people", () => {
  it("has what the result has to go through, below all hops and at the margin", () => {
    const obligations = { redact: ["/iban"], limit: { "/lines": 3 } };
    const verdicts = [verdict(0), verdict(1), verdict(2)];
    expect(operatorView({ outcome: "allowed", tool: "send_payment", chain, verdicts, obligations })).toBe(
      [
        "allowed send_payment",
        "alice  allows",
        "   └─ agent:planner  allows",
        "      └─ agent:researcher  allows",
        "· takes /iban out of the result, if it is there",
        "· shows at most 3 of the list at /lines",
      ].join("\n"),
    );
  });

  it("has what was said of the user right below the user", () => {
    const verdicts = [verdict(0, { effect: "deny", cerbosCallId: "01ABC", roles: ["analyst"] })];
    expect(
      operatorView(denied({ hop: 0, verdicts, asked }))
        .split("\n")
        .slice(1, 4),
    ).toEqual(["alice  denies", '· no rule allows "send" on payment to role analyst', "· Cerbos call 01ABC"]);
  });
});

describe("an expression that could not be evaluated", () => {
  const failures = [{ expression: "R.attr.region == P.attr.region", error: "no such key: region" }];
  const told = "could not evaluate R.attr.region == P.attr.region: no such key: region";

  it.each(["deny", "error", "allow"] as const)("is told to people where the hop's answer is %s", (effect) => {
    const view = operatorView(denied({ hop: 0, verdicts: [verdict(0, { effect, failures })], asked }));
    expect(view).toContain(`· ${told}`);
  });
});
