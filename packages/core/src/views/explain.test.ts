import { describe, expect, it } from "vitest";
import { type Explainable, explain } from "./explain.ts";

const base: Explainable = {
  outcome: "denied",
  tool: "send_payment",
  code: "grant_argument_refused",
  stage: "grant",
  message: "not covered",
  hop: 2,
  verdicts: [],
  chain: {
    issuer: "https://id.acme.example",
    hops: [
      { kind: "user", id: "alice" },
      { kind: "agent", id: "agent:planner" },
      { kind: "agent", id: "agent:researcher" },
    ],
  },
};
const below = (decision: Explainable, hop: number) =>
  explain(decision).children[hop]?.children.map(({ kind, text }) => [kind, text]);

describe("an explanation", () => {
  it("is safe to print, line by line, whoever chose the words: a decision point, a policy, a record from elsewhere", () => {
    const evil = "x\u001b[2J\u202e\nallowed y";
    const words = { tool: evil, code: evil, message: evil, pointer: evil, rule: evil, wouldPass: { accepts: evil } };
    const told = { reasons: [evil], rules: [evil], policy: evil, scope: evil, roles: [evil], derivedRoles: [evil] };
    const hop = { kind: "agent", id: evil } as const;
    const tree = explain({
      ...base,
      ...words,
      hop: 3,
      asked: { kind: evil, action: evil },
      chain: {
        issuer: evil,
        hops: [hop, hop, hop, hop],
        budget: { id: evil, from: 0, until: 1, sums: { [evil]: { [evil]: 1 } } },
      },
      verdicts: [
        { hop: 0, ...hop, effect: "deny", ...told, cerbosCallId: evil },
        { hop: 1, ...hop, effect: "error", reasons: [], problem: evil },
        { hop: 2, ...hop, effect: "allow", delegation: "deny", reasons: [], policy: evil },
      ],
      obligations: { redact: [evil], limit: { [evil]: 1 } },
    });
    const texts = (node: typeof tree): string[] => [node.text, ...node.children.flatMap(texts)];
    expect(texts(tree).length).toBeGreaterThan(10);
    for (const text of texts(tree)) expect(text).not.toMatch(/[\p{Cc}\p{Cf}]/u);
  });

  it("says what the caller may spend in all, where the chain has a bound", () => {
    const budget = { id: "2025-10", from: 0, until: 1, calls: 3, sums: { pay: { amount: 5 } } };
    const chain = { issuer: "https://id.acme.example", hops: [], budget };
    const code = "budget_unsupported";
    const { children } = explain({ ...base, hop: undefined as never, chain, code, stage: "state", pointer: "/budget" });
    expect(children.map(({ kind, text }) => [kind, text])).toEqual([
      ["value", "at /budget"],
      ["budget", "budget 2025-10: at most 3 calls"],
      ["budget", "budget 2025-10: amount of pay adds up to at most 5"],
    ]);
  });

  it("of a call that policies allow and a budget does not cover names the token whose budget it is, and what is left of it", () => {
    const rule = 'the budget of this token has 100 left of 1000 in "amount", and the call costs 900';
    const allows = (hop: number) => ({ hop, kind: "agent", id: "", effect: "allow", reasons: [] }) as const;
    const decision: Explainable = {
      ...base,
      code: "budget_exhausted",
      stage: "spending",
      hop: 1,
      pointer: "/budget/sums/send_payment/amount",
      rule,
      wouldPass: { accepts: 'at most 100 in "amount"', grantableBy: 0 },
      verdicts: [allows(0), allows(1), allows(2)],
    };
    expect(explain(decision).children.map(({ text }) => text)).toEqual([
      "alice  allows",
      "agent:planner  allows (stopped by spending: budget_exhausted)",
      "agent:researcher  allows",
    ]);
    expect(below(decision, 1)).toEqual([
      ["rule", `rule: ${rule}`],
      ["value", "at /budget/sums/send_payment/amount"],
      ["would pass", 'would pass: at most 100 in "amount"'],
      ["would pass", '"alice" could hand it over: the nearest hop that has it'],
    ]);
    expect([below(decision, 0), below(decision, 2)]).toEqual([[], []]);
  });

  it("of a refused argument has the rule, the place, what would pass, and who could hand it over", () => {
    const decision = {
      ...base,
      pointer: "/amount",
      rule: "the argument does not pass int",
      wouldPass: { accepts: "a whole number of at most 100", grantableBy: 1 },
    };
    expect(below(decision, 2)).toEqual([
      ["rule", "rule: the argument does not pass int"],
      ["value", "at /amount"],
      ["would pass", "would pass: a whole number of at most 100"],
      ["would pass", '"agent:planner" could hand it over: the nearest hop that has it'],
    ]);
    expect(below(decision, 1)).toEqual([]);
  });

  it("of a call that no hop is at fault for, or none that is known, has the reason below all hops", () => {
    const told = { rule: "a rule", pointer: "/iat", wouldPass: { accepts: "a" } };
    const { hop: _, ...nowhere } = base;
    const { chain: __, ...unknown } = base;
    for (const decision of [nowhere, unknown, { ...base, hop: 7 }]) {
      const last = explain({ ...decision, ...told }).children.slice(-3);
      expect(last.map(({ text }) => text)).toEqual(["rule: a rule", "at /iat", "would pass: a"]);
    }
    expect(explain({ ...base, ...told }).children.map(({ kind }) => kind)).toEqual(["hop", "hop", "hop"]);
  });

  it("of a tool that nobody was given names the user, who has it all", () => {
    const decision = { ...base, hop: 1, wouldPass: { grantableBy: 0 } };
    expect(below(decision, 1)).toEqual([["would pass", '"alice" could hand it over: the nearest hop that has it']]);
  });

  it("of a denial that no rule gave says what no rule allows, and to which roles", () => {
    const decision: Explainable = {
      ...base,
      asked: { kind: "payment", action: "send" },
      verdicts: [
        { hop: 0, kind: "user", id: "alice", effect: "deny", reasons: [], roles: ["a", "b"], policy: "NO_MATCH" },
      ],
    };
    expect(explain(decision).children[0]?.text).toBe("alice  denies");
    expect(below(decision, 0)).toEqual([["policy", 'no rule allows "send" on payment to roles a, b']]);
  });

  it("of a denial that no policy gave says of which version and in which scope it was asked for", () => {
    const asked = { kind: "payment", action: "send", scope: "acme.hr", policyVersion: "v2" };
    const silent = { hop: 0, kind: "user", id: "alice", effect: "deny", reasons: [], roles: ["a"] } as const;
    const place = ', of version "v2", in scope "acme.hr"';
    for (const policy of ["NO_MATCH", ""]) {
      const decision = { ...base, asked, verdicts: [{ ...silent, policy }] };
      expect(below(decision, 0)).toEqual([["policy", `no rule allows "send" on payment to role a${place}`]]);
    }
    const hidden = [{ code: "policy_denied", stage: "policy", hop: 0, items: ["pay"], roles: ["a"], asked }] as const;
    const [first] = explain({ ...base, shown: { items: 0, of: 1 }, hidden }).children;
    expect(first?.children.map(({ text }) => text)).toEqual([
      `hides pay: policy_denied (policy): "send" on payment is denied to role a${place}`,
    ]);
    // One that answered has the version in its name, and says itself in which scope.
    const named = { ...base, asked, verdicts: [{ ...silent, policy: "resource.payment.vv2/acme", scope: "acme" }] };
    expect(below(named, 0)).toEqual([
      ["policy", 'resource.payment.vv2/acme denies "send" on payment to role a, in scope "acme"'],
    ]);
  });

  it("has what an allowance depends on", () => {
    const { children } = explain({
      ...base,
      outcome: "allowed",
      obligations: { redact: ["/iban"], limit: { "": 3, "/lines": 1 } },
    });
    expect(children.slice(3).map(({ text }) => text)).toEqual([
      "takes /iban out of the result, if it is there",
      "shows at most 3 of the list at the top",
      "shows at most 1 of the list at /lines",
    ]);
  });

  it("of a list says how much of it was shown, and of no hop that it was not asked", () => {
    const { text, children } = explain({
      ...base,
      outcome: "allowed",
      tool: "mcp:tools/list",
      shown: { items: 2, of: 5 },
    });
    expect(text).toBe("mcp:tools/list: shown 2 of 5");
    expect(children.map((hop) => hop.text)).toEqual(["alice", "agent:planner", "agent:researcher"]);
  });

  it("of a list says what it hid: below the hop that stood in the way, else beside them, and how much it does not name", () => {
    const failed = { expression: "P.attr.region == 'EMEA'", error: "no such key: region" };
    const long = Array.from({ length: 90 }, (_, i) => `tool_number_${i}`);
    const { children } = explain({
      ...base,
      outcome: "allowed",
      tool: "mcp:tools/list",
      shown: { items: 2, of: 99 },
      hidden: [
        { code: "grant_tool_missing", stage: "grant", hop: 1, items: long },
        { code: "policy_denied", stage: "policy", hop: 2, items: ["pay", "read"], failures: [failed] },
        { code: "tool_unguarded", stage: "guard", items: ["early"] },
        {
          ...{ code: "policy_denied", stage: "policy", hop: 0, items: ["read_chart"] },
          ...{ asked: { kind: "chart", action: "read", scope: "acme" }, roles: ["nurse", "clerk"] },
        },
      ],
    });
    expect(children[0]?.children.map(({ text }) => text)).toEqual([
      'hides read_chart: policy_denied (policy): "read" on chart is denied to roles nurse, clerk, in scope "acme"',
    ]);
    const lines = children[1]?.children.map(({ text }) => text) ?? [];
    expect(lines.length).toBeGreaterThan(1);
    expect(long.every((name) => lines.some((line) => line.includes(`${name},`) || line.includes(`${name}:`)))).toBe(
      true,
    );
    for (const line of lines) expect(line).toMatch(/^hides tool_.*: grant_tool_missing \(grant\)$/);
    expect(children[2]?.children.map(({ kind, text }) => [kind, text])).toEqual([
      ["hidden", "hides pay, read: policy_denied (policy)"],
      ["rule", "could not evaluate P.attr.region == 'EMEA': no such key: region"],
    ]);
    expect(children.slice(3).map(({ text }) => text)).toEqual(["hides early: tool_unguarded (guard)", "hides 3 more"]);
  });

  it("of a denial at no hop has the rule and the place beside the hops", () => {
    const { hop: _, ...nowhere } = base;
    const { children } = explain({ ...nowhere, code: "proof_invalid", pointer: "/iat", rule: "iat is near" });
    expect(children.slice(3).map(({ text }) => text)).toEqual(["rule: iat is near", "at /iat"]);
  });

  it("of a record that lacks what it should have says nothing of what is not there", () => {
    const { code: _, message: __, stage: ___, ...bare } = base;
    expect(JSON.stringify(explain({ ...bare, hop: 1 }))).not.toContain("undefined");
    const failed = { hop: 0, kind: "user", id: "alice", effect: "error", reasons: [] } as const;
    const spoken = { ...failed, effect: "deny", rules: ["rule"] } as const;
    for (const verdict of [failed, spoken])
      expect(JSON.stringify(explain({ ...bare, verdicts: [verdict] }))).not.toContain("undefined");
  });

  it("says what a call waits for, and who approved it", () => {
    const approval = { request: "R", reason: "large", approvers: 2, untilSeconds: 1_800_000_000 };
    const { code: _, message: __, stage: ___, hop: ____, ...bare } = base;
    const waits = explain({ ...bare, outcome: "pending", approval });
    expect(waits.text).toBe("send_payment waits for an approval");
    expect(waits.children.at(-1)).toMatchObject({
      kind: "approval",
      text: 'waits for 2 people until 2027-01-15T08:00:00.000Z: "large" (request R)',
    });
    const person = (subject: string) => ({
      approver: { issuer: "https://id.example", subject },
      answeredAtSeconds: 1,
      key: "k",
    });
    const ran = explain({
      ...bare,
      outcome: "allowed",
      approved: { request: "R", by: [person("dana"), person("erin")] },
    });
    expect(ran.children.at(-1)?.text).toBe(
      "approved by dana of https://id.example at 1970-01-01T00:00:01.000Z, erin of https://id.example at 1970-01-01T00:00:01.000Z (request R)",
    );
    const odd = explain({ ...bare, outcome: "pending", approval: { ...approval, untilSeconds: Number.NaN } });
    expect(odd.children.at(-1)?.text).toContain("until ?");
  });

  it.each([
    [["/reason"], "/reason changed"],
    [
      ["/argumentsHash/received", "/resource/attributes/region"],
      "/argumentsHash/received, /resource/attributes/region changed",
    ],
    [
      ["/reason", "/resource/attributes/seen"],
      "/reason, /resource/attributes/seen changed; name the attributes that count in showToApprovers of the tool map, without those that change by themselves",
    ],
  ])("says why the request that a caller named is of another call: %j", (changed, words) => {
    const approval = { request: "R", reason: "large", approvers: 2, untilSeconds: 1_800_000_000 };
    const waits = explain({ ...base, outcome: "pending", approval, other: { request: "Q", changed } });
    expect(waits.children.at(-1)).toMatchObject({
      kind: "approval",
      text: `its caller named request Q, and since that was made ${words}`,
    });
  });

  it("names the hop whose policy asks for an approval", () => {
    const asking = { redact: [], limit: {}, approval: "large" };
    const verdict = { hop: 0, kind: "user", id: "alice", effect: "allow", reasons: [], obligations: asking } as const;
    expect(below({ ...base, code: "approval_required", hop: 0, verdicts: [verdict] }, 0)).toEqual([
      ["obligation", 'asks for an approval first: "large"'],
    ]);
  });
});

describe("the answer of a hop, explained", () => {
  const answered = (verdict: Partial<Explainable["verdicts"][number]>, changed: Partial<Explainable> = {}) => {
    const verdicts = [{ hop: 0, kind: "user", id: "alice", effect: "deny", reasons: [], ...verdict } as const];
    const decision = { ...base, stage: "policy", code: "policy_denied", hop: 0, verdicts, ...changed };
    return [explain(decision).children[0]?.text, below(decision, 0)];
  };
  const known = {
    roles: ["analyst"],
    derivedRoles: ["owner", "payer"],
    policy: "resource.payment",
    rules: ["payment#a", "payment#a", "payment#b"],
    reasons: ["over the limit", "over the limit", "late"],
    cerbosCallId: "01ABC",
  };

  it("is a tree: the decision, the hop, what the policy said with which roles, each rule once, and Cerbos' own id", () => {
    expect(explain({ ...base, hop: 0, verdicts: [] }).kind).toBe("decision");
    expect(explain(base).children.map(({ kind }) => kind)).toEqual(["hop", "hop", "hop"]);
    expect(answered(known)).toEqual([
      'alice  denies "over the limit" (resource.payment)',
      [
        ["policy", "resource.payment denies this to role analyst"],
        ["policy", "derived roles owner, payer"],
        ["rule", 'rule payment#a: "over the limit"'],
        ["rule", 'rule payment#b: "late"'],
        ["policy", "Cerbos call 01ABC"],
      ],
    ]);
  });

  it("has the places of its answers, where Cerbos answered several questions at once", () => {
    expect(answered({ effect: "deny", cerbosCallId: "01ABC", cerbosPositions: [4, 7] })[1]).toContainEqual([
      "policy",
      "Cerbos call 01ABC, at 4 and 7 among its results",
    ]);
  });

  it("says why it may not hand on what it is allowed itself", () => {
    expect(answered({ ...known, effect: "allow", delegation: "deny" })).toEqual([
      "alice  allows this, but not handing it on (resource.payment)",
      [
        ["policy", "derived roles owner, payer"],
        ["rule", 'rule payment#a: "over the limit"'],
        ["rule", 'rule payment#b: "late"'],
        ["policy", "Cerbos call 01ABC"],
      ],
    ]);
  });

  it.each([
    [{ effect: "allow", sees: "some" }, "allows some rows, but not handing it on"],
    [{ effect: "allow", sees: "all" }, "allows every row, but not handing it on"],
    [{ effect: "deny" }, "denies this, and handing it on"],
    [{ effect: "error", problem: "no answer" }, "failed: no answer; denies handing it on"],
  ] as const)("says of %j that it may not hand on, either", (changed, words) => {
    expect(answered({ ...changed, delegation: "deny" })[0]).toBe(`alice  ${words}`);
  });

  it("speaks for itself where it allows, also where it may hand on", () => {
    expect(answered({ ...known, effect: "allow", delegation: "allow" })).toEqual([
      "alice  allows (resource.payment)",
      [],
    ]);
    expect(answered({ ...known, effect: "allow" })).toEqual(["alice  allows (resource.payment)", []]);
  });

  it("has what is known of one that could not be relied on", () => {
    expect(answered({ effect: "error", problem: "it answered another question", cerbosCallId: "01ABC" })).toEqual([
      "alice  failed: it answered another question",
      [["policy", "Cerbos call 01ABC"]],
    ]);
  });

  it("names no policy where Cerbos gave an empty name", () => {
    expect(answered({ roles: ["analyst"], policy: "" })).toEqual([
      "alice  denies",
      [["policy", "no rule allows this to role analyst"]],
    ]);
  });
});

describe("what else is explained", () => {
  it("is each obligation as such", () => {
    const obligations = { redact: ["/iban"], limit: { "/lines": 1 } };
    expect(explain({ ...base, obligations }).children.map(({ kind }) => kind)).toEqual([
      "hop",
      "hop",
      "hop",
      "obligation",
      "obligation",
    ]);
  });

  it("is a hop by its number, where a record names one that its chain does not have", () => {
    expect(below({ ...base, wouldPass: { grantableBy: 7 } }, 2)).toEqual([
      ["would pass", '"hop 7" could hand it over: the nearest hop that has it'],
    ]);
  });
});
