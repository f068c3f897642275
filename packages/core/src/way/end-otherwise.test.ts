import { beforeAll, describe, expect, it } from "vitest";
import { allowing, never, pdpOf } from "../testing.fixture.ts";
import { BY_ALICE, codeOf, createScene, list, type Parts, type Scene, TOOLS } from "./point.fixture.ts";

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
