import type { Pdp } from "@hopwise/cerbos";
import { type Denied, operatorView } from "@hopwise/core";
import { modelView } from "@hopwise/core/adapter";
import { anyArguments, grant } from "@hopwise/core/grant";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { denied } from "../support/calls.ts";
import { createWorld, type World } from "../support/world.ts";
import { ALLOW, payAs, pdpWith, saying } from "./small-policies.ts";

/** Outputs of an ALLOW rule that may hold a condition nobody here can fulfil: then the allowance must not stand. */
const NOT_UNDERSTOOD = {
  typo: ["a typo in an obligation", '{"redcat": ["iban"]}', /has "redcat", which this version cannot fulfil/],
  later: ["an obligation of a later version", '{"watermark": true}', /has "watermark"/],
  redact: ["a redaction of a name", '{"redact": ["iban"]}', /the redact of .* is not a list of JSON pointers/],
  mixed: [
    "a list of pointers with a number in it",
    '{"redact": [dyn("/iban"), dyn(5)]}',
    /is not a list of JSON pointers/,
  ],
  limit: ["a limit of half an item", '{"limit": {"": 1.5}}', /the limit of .* is not a map/],
  both: ["a reason and a typo", '{"reason": "fine", "aproval": "cfo"}', /has "aproval"/],
  unfulfilled: [
    "an obligation that nobody here fulfils",
    '{"redact": ["/iban"]}',
    /oblige to change results for "alice"/,
  ],
  number: ["a reason that is a number", '{"reason": 5}', /is not a text/],
  list: ["a list of reasons", '[{"reason": "fine"}]', /is not an object/],
  flag: ["true", "true", /is not an object/],
  nothing: ["null", "null", /is not an object/],
  failed: ["an output that fails", '{"reason": R.attr.nothing.there}', /the output of .* failed/],
} as const;

const DENIED_ANYWAY = {
  denied_typo: saying("DENY", '{"redcat": ["iban"]}'),
  denied_failed: saying("DENY", '{"reason": R.attr.nothing.there}'),
};

const HOSTILE = String.raw`{"reason": "pay\n\u001b[2Jnow\u202E" + R.attr.args.to}`;
const CAP_OF_NOBODY = `{ actions: [send], effect: EFFECT_DENY, roles: ["*"], condition: { match: { expr: R.attr.args.amount > P.attr.cap } } }`;

const KINDS = {
  plain: [ALLOW],
  reasoned: [saying("ALLOW", '{"reason": "fine"}')],
  ...Object.fromEntries(
    Object.entries(NOT_UNDERSTOOD).map(([kind, [, expression]]) => [kind, [saying("ALLOW", expression)]]),
  ),
  ...Object.fromEntries(Object.entries(DENIED_ANYWAY).map(([kind, rule]) => [kind, [ALLOW, rule]])),
  bystander: [
    ALLOW,
    `{ actions: [send], effect: EFFECT_DENY, roles: ["*"], condition: { match: { expr: "false" } }, output: { when: { conditionNotMet: '{"redact": ["iban"]}' } } }`,
  ],
  hostile: [ALLOW, saying("DENY", HOSTILE)],
  endless: [ALLOW, saying("DENY", `{"reason": "${"no ".repeat(400)}"}`)],
  capped: [ALLOW, CAP_OF_NOBODY],
};

let world: World;
let pdp: Pdp;
beforeAll(async () => {
  [world, pdp] = await Promise.all([createWorld(), pdpWith(KINDS)]);
});
afterAll(() => Promise.all([world.pdp.close(), pdp.close()]));

describe("the output of a rule that allows", () => {
  it("may be missing, or a reason", async () => {
    expect((await payAs(world, pdp, "plain")).outcome).toBe("allowed");
    const decision = await payAs(world, pdp, "reasoned");
    expect(decision.outcome).toBe("allowed");
    expect(decision.verdicts.map(({ reasons }) => reasons)).toEqual([["fine"], ["fine"]]);
  });

  it.each(Object.entries(NOT_UNDERSTOOD).map(([kind, [what, , problem]]) => [what, kind, problem] as const))(
    "must not be overlooked where it is %s",
    async (_, kind, problem) => {
      const decision = denied(await payAs(world, pdp, kind));
      expect(decision).toMatchObject({ code: "policy_inconclusive", hop: 0, retryable: false });
      expect(decision.message).toMatch(problem);
      expect(modelView(decision).message, "no policy internals for the model").toBe(
        "The call could not be decided. Report it; trying again does not help.",
      );
    },
  );

  it("counts also where it comes from a rule that did not match", async () => {
    expect(denied(await payAs(world, pdp, "bystander")).code).toBe("policy_inconclusive");
  });
});

describe("the output of a rule that denies", () => {
  it.each(Object.keys(DENIED_ANYWAY))("leaves a denial a denial, whatever is wrong with it: %s", async (kind) => {
    expect(denied(await payAs(world, pdp, kind))).toMatchObject({ code: "policy_denied", hop: 0 });
  });

  it("reaches terminals, logs and models without control characters, line breaks and direction marks", async () => {
    const decision = denied(await payAs(world, pdp, "hostile"));
    expect(decision.reason).toBe("pay [2Jnow Globex");
    const lines = operatorView(decision);
    expect(lines.replaceAll("\n", "")).not.toMatch(/[\p{Cc}\p{Cf}]/u);
    expect(modelView(decision).message).not.toMatch(/[\p{Cc}\p{Cf}]/u);
  });

  it("is cut where it is endless", async () => {
    expect(denied(await payAs(world, pdp, "endless")).reason?.length).toBeLessThan(600);
  });
});

describe("a DENY rule that cannot be evaluated, for want of an attribute,", () => {
  it("denies on the PDP that startPdp starts", async () => {
    expect(denied(await payAs(world, pdp, "capped"))).toMatchObject({ code: "policy_denied", hop: 0 });
  });

  // Cerbos' own default. Its answer carries no trace of the rule that failed, so nothing here can tell; SECURITY.md must say
  // that strict evaluation, or a schema that requires the attribute, is what closes this.
  it("is as good as absent on a PDP without strict evaluation: the call is allowed", async () => {
    const lax = await pdpWith({ capped: KINDS.capped }, { strictEvaluation: false });
    onTestFinished(() => lax.close());
    expect((await payAs(world, lax, "capped")).outcome).toBe("allowed");
  });
});

describe("arguments that do not fit the policies' schema", () => {
  const pay = async (args: object): Promise<Denied> => {
    const held = await world.issuer.issue({
      subject: "alice",
      agent: "planner",
      holder: world.keys.planner,
      grant: grant({ send_payment: anyArguments }),
    });
    const { authorizer, audit } = world.authorizer();
    const session = await authorizer.openSession(held);
    const decision = denied(await session.authorize({ tool: "send_payment", arguments: args }));
    expect(audit.records).toMatchObject([{ outcome: "denied", code: decision.code, hop: 0 }]);
    return decision;
  };

  it.each([
    ["a text for a number", { to: "Globex", amount: "400", currency: "EUR" }, "/args/amount"],
    ["half a cent", { to: "Globex", amount: 400.5, currency: "EUR" }, "/args/amount"],
    ["a negative amount", { to: "Globex", amount: -5, currency: "EUR" }, "/args/amount"],
    ["no amount", { to: "Globex", currency: "EUR" }, "/args"],
    ["an argument too many", { to: "Globex", amount: 5, currency: "EUR", memo: "x" }, "/args"],
  ])("are inconclusive, never allowed, and the place is named: %s", async (_, args, path) => {
    const decision = await pay(args);
    expect(decision).toMatchObject({ code: "policy_inconclusive", retryable: false });
    expect(decision.message).toContain(`does not fit its schema at "${path}"`);
  });

  it("are not repeated in the message or in the record", async () => {
    const decision = await pay({ to: "Globex", amount: -8713, currency: "EUR" });
    expect(JSON.stringify(decision)).not.toContain("8713");
  });
});

describe("a principal that does not fit the policies' schema", () => {
  it("makes the answer inconclusive, at its own hop", async () => {
    const { authorizer } = world.authorizer({ users: { find: () => ({ id: "alice", roles: ["analyst"] }) } });
    const session = await authorizer.openSession(world.planner);
    const call = { tool: "send_payment", arguments: { to: "Globex", amount: 400, currency: "EUR" } };
    const decision = denied(await session.authorize(call));
    expect(decision).toMatchObject({ code: "policy_inconclusive", hop: 0 });
    expect(decision.message).toContain("the principal does not fit its schema");
  });
});
