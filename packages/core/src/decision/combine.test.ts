import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { HopwiseError, refusalOf } from "../errors.ts";
import type { HopVerdict } from "./check-hops.ts";
import { combineVerdicts, refuseOwed } from "./combine.ts";

type Said = Partial<HopVerdict>;

/** Verdicts of a chain, of which each hop said something. */
const chain = (...said: readonly Said[]): HopVerdict[] =>
  said.map((own, hop) => ({
    hop,
    kind: hop === 0 ? "user" : "agent",
    id: `hop${hop}`,
    effect: "allow",
    reasons: [],
    ...own,
  }));

const allow: Said = { delegation: "allow" };
const last: Said = {};
const deny: Said = { effect: "deny", delegation: "allow", reasons: ["over the limit", "second"] };
const noHandingOver: Said = { delegation: "deny", reasons: ["not to interns"], delegationReason: "not to interns" };
const unclear: Said = { effect: "error", problem: "it answered another question" };
const unclearEdge: Said = { delegation: "error", problem: "unclear" };
const never: Said = { effect: "error", problem: "3 INVALID_ARGUMENT", refused: true };
const away: Said = { effect: "error", problem: "14 UNAVAILABLE", unavailable: true };

describe("all verdicts together", () => {
  it.each<[string, HopVerdict[], string | undefined, number | undefined]>([
    ["allow where every hop allows", chain(allow, allow, last), undefined, undefined],
    ["allow a user without agents", chain(last), undefined, undefined],
    ["allow where handing over is not asked about", chain(last, last), undefined, undefined],
    ["are inconclusive where no hop was asked", [], "policy_inconclusive", 0],
    ["deny where the user is denied", chain(deny, allow, last), "policy_denied", 0],
    ["deny where an agent in the middle is denied", chain(allow, deny, last), "policy_denied", 1],
    ["deny where the last agent is denied", chain(allow, allow, deny), "policy_denied", 2],
    ["deny where somebody may not hand over", chain(allow, noHandingOver, last), "delegation_denied", 1],
    ["are unavailable where a hop could not be asked", chain(allow, away, last), "policy_unavailable", 1],
    ["are inconclusive where an answer is unclear", chain(allow, unclear), "policy_inconclusive", 1],
    ["are inconclusive where a handing over is unclear", chain(unclearEdge, last), "policy_inconclusive", 0],
    [
      "ask nobody to approve what another hop denies",
      chain({ obligations: { redact: [], limit: {}, approval: "large" } }, deny),
      "policy_denied",
      1,
    ],
    ["name the first hop that does not allow", chain(allow, noHandingOver, deny), "delegation_denied", 1],
    ["name an outage before a later denial", chain(away, deny), "policy_unavailable", 0],
    ["name an outage before an earlier denial", chain(deny, away), "policy_unavailable", 1],
    ["name a request that Cerbos never takes", chain(allow, never), "policy_request_refused", 1],
    [
      "do not trust a denial whose handing over is unclear",
      chain({ ...deny, delegation: "error" }),
      "policy_inconclusive",
      0,
    ],
    [
      "deny where both the call and the handing over are denied",
      chain({ ...deny, delegation: "deny" }),
      "policy_denied",
      0,
    ],
  ])("%s", (_, verdicts, code, hop) => {
    expect([combineVerdicts(verdicts)?.code, combineVerdicts(verdicts)?.hop]).toEqual([code, hop]);
  });

  it.each<[string, Said, string]>([
    ["a denial", deny, 'policy does not allow this to "hop0"'],
    [
      "a handing over that is denied",
      noHandingOver,
      'no policy lets "hop0" hand authority to the next hop; where the policies do not rule on delegation, set delegation: "grants-only"',
    ],
    ["an outage", away, 'the policies could not be asked about "hop0": 14 UNAVAILABLE'],
    [
      "a request that is not taken",
      { effect: "error", reasons: [], refused: true, problem: "3 INVALID_ARGUMENT" },
      'Cerbos takes no such request about "hop0": 3 INVALID_ARGUMENT',
    ],
    [
      "an answer that is unclear",
      unclear,
      'the policies\' answer about "hop0" cannot be relied on: it answered another question',
    ],
  ])("say in the message of %s whom it is about, and what went wrong", (_, said, message) => {
    expect(combineVerdicts(chain(said))?.message).toBe(message);
  });

  it("say in the message of a handing over that is denied what the policies were asked, and why where they say it", () => {
    const delegation = { kind: "delegation", action: "delegate" };
    const verdicts = chain(
      { ...noHandingOver, reasons: ["call fits", "not to interns"], rules: ["call", "edge"] },
      last,
    );
    expect(combineVerdicts(verdicts, { delegation })).toMatchObject({
      message: expect.stringContaining('("delegate" on the kind "delegation" is not allowed)'),
      reason: "not to interns",
      rule: "edge",
    });
    const unsaid = combineVerdicts(chain({ delegation: "deny", reasons: ["call fits"], rules: ["call"] }));
    expect(unsaid?.message).not.toContain("is not allowed");
    for (const member of ["reason", "rule"]) expect(unsaid).not.toHaveProperty(member);
    expect(combineVerdicts(verdicts, { delegation: "grants-only" })?.message).not.toContain("is not allowed");
  });

  it("count for nothing about a resource that is not there, but for an outage", () => {
    const notThere = new HopwiseError("resource_unknown", "no such resource", { hop: 0 });
    for (const said of [[allow], [allow, deny], [deny], [unclear], [never], [noHandingOver, last], [unclearEdge, last]])
      expect(combineVerdicts(chain(...said), { notThere })).toBe(notThere);
    expect(combineVerdicts(chain(allow, away), { notThere })).toMatchObject({ code: "policy_unavailable", hop: 1 });
    expect(combineVerdicts([], { notThere })).toMatchObject({ code: "policy_inconclusive" });
  });

  it("say in the message that no hop was asked", () => {
    expect(combineVerdicts([])?.message).toBe("no hop was asked");
  });

  it("give the first reason of a denial, and none of what is no denial", () => {
    expect(combineVerdicts(chain(deny))).toMatchObject({ reason: "over the limit" });
    expect(combineVerdicts(chain(noHandingOver))).toMatchObject({ reason: "not to interns" });
    expect(combineVerdicts(chain({ ...deny, reasons: [] }))).not.toHaveProperty("reason");
    expect(combineVerdicts(chain({ ...away, reasons: ["x"] }))).not.toHaveProperty("reason");
  });

  it("allow if and only if every single hop allows, and so never more for a longer chain", () => {
    const verdict: fc.Arbitrary<Said> = fc.constantFrom(
      allow,
      allow,
      allow,
      last,
      deny,
      noHandingOver,
      unclear,
      unclearEdge,
      away,
    );
    fc.assert(
      fc.property(fc.array(verdict, { minLength: 1, maxLength: 6 }), fc.nat({ max: 5 }), (said, cut) => {
        const whole = combineVerdicts(chain(...said)) === undefined;
        const single = said.every((own) => combineVerdicts(chain(own)) === undefined);
        const shorter = combineVerdicts(chain(...said.slice(0, 1 + (cut % said.length)))) === undefined;
        return whole === single && (!whole || shorter);
      }),
      { numRuns: 2000 },
    );
  });
});

describe("a denial of all verdicts together", () => {
  it("names the rule that gave the reason, and none where Cerbos named none", () => {
    const rules = ["resource.payment.v1#limit", "resource.payment.v1#second"];
    expect(combineVerdicts(chain({ ...deny, rules }))).toMatchObject({ reason: "over the limit", rule: rules[0] });
    expect(combineVerdicts(chain({ ...noHandingOver, rules }))).toMatchObject({ rule: rules[0] });
    expect(combineVerdicts(chain({ ...deny, rules: [] }))).not.toHaveProperty("rule");
    expect(combineVerdicts(chain(deny))).not.toHaveProperty("rule");
    expect(combineVerdicts(chain({ ...deny, reasons: [], rules }))).not.toHaveProperty("rule");
  });
});

describe("a tool that gives rows", () => {
  it("is not allowed where the enforcement point does not say that it shows those alone that passed", () => {
    const verdicts = chain(allow, allow);
    for (const filters of [undefined, false] as const) {
      const refusal = refuseOwed(verdicts, { fulfils: true, ...(filters === undefined ? {} : { filters }) }, true);
      expect(refusal).toMatchObject({ code: "policy_inconclusive", hop: 0 });
      expect(refusal?.message).toMatch(/^the tool gives rows, and this enforcement point does not say/);
    }
    expect(refuseOwed(verdicts, { fulfils: true, filters: true }, true)).toBeUndefined();
    expect(refuseOwed(verdicts, { fulfils: true }, false)).toBeUndefined();
  });
});

describe("an obligation that changes results", () => {
  const owing: Said = { obligations: { redact: ["/iban"], limit: {} } };
  const limiting: Said = { obligations: { redact: [], limit: { "": 10 } } };

  it("is no allowance where the enforcement point does not say that it does it: the first hop that obliges is named", () => {
    for (const said of [owing, limiting]) {
      const refusal = refuseOwed(chain(allow, said, owing), { fulfils: false });
      expect(refusal && refusalOf(refusal)).toEqual({
        code: "policy_inconclusive",
        hop: 1,
        message:
          'the policies oblige to change results for "hop1", and this enforcement point does not say that it does; run the call by runCall of @hopwise/core/running, and say so with fulfils: true',
      });
    }
  });

  it("is no allowance where the result would not be what the tool announces: the hop that obliges to that is named", () => {
    const outputSchema = { type: "object", properties: { iban: {}, name: { type: "string" } }, required: ["name"] };
    const fulfils = { fulfils: true, outputSchema };
    expect(refuseOwed(chain(allow, owing), fulfils)).toBeUndefined();
    const named: Said = { obligations: { redact: ["/name"], limit: {} } };
    const refusal = refuseOwed(chain(owing, named, limiting), fulfils);
    expect(refusal && refusalOf(refusal)).toEqual({
      code: "policy_inconclusive",
      hop: 1,
      message: expect.stringMatching(
        /for "hop1", which would then not be what the tool's output schema announces: .*; let the schema allow.*; mayChange of guard, and of guardTransport, does that$/,
      ),
    });
    expect(refuseOwed(chain(allow), { fulfils: true, outputSchema: null })).toBeUndefined();
    expect(refuseOwed(chain(owing), { fulfils: true, outputSchema: null })?.message).toContain("it could not be read");
  });

  it("stands in the way of nothing where the enforcement point does it, or where nothing has to be changed", () => {
    expect(refuseOwed(chain(owing, limiting), { fulfils: true })).toBeUndefined();
    expect(refuseOwed(chain(allow, last), { fulfils: false })).toBeUndefined();
    expect(
      refuseOwed(chain({ obligations: { redact: [], limit: {}, approval: "large" } }), { fulfils: false }),
    ).toBeUndefined();
    expect(refuseOwed([], { fulfils: false })).toBeUndefined();
  });
});
