import { beforeAll, describe, expect, it } from "vitest";
import type { Denied } from "../decision/index.ts";
import { allowing, ISSUER, never, pdpOf } from "../world.fixture.ts";
import { type Admission, admit, type PointRefusal } from "./admission.ts";
import { BY_ALICE, codeOf, createScene, list, type Parts, payment, type Scene, TOOLS } from "./point.fixture.ts";

let scene: Scene;
beforeAll(async () => {
  scene = await createScene();
});

const ITEMS = [{ tool: "send_payment" }, { tool: "read_invoice" }, { tool: "delete_all" }];

/** Policies that show these kinds, and who was asked about what. */
function showing(...kinds: readonly string[]) {
  return pdpOf(({ resources }) =>
    resources.map((it) =>
      allowing(it, { actions: { list: kinds.includes(it.resource.kind) ? "EFFECT_ALLOW" : "EFFECT_DENY" } }),
    ),
  );
}

const listed = async (parts: Parts = {}, items = ITEMS) => {
  const { point, audit, asked } = scene.point(parts);
  return { answer: await list(scene.inSession, items, point), audit, asked };
};

describe("a list", () => {
  it("shows each item whose call could be covered and allowed, in the order that was asked", async () => {
    const { answer } = await listed({ cerbos: showing("invoice").pdp });
    expect(answer).toEqual({ outcome: "listed", shown: [false, true, false] });
  });

  it("asks the policies about nothing that no grant could cover or the tool map does not know", async () => {
    const { pdp, asked } = showing("payment", "invoice");
    const { answer } = await listed({ cerbos: pdp, tools: { send_payment: TOOLS["send_payment"] as never } });
    expect(answer).toMatchObject({ shown: [true, false, false] });
    expect(asked.map(({ resources }) => resources.map(({ resource }) => resource.kind))).toEqual(
      Array(3).fill(["payment"]),
    );
  });

  it("shows a user without agents whatever the policies show", async () => {
    const { point } = scene.point({ tools: { "*": { kind: "any", action: "use", list: "list" } } });
    expect(await list(BY_ALICE, ITEMS, point)).toMatchObject({ shown: [true, true, true] });
  });

  it("is held to the arguments that an item is known to have", async () => {
    const items = [
      { tool: "read_invoice", arguments: { id: "INV-7" } },
      { tool: "read_invoice", arguments: { id: "INV-8" } },
    ];
    const { pdp, asked } = showing("invoice");
    expect((await listed({ cerbos: pdp }, items)).answer).toMatchObject({ shown: [true, false] });
    expect(asked[0]?.resources.map(({ resource }) => resource.id)).toEqual(["INV-7"]);
  });

  it("may itself be ruled on by an entry of the tool map: without it there is nothing to show", async () => {
    const tools = { ...TOOLS, "mcp:tools/list": { kind: "tool_list", action: "show", list: "list" } };
    const open = showing("tool_list", "invoice");
    expect((await listed({ cerbos: open.pdp, tools })).answer).toMatchObject({ shown: [false, true, false] });
    expect((await listed({ cerbos: showing("invoice").pdp, tools })).answer).toMatchObject({
      shown: [false, false, false],
    });
  });

  it("is on record, with how many items were shown of how many, and whom it was for", async () => {
    const { audit } = await listed({ cerbos: showing("invoice").pdp });
    expect(audit.records).toMatchObject([
      {
        tool: "mcp:tools/list",
        outcome: "allowed",
        shown: { items: 1, of: 3 },
        chain: { hops: [{ id: "alice" }, { id: "agent:planner" }, { id: "agent:researcher" }] },
        timings: { context: expect.any(Number), policy: expect.any(Number) },
        context: [{ of: "alice" }, { of: "agent:planner" }, { of: "agent:researcher" }],
      },
    ]);
  });

  it("names its own invocation to the policies, and asks about the handing over", async () => {
    const { pdp, asked } = pdpOf();
    const { audit } = await listed({ cerbos: pdp, delegation: { kind: "delegation", action: "delegate" } });
    expect(asked[0]).toMatchObject({
      principal: { id: "alice" },
      resources: [{ resource: { kind: "delegation", id: "alice->agent:planner" } }, {}, {}],
      requestContext: { annotations: { "hopwise.invocation": audit.records[0]?.invocation } },
    });
  });

  it.each<[string, string, () => Parts]>([
    [
      "the policies are silent",
      "policy_unavailable",
      () => ({ deadlineMs: 20, cerbos: { ...pdpOf().pdp, checkResources: () => never } }),
    ],
    ["the user is unknown", "user_unknown", () => ({ users: { find: () => undefined } })],
    [
      "it cannot be recorded",
      "audit_unavailable",
      () => ({ audit: { record: () => Promise.reject(new Error("full")) } }),
    ],
  ])("is a denial where %s, never an empty list", async (_, code, parts) => {
    const { answer } = await listed(parts());
    expect(codeOf(answer)).toBe(code);
  });

  it("of nothing is an empty list, for a user who is known", async () => {
    const { answer, asked } = await listed({}, []);
    expect(answer).toEqual({ outcome: "listed", shown: [] });
    expect(asked()).toContain("directory");
    expect(asked()).not.toContain("policies");
  });
});

describe("what is no call of a tool", () => {
  const ended = async (tool: string, next: (admitted: Admission) => unknown, parts: Parts = {}) => {
    const { pdp, asked } = showing("payment", "invoice");
    const { point, audit } = scene.point({ cerbos: pdp, ...parts });
    const admitted = await admit({ ...payment(BY_ALICE), tool }, point);
    if (admitted.outcome !== "admitted") throw new Error(`it was ${JSON.stringify(admitted)}`);
    return { end: await next(admitted), asked, audit };
  };

  it("is a list that is asked for like a call, which asks nobody", async () => {
    const { end, asked } = await ended("mcp:tools/list", (admitted) => admitted.decide());
    expect(end).toMatchObject({
      code: "method_unguarded",
      message: '"mcp:tools/list" is a list, which is asked for by its items',
    });
    expect(asked).toEqual([]);
  });

  it("takes the stages of a list, each under its own name", async () => {
    const { audit } = await listed();
    expect(Object.keys(audit.records[0]?.timings ?? {})).toEqual([
      "arguments",
      "token",
      "state",
      "agents",
      "context",
      "policy",
      "total",
    ]);
  });

  it("is refused as what it is to who may see it, or where every server has it; to others as what is not there", async () => {
    const refused = (tool: string, code: PointRefusal["code"] = "server_refused") =>
      ended(tool, (admitted) => admitted.refuse({ code, message: "not here" }));
    const looksDenied = (await refused("mcp:resources/read", "tool_not_served")).end as Denied;
    expect([codeOf(looksDenied), Object.keys(looksDenied.timings).includes("policy")]).toEqual([
      "tool_not_served",
      true,
    ]);
    const operation = await refused("mcp:resources/read");
    expect([codeOf(operation.end as Denied), operation.asked]).toEqual(["server_refused", []]);
    expect(codeOf((await refused("send_payment")).end as Denied)).toBe("server_refused");
    const hidden = await refused("delete_all");
    expect(hidden.end).toMatchObject({
      code: "tool_hidden",
      hop: 0,
      message: 'the caller may not see "delete_all", and is not told that server_refused: not here',
    });
    expect(Object.keys((hidden.end as Denied).timings)).toContain("policy");
  });
});

describe("an item of a list", () => {
  it("that the server does not serve is hidden, whatever the policies say, and no policy is asked about it", async () => {
    const { pdp, asked } = showing("payment", "invoice");
    const { answer, audit } = await listed({ cerbos: pdp }, [
      { tool: "send_payment", hidden: "tool_unguarded" },
      { tool: "read_invoice" },
    ] as never);
    expect(answer).toMatchObject({ shown: [false, true] });
    expect(audit.records[0]?.hidden).toMatchObject([{ code: "tool_unguarded", items: ["send_payment"] }]);
    expect(asked[0]?.resources).toHaveLength(1);
  });

  it("that no grant covers is hidden as that, also where the tool map does not know it", async () => {
    const { answer, audit } = await listed();
    expect(answer).toMatchObject({ shown: [true, true, false] });
    expect(audit.records[0]?.hidden).toMatchObject([{ code: "grant_tool_missing", items: ["delete_all"] }]);
  });

  it("is placed by what is known of its arguments, and by nothing that a function can change", async () => {
    const seen: unknown[] = [];
    const scope = (query: { readonly arguments: object }) => {
      seen.push(query);
      expect(Object.isFrozen(query.arguments)).toBe(true);
      return "emea";
    };
    const tools = { read_invoice: { ...TOOLS["read_invoice"], scope } };
    await listed({ tools: tools as never }, [{ tool: "read_invoice", arguments: { id: "INV-7" } }] as never);
    expect(seen).toEqual([{ tool: "read_invoice", arguments: { id: "INV-7" }, tenant: ISSUER }]);
  });

  it("cannot be told of where a function of the tool map does not answer: then there is no list", async () => {
    const tools = { read_invoice: { ...TOOLS["read_invoice"], scope: () => never } };
    const { answer } = await listed({ tools: tools as never, deadlineMs: 20 });
    expect(answer).toMatchObject({
      code: "context_unavailable",
      message: expect.stringContaining("no answer within 20 ms"),
    });
  });
});

it("what the host adds to a question is asked for the list itself", async () => {
  const queries: unknown[] = [];
  await listed({ auxData: (query) => void queries.push(query) });
  expect(queries[0]).toMatchObject({ tool: "mcp:tools/list", arguments: {}, tenant: ISSUER });
});
