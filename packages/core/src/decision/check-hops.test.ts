import type { CheckResourcesRequest, Principal, Resource } from "@cerbos/core";
import { describe, expect, it } from "vitest";
import { HopwiseError } from "../errors.ts";
import type { Hop } from "../principal/index.ts";
import { allowAll, allowing, never, pdpOf, type Result } from "../world.fixture.ts";
import { checkHops, type HopQuestion, type HopVerdict } from "./check-hops.ts";
import { combineVerdicts } from "./combine.ts";
import type { Edge } from "./hop-request.ts";
import type { PolicyDecisionPoint } from "./pdp.ts";

const DEADLINE = 20;
const hops: readonly Hop[] = [
  { kind: "user", id: "alice" },
  { kind: "agent", id: "agent:planner" },
];
const principals: readonly Principal[] = [
  { id: "alice", roles: ["analyst"], attr: {} },
  { id: "agent:planner", roles: ["finance_agent"], attr: {} },
];
const resource: Resource = { kind: "payment", id: "p1", attr: { args: { amount: 900 } } };
const edge: Edge = { action: "delegate", resource: { kind: "delegation", id: "alice->agent:planner", attr: {} } };
const question: HopQuestion = {
  hops,
  principals,
  resource,
  action: "send",
  edges: [edge],
  invocation: "inv",
  chainId: "chain",
};

const denied = (action: string): Result => ({ actions: { [action]: "EFFECT_DENY" } });
/** The verdict of the user, whose answer is changed, and what all verdicts together mean. */
async function verdictOf(results: (request: CheckResourcesRequest) => unknown) {
  const { pdp } = pdpOf((request) => (request.principal.id === "alice" ? results(request) : allowAll(request)));
  const verdicts = await checkHops(pdp, question, DEADLINE);
  expect(verdicts).toHaveLength(2);
  return { ...(verdicts[0] as HopVerdict), code: combineVerdicts(verdicts)?.code };
}

describe("asking the policies of every hop", () => {
  it("asks once for each, with its own principal, the same resource, and the handing over where there is one", async () => {
    const { pdp, asked } = pdpOf();
    const verdicts = await checkHops(pdp, question, DEADLINE);
    expect(asked.map(({ principal }) => principal)).toEqual(principals);
    expect(asked.map(({ resources }) => resources)).toEqual([
      [
        { resource, actions: ["send"] },
        { resource: edge.resource, actions: ["delegate"] },
      ],
      [{ resource, actions: ["send"] }],
    ]);
    expect(asked.map(({ requestContext }) => requestContext?.annotations)).toEqual([
      { "hopwise.invocation": "inv", "hopwise.hop": 0, "hopwise.chain": "chain" },
      { "hopwise.invocation": "inv", "hopwise.hop": 1, "hopwise.chain": "chain" },
    ]);
    expect(asked.map(({ includeMetadata, requestId }) => [includeMetadata, requestId])).toEqual([
      [true, "inv-0"],
      [true, "inv-1"],
    ]);
    expect(verdicts).toStrictEqual([
      {
        hop: 0,
        ...hops[0],
        effect: "allow",
        delegation: "allow",
        reasons: [],
        roles: ["analyst"],
        policy: "resource.payment",
        cerbosCallId: "call",
      },
      {
        hop: 1,
        ...hops[1],
        effect: "allow",
        reasons: [],
        roles: ["finance_agent"],
        policy: "resource.payment",
        cerbosCallId: "call",
      },
    ]);
  });

  it.each([
    ["has the places of its answers in a shared check", [4, 7], [4, 7]],
    ["has no place that is none", ["4", 1.5, -1], undefined],
    ["has no places that are no list", 4, undefined],
    ["has none where the check was its own", undefined, undefined],
  ])("%s", async (_, given, place) => {
    const { pdp } = pdpOf();
    const sharing: PolicyDecisionPoint = {
      ...pdp,
      checkResources: async (request) => Object.assign(await pdp.checkResources(request), { cerbosPositions: given }),
    };
    const [first] = await checkHops(sharing, question, DEADLINE);
    expect(first?.cerbosPositions).toEqual(place);
    expect(Object.hasOwn(first ?? {}, "cerbosPositions")).toBe(place !== undefined);
  });

  it("is inconclusive, and not away, where an answer was there and cannot be relied on", async () => {
    const { pdp } = pdpOf();
    const checkResources = async (): Promise<never> => {
      throw new HopwiseError("policy_inconclusive", "it answered another question");
    };
    const verdicts = await checkHops({ ...pdp, checkResources }, question, DEADLINE);
    expect(verdicts[0]).toMatchObject({ effect: "error", problem: "it answered another question" });
    expect(combineVerdicts(verdicts)?.code).toBe("policy_inconclusive");
  });

  it("names no chain where there is none", async () => {
    const { pdp, asked } = pdpOf();
    await checkHops(pdp, { ...question, chainId: undefined }, DEADLINE);
    expect(asked[0]?.requestContext?.annotations).toStrictEqual({ "hopwise.invocation": "inv", "hopwise.hop": 0 });
  });

  it("tells what Cerbos says of how it decided: policy, scope, derived roles, and the rules that spoke", async () => {
    const { pdp } = pdpOf(({ resources }) =>
      resources.map((asked) =>
        allowing(asked, {
          outputs: [{ action: "send", source: "resource.payment#large", value: { reason: "r", redact: ["/iban"] } }],
          metadata: {
            actions: { send: { matchedPolicy: "resource.payment", matchedScope: "acme" } },
            effectiveDerivedRoles: ["owner"],
          },
        }),
      ),
    );
    const [, last] = await checkHops(pdp, question, DEADLINE);
    expect(last).toMatchObject({
      policy: "resource.payment",
      scope: "acme",
      derivedRoles: ["owner"],
      reasons: ["r"],
      rules: ["resource.payment#large"],
      obligations: { redact: ["/iban"], limit: {} },
    });
  });

  it.each<[string, Result]>([
    ["no metadata", { metadata: undefined }],
    ["metadata of no action", { metadata: { actions: {} } }],
  ])("names no policy where the answer has %s", async (_, changed) => {
    const { pdp } = pdpOf(({ resources }) => resources.map((asked) => allowing(asked, changed)));
    const [, last] = await checkHops(pdp, question, DEADLINE);
    expect(last).toStrictEqual({
      hop: 1,
      ...hops[1],
      roles: ["finance_agent"],
      effect: "allow",
      reasons: [],
      cerbosCallId: "call",
    });
  });

  it("relies on no answer that was given to another hop, though it is about the same resource", async () => {
    const { pdp } = pdpOf();
    const answers = new Map<string, Awaited<ReturnType<PolicyDecisionPoint["checkResources"]>>>();
    // What a decision point would do that mixes up two requests: the agent gets the user's answer.
    const mixing: PolicyDecisionPoint = {
      ...pdp,
      checkResources: async (request, options) => {
        const own = Object.assign(await pdp.checkResources(request, options), { requestId: request.requestId });
        answers.set(request.principal.id, own);
        return request.principal.id === "alice" ? own : (answers.get("alice") ?? own);
      },
    };
    const { edges: _, ...alike } = question;
    const verdicts = await checkHops(mixing, alike, DEADLINE);
    expect(verdicts.map(({ effect, problem }) => [effect, problem])).toEqual([
      ["allow", undefined],
      ["error", "it answered another request"],
    ]);
  });

  it("never puts the roles of two hops into one request", async () => {
    const { pdp, asked } = pdpOf();
    await checkHops(pdp, question, DEADLINE);
    expect(asked.map(({ principal }) => principal.roles)).toEqual([["analyst"], ["finance_agent"]]);
  });

  it("keeps a denial of the call and one of the handing over apart", async () => {
    expect(
      await verdictOf(({ resources: [call, handing] }) => [
        allowing(call as never, denied("send")),
        allowing(handing as never),
      ]),
    ).toMatchObject({ effect: "deny", delegation: "allow", code: "policy_denied" });
    expect(
      await verdictOf(({ resources: [call, handing] }) => [
        allowing(call as never),
        allowing(handing as never, denied("delegate")),
      ]),
    ).toMatchObject({ effect: "allow", delegation: "deny", code: "delegation_denied" });
  });

  it("reads the answers by position where two have the same kind and id", async () => {
    const same: HopQuestion = { ...question, action: "delegate", resource: { ...edge.resource, attr: { args: {} } } };
    for (const [call, handing] of [
      ["ALLOW", "DENY"],
      ["DENY", "ALLOW"],
    ] as const) {
      const { pdp } = pdpOf(({ resources }) =>
        resources.map((asked, i) => allowing(asked, { actions: { delegate: `EFFECT_${i === 0 ? call : handing}` } })),
      );
      const [verdict] = await checkHops(pdp, same, DEADLINE);
      expect(verdict).toMatchObject({ effect: call.toLowerCase(), delegation: handing.toLowerCase() });
    }
  });

  it.each<[string, (request: CheckResourcesRequest) => unknown]>([
    ["out of order", (request) => allowAll(request).reverse()],
    ["too few", (request) => allowAll(request).slice(0, 1)],
    ["none", () => []],
    ["too many", (request) => [...allowAll(request), allowing(request.resources[0] as never)]],
    [
      "of another kind",
      ({ resources }) => resources.map((asked) => allowing(asked, { resource: { kind: "x", id: asked.resource.id } })),
    ],
    [
      "of another id",
      ({ resources }) =>
        resources.map((asked) => allowing(asked, { resource: { kind: asked.resource.kind, id: "x" } })),
    ],
    ["without the action", ({ resources }) => resources.map((asked) => allowing(asked, { actions: {} }))],
    [
      "of another action",
      ({ resources }) => resources.map((asked) => allowing(asked, { actions: { other: "EFFECT_ALLOW" } })),
    ],
    [
      "of no effect",
      ({ resources }) =>
        resources.map((asked) =>
          allowing(asked, { actions: { send: "EFFECT_UNSPECIFIED", delegate: "EFFECT_NO_MATCH" } }),
        ),
    ],
    [
      "true for an effect",
      ({ resources }) => resources.map((asked) => allowing(asked, { actions: { send: true, delegate: true } })),
    ],
    [
      "with a principal that does not fit its schema",
      ({ resources }) =>
        resources.map((asked) =>
          allowing(asked, { validationErrors: [{ path: "/a", message: "m", source: "SOURCE_PRINCIPAL" }] }),
        ),
    ],
    [
      "with a resource that does not fit its schema",
      ({ resources }) =>
        resources.map((asked) =>
          allowing(asked, { validationErrors: [{ path: "/a", message: "m", source: "SOURCE_RESOURCE" }] }),
        ),
    ],
    [
      "with an obligation that cannot be fulfilled",
      ({ resources }) =>
        resources.map((asked) => allowing(asked, { outputs: [{ source: "r", value: { redact: ["iban"] } }] })),
    ],
    [
      "with a typo in an output",
      ({ resources }) =>
        resources.map((asked) =>
          allowing(asked, { outputs: [{ source: "r", value: { reason: "ok", redcat: ["iban"] } }] }),
        ),
    ],
    [
      "with an output that failed",
      ({ resources }) => resources.map((asked) => allowing(asked, { outputs: [{ source: "r", value: undefined }] })),
    ],
  ])("does not take answers that are %s for an allowance", async (_, results) => {
    const verdict = await verdictOf(results);
    expect(verdict).toMatchObject({ effect: "error", code: "policy_inconclusive" });
    expect(verdict.problem).toBeTruthy();
    expect(verdict.unavailable).toBeUndefined();
  });

  it("says what is wrong with the answer about the call, else with that about the handing over", async () => {
    const other = { resource: { kind: "x", id: "x" } };
    const neither = { actions: {} };
    const problemOf = async (call: Result, handing: Result) => {
      const { problem } = await verdictOf(({ resources }) => [
        allowing(resources[0] as never, call),
        allowing(resources[1] as never, handing),
      ]);
      return problem;
    };
    expect(await problemOf(other, {})).toBe("it answered another question");
    expect(await problemOf({}, neither)).toBe("it gave neither allow nor deny");
    expect(await problemOf(other, neither)).toBe("it answered another question");
  });

  it.each<[string, string, string, string]>([
    [
      "a principal",
      "SOURCE_PRINCIPAL",
      "expected object, but got string",
      'the principal does not fit its schema at "/a": expected object, but got string',
    ],
    [
      "a resource",
      "SOURCE_RESOURCE",
      "expected string, but got number",
      'the resource does not fit its schema at "/a": expected string, but got number',
    ],
    [
      "a resource, without control characters",
      "SOURCE_RESOURCE",
      "additionalProperties \u001b[31m'x' not allowed",
      "the resource does not fit its schema at \"/a\": additionalProperties  [31m'x' not allowed",
    ],
    [
      "a resource, without a value that is quoted",
      "SOURCE_RESOURCE",
      "'DE00 1234' does not match pattern",
      'the resource does not fit its schema at "/a"',
    ],
    [
      "a resource, without a value that is quoted first",
      "SOURCE_RESOURCE",
      "'DE00 expected 1' is not valid",
      'the resource does not fit its schema at "/a"',
    ],
  ])("says where the schema does not fit %s", async (_, source, message, problem) => {
    const verdict = await verdictOf(({ resources }) =>
      resources.map((asked) => allowing(asked, { validationErrors: [{ path: "/a", message, source }] })),
    );
    expect(verdict.problem).toBe(problem);
  });

  it("does not take an effect that an object inherits", async () => {
    const { pdp } = pdpOf(({ resources }) => resources.map((asked) => allowing(asked, { actions: {} })));
    const [verdict] = await checkHops(pdp, { ...question, action: "toString" }, DEADLINE);
    expect(verdict?.effect).toBe("error");
  });

  it.each<[string, unknown]>([
    ["nothing", undefined],
    ["null", null],
    ["a text", "EFFECT_ALLOW"],
    ["a list of null", [null, null]],
    ["a list of texts", ["EFFECT_ALLOW", "EFFECT_ALLOW"]],
    ["results without a resource", [{ actions: { send: "EFFECT_ALLOW" } }, {}]],
    ["results without lists", [{ resource: { kind: "payment", id: "p1" }, actions: { send: "EFFECT_ALLOW" } }, {}]],
  ])("is closed and does not crash where the answer is %s", async (_, results) => {
    const verdict = await verdictOf(() => results);
    expect(verdict.effect).toBe("error");
    expect(verdict.code).toMatch(/^policy_(unavailable|inconclusive)$/);
  });

  it("keeps the reasons of a denial although another output cannot be read", async () => {
    const outputs = [
      { source: "r", value: { reason: "over the limit" } },
      { source: "s", value: 1 },
    ];
    const verdict = await verdictOf(({ resources }) =>
      resources.map((asked) => allowing(asked, { ...denied("send"), outputs })),
    );
    expect(verdict).toMatchObject({ effect: "deny", reasons: ["over the limit"] });
  });

  it("gives the reasons of the call first, then those of the handing over", async () => {
    const verdict = await verdictOf(({ resources }) =>
      resources.map((asked, i) => allowing(asked, { outputs: [{ source: "r", value: { reason: `reason ${i}` } }] })),
    );
    expect(verdict).toMatchObject({ effect: "allow", delegation: "allow", reasons: ["reason 0", "reason 1"] });
  });
});

describe("a request that a decision point does not take", () => {
  const rejecting = (code: number, details: string): PolicyDecisionPoint => {
    const reject = () =>
      Promise.reject(Object.assign(new Error(`gRPC error ${code}: ${details}`), { name: "NotOK", code, details }));
    return { checkResources: reject, planResources: reject };
  };

  it.each<[number, string]>([
    [3, "validation error: resources[0].resource.id: value is required"],
    [11, "out of range"],
    [8, "grpc: received message larger than max (5000099 vs. 4194304)"],
    [8, "Attempted to send message with a size larger than 4194304"],
    [13, "Request message serialization failure: not a string"],
  ])("is refused for good, and no outage: %i, %s", async (code, details) => {
    const [verdict] = await checkHops(rejecting(code, details), question, DEADLINE);
    expect(verdict).toMatchObject({ effect: "error", refused: true, problem: expect.stringContaining(details) });
    expect(verdict).not.toHaveProperty("unavailable");
  });

  it.each<[number, string]>([
    [8, "too many requests"],
    [14, "connection refused"],
    [13, "an internal error"],
    [4, "deadline exceeded"],
  ])("is none where it may be taken another time: %i, %s", async (code, details) => {
    const [verdict] = await checkHops(rejecting(code, details), question, DEADLINE);
    expect(verdict).toMatchObject({ effect: "error", unavailable: true });
    expect(verdict).not.toHaveProperty("refused");
  });
});

describe("a decision point that is not there", () => {
  const failing = (fail: () => never | Promise<never>): PolicyDecisionPoint => ({
    checkResources: fail,
    planResources: () => never,
  });

  it.each<[string, PolicyDecisionPoint]>([
    [
      "rejects",
      failing(async () => {
        throw new Error("14 UNAVAILABLE");
      }),
    ],
    [
      "throws at once",
      failing(() => {
        throw new Error("14 UNAVAILABLE");
      }),
    ],
    [
      "throws what is no error",
      failing(() => {
        throw "14 UNAVAILABLE";
      }),
    ],
  ])("is unavailable for every hop where it %s", async (_, pdp) => {
    const verdicts = await checkHops(pdp, question, DEADLINE);
    expect(verdicts[0]?.problem).toMatch(/^(14 UNAVAILABLE|the policy decision point failed)$/);
    expect(verdicts).toMatchObject([
      { hop: 0, id: "alice", effect: "error", unavailable: true, reasons: [] },
      { hop: 1, id: "agent:planner", effect: "error", unavailable: true, reasons: [] },
    ]);
    expect(combineVerdicts(verdicts)?.code).toBe("policy_unavailable");
  });

  it("ends with the deadline where it hangs, whether or not it listens to the signal", async () => {
    const { pdp, signals } = pdpOf(() => never);
    const verdicts = await checkHops(pdp, question, DEADLINE);
    expect(verdicts.map(({ effect, unavailable }) => [effect, unavailable])).toEqual([
      ["error", true],
      ["error", true],
    ]);
    expect(verdicts[0]?.problem).toContain(`${DEADLINE} ms`);
    expect(signals.map((signal) => signal?.aborted)).toEqual([true, true]);
  });

  it("does not take the answers of the others with it where it hangs for one hop", async () => {
    const { pdp } = pdpOf((request) => (request.principal.id === "alice" ? allowAll(request) : never));
    const verdicts = await checkHops(pdp, question, DEADLINE);
    expect(verdicts).toMatchObject([{ effect: "allow" }, { effect: "error", unavailable: true }]);
    expect(combineVerdicts(verdicts)).toMatchObject({ code: "policy_unavailable", hop: 1 });
  });

  it("does not answer late: what comes after the deadline changes nothing", async () => {
    let answer: (results: Result[]) => void = () => {};
    const { pdp, asked } = pdpOf(
      () =>
        new Promise((resolve) => {
          answer = resolve;
        }),
    );
    const verdicts = await checkHops(pdp, { ...question, hops: hops.slice(0, 1) }, DEADLINE);
    answer(allowAll(asked[0] as CheckResourcesRequest));
    await Promise.resolve();
    expect(verdicts[0]?.effect).toBe("error");
  });

  it("that refuses the request for its schema is not unavailable: asking again will not help", async () => {
    const fault = Object.assign(new Error("schema"), { validationErrors: [] });
    const verdicts = await checkHops(
      failing(() => {
        throw fault;
      }),
      question,
      DEADLINE,
    );
    expect(combineVerdicts(verdicts)?.code).toBe("policy_inconclusive");
    expect(verdicts[0]?.problem).toBe("the request does not fit a policy's schema");
  });
});

describe("an answer, as it is kept", () => {
  const outputs = [{ source: "r", value: { redact: ["/iban"] } }];

  it("has the obligations of the call, those of the handing over, or both together", async () => {
    const obligationsOf = async (call: Result, handing: Result) =>
      (
        await verdictOf(({ resources }) => [
          allowing(resources[0] as never, call),
          allowing(resources[1] as never, handing),
        ])
      ).obligations;
    const others = [{ source: "r", value: { limit: { "/lines": 3 } } }];
    expect(await obligationsOf({ outputs }, {})).toEqual({ redact: ["/iban"], limit: {} });
    expect(await obligationsOf({}, { outputs })).toEqual({ redact: ["/iban"], limit: {} });
    expect(await obligationsOf({ outputs: others }, { outputs })).toEqual({
      redact: ["/iban"],
      limit: { "/lines": 3 },
    });
    expect(await obligationsOf({}, {})).toBeUndefined();
  });

  it("has no derived roles where there are none, and no rules where it cannot be read", async () => {
    const { pdp } = pdpOf(({ resources }) =>
      resources.map((asked) => allowing(asked, { metadata: { actions: {}, effectiveDerivedRoles: [] } })),
    );
    const [verdict] = await checkHops(pdp, question, DEADLINE);
    expect(verdict).not.toHaveProperty("derivedRoles");
    const unreadable = await verdictOf(({ resources }) => resources.map((asked) => allowing(asked, { actions: {} })));
    expect(unreadable).not.toHaveProperty("rules");
    expect(unreadable.reasons).toEqual([]);
  });

  it("is unreadable, and no outage, where a result is missing in its place", async () => {
    const verdict = await verdictOf(() => [undefined, undefined]);
    expect(verdict).toMatchObject({ problem: "it answered another question", code: "policy_inconclusive" });
  });

  it("has the reason of a handing over that is denied beside those of the call, and of one that is allowed none", async () => {
    const reasonOf = async (effect: string, reason: string | undefined) => {
      const spoken = reason === undefined ? [] : [{ source: "edge", action: "delegate", value: { reason } }];
      const said = [{ source: "call", action: "send", value: { reason: "call fits" } }];
      return verdictOf(({ resources: [call, handing] }) => [
        allowing(call as never, { outputs: said }),
        allowing(handing as never, { outputs: spoken, actions: { delegate: effect } }),
      ]);
    };
    expect(await reasonOf("EFFECT_DENY", "not to interns")).toMatchObject({
      reasons: ["call fits", "not to interns"],
      delegationReason: "not to interns",
    });
    expect(await reasonOf("EFFECT_ALLOW", "to anybody")).not.toHaveProperty("delegationReason");
    expect(await reasonOf("EFFECT_DENY", undefined)).not.toHaveProperty("delegationReason");
  });

  it("comes with the headers that whoever watches hands on", async () => {
    const given: unknown[] = [];
    const { pdp } = pdpOf();
    const watched: PolicyDecisionPoint = {
      ...pdp,
      checkResources: (request, options) => {
        given.push(options?.headers);
        return pdp.checkResources(request, options);
      },
    };
    const seen: unknown[] = [];
    await checkHops(watched, question, DEADLINE, (hop, ask) => {
      seen.push([hop.hop, hop.kind, hop.id]);
      return ask({ traceparent: `00-${hop.hop}` });
    });
    expect(seen).toEqual([
      [0, "user", "alice"],
      [1, "agent", "agent:planner"],
    ]);
    expect(given).toEqual([{ traceparent: "00-0" }, { traceparent: "00-1" }]);
  });
});
