import { beforeAll, describe, expect, it } from "vitest";
import type { HopVerdict } from "../../decision/index.ts";
import { NO_TELEMETRY, type StageWatch, type WatchedCall } from "../../telemetry/index.ts";
import { errorOf, NOW, never, PAY, pdpOf } from "../../world.fixture.ts";
import { ALICE, createScene, type Parts, type Scene, TOOLS } from "../point.fixture.ts";
import { knowHops } from "./context.ts";
import { type AskedChain, askEveryHop, askWhatIsShown } from "./policy.ts";

let scene: Scene;
let chain: AskedChain;
let user: AskedChain;
beforeAll(async () => {
  scene = await createScene();
  const asked = async (own: Scene["chain"] | undefined): Promise<AskedChain> => {
    const caller = { user: ALICE, chain: own, audience: PAY };
    const agents = { agents: (own?.links ?? []).map(() => ({ roles: ["agent"] })), origins: [] };
    return {
      caller,
      known: await knowHops({ caller, agents }, scene.point().point, () => {}, query),
      invocation: "one",
    };
  };
  chain = await asked(scene.chain);
  user = await asked(undefined);
});

const DELEGATION = { kind: "delegation", action: "delegate" };
const resource = { kind: "payment", id: "7" };
const query = { tool: "send_payment", arguments: {}, tenant: ALICE.issuer };
const items = [{ tool: "send_payment", entry: TOOLS["send_payment"] as never, known: {} }];
const unwatched = await NO_TELEMETRY.begin({} as WatchedCall).stage("policy", (watch) => watch);

async function callAsked(about: AskedChain, parts: Parts = {}, watch: StageWatch = unwatched) {
  const { pdp, asked } = pdpOf();
  const { point } = scene.point({ cerbos: pdp, ...parts });
  return { verdicts: await askEveryHop({ ...about, tool: "send_payment" }, resource, "send", point, watch), asked };
}

describe("the policies", () => {
  it("are asked about the call for every hop, under the invocation's name", async () => {
    const { verdicts, asked } = await callAsked(chain);
    expect(verdicts.map(({ id, effect }) => [id, effect])).toEqual([
      ["alice", "allow"],
      ["agent:planner", "allow"],
      ["agent:researcher", "allow"],
    ]);
    expect(asked.map(({ principal, resources }) => [principal.id, resources])).toEqual(
      verdicts.map(({ id }) => [id, [{ resource, actions: ["send"] }]]),
    );
    expect(asked[2]?.requestContext?.annotations).toEqual({
      "hopwise.invocation": "one",
      "hopwise.hop": 2,
      "hopwise.chain": scene.chain.id,
    });
  });

  it("are asked about a user without agents alone, and about no handing over", async () => {
    const { verdicts, asked } = await callAsked(user, { delegation: DELEGATION });
    expect(verdicts).toMatchObject([{ id: "alice", effect: "allow" }]);
    expect(verdicts[0]).not.toHaveProperty("delegation");
    expect(asked[0]?.resources).toHaveLength(1);
    expect(asked[0]?.requestContext?.annotations).not.toHaveProperty("hopwise.chain");
  });

  it("are asked whether each hop may hand on to the next: what, how deep, and for how many whole seconds", async () => {
    const { verdicts, asked } = await callAsked(chain, { delegation: DELEGATION, clock: () => (NOW + 600.4) * 1000 });
    expect(verdicts.map(({ delegation }) => delegation)).toEqual(["allow", "allow", undefined]);
    const handedOver = {
      toKind: "agent",
      expiresIn: 3000,
      everyTool: false,
      actions: ["send_payment", "read_invoice"],
    };
    expect(asked.map(({ resources }) => resources[1])).toEqual([
      {
        actions: ["delegate"],
        resource: {
          kind: "delegation",
          id: "alice->agent:planner",
          attr: { to: "agent:planner", depth: 1, ...handedOver },
        },
      },
      {
        actions: ["delegate"],
        resource: {
          kind: "delegation",
          id: "agent:planner->agent:researcher",
          attr: { to: "agent:researcher", depth: 2, ...handedOver },
        },
      },
      undefined,
    ]);
  });

  it("are told that every tool was handed over, and which one is called", async () => {
    const links = (scene.chain.links ?? []).map((link, i) =>
      i === 0 ? { ...link, grant: { "mcp:tools/*": {} } } : link,
    );
    const caller = { ...chain.caller, chain: { ...scene.chain, links } };
    const { asked } = await callAsked({ ...chain, caller }, { delegation: DELEGATION });
    expect(asked.map(({ resources }) => resources[1]?.resource.attr)).toEqual([
      expect.objectContaining({ everyTool: true, actions: ["send_payment"] }),
      expect.objectContaining({ everyTool: false, actions: ["send_payment", "read_invoice"] }),
      undefined,
    ]);
  });

  it("are not asked about handing over where grants alone rule on it", async () => {
    const { asked } = await callAsked(chain, { delegation: "grants-only" });
    expect(asked.map(({ resources }) => resources.length)).toEqual([1, 1, 1]);
  });

  it("that do not answer within the deadline allow nothing", async () => {
    const silent = { ...pdpOf().pdp, checkResources: () => never };
    const { verdicts } = await callAsked(chain, { cerbos: silent, deadlineMs: 10 });
    expect(verdicts).toMatchObject(Array(3).fill({ effect: "error", unavailable: true }));
  });

  it("are asked within what watches each hop", async () => {
    const watched: HopVerdict["id"][] = [];
    const hop: StageWatch["hop"] = (asked, ask) => {
      watched.push(asked.id);
      return ask();
    };
    await callAsked(chain, {}, { headers: undefined, hop });
    expect(watched).toEqual(["alice", "agent:planner", "agent:researcher"]);
  });
});

describe("the policies, about a list", () => {
  const listAsked = async (parts: Parts = {}, watch: StageWatch = unwatched) => {
    const { pdp, asked } = pdpOf();
    const { point } = scene.point({ cerbos: pdp, ...parts });
    return { shown: await askWhatIsShown(chain, items, point, watch), asked };
  };

  it("are asked about each item for every hop, and about the handing over", async () => {
    const { shown, asked } = await listAsked({ delegation: DELEGATION });
    expect(shown).toEqual([undefined]);
    expect(asked.map(({ principal }) => principal.id)).toEqual(["alice", "agent:planner", "agent:researcher"]);
    expect(asked[0]?.resources.map(({ resource: it, actions }) => [it.kind, actions])).toEqual([
      ["delegation", ["delegate"]],
      ["payment", ["list"]],
    ]);
  });

  it("are asked about the handing over of every tool once for each tool, and for none of the list itself", async () => {
    const every = { "mcp:tools/*": {} };
    const links = (scene.chain.links ?? []).map((link, i) => (i === 0 ? { ...link, grant: every } : link));
    const caller = { ...chain.caller, chain: { ...scene.chain, links } };
    const { pdp, asked } = pdpOf(
      ({ resources }) =>
        resources.map(({ resource: it, actions }) => ({
          resource: it,
          actions: Object.fromEntries(
            actions.map((action) => [
              action,
              (it.attr?.["actions"] as string[] | undefined)?.includes("b") ? "EFFECT_DENY" : "EFFECT_ALLOW",
            ]),
          ),
          validationErrors: [],
          outputs: [],
        })) as never,
    );
    const { point } = scene.point({ cerbos: pdp, delegation: DELEGATION });
    const entry = items[0]?.entry as never;
    const offered = ["a", "b", "a", "mcp:tools/list"].map((tool) => ({ tool, entry, known: {} }));
    const shown = await askWhatIsShown({ ...chain, caller }, offered, point, unwatched);
    expect(shown).toEqual([undefined, { code: "delegation_denied", hop: 0 }, undefined, undefined]);
    const edges = (hop: number) =>
      asked[hop]?.resources.flatMap(({ resource: it }) => (it.kind === "delegation" ? [it.attr?.["actions"]] : []));
    expect([0, 1, 2].map(edges)).toEqual([[["a"], ["b"]], [["send_payment", "read_invoice"]], []]);
  });

  it("get the headers of the trace", async () => {
    const headers: unknown[] = [];
    const { pdp } = pdpOf();
    const cerbos = {
      ...pdp,
      checkResources: (request: never, options?: { headers?: unknown }) => {
        headers.push(options?.headers);
        return pdp.checkResources(request);
      },
    };
    await listAsked({ cerbos: cerbos as never }, { ...unwatched, headers: { traceparent: "00-1" } as never });
    expect(headers).toHaveLength(3);
    expect(JSON.stringify(headers)).toContain("00-1");
  });

  it("that do not answer within the deadline end in a refusal, and not in an empty list", async () => {
    const silent = { ...pdpOf().pdp, checkResources: () => never };
    expect(await errorOf(listAsked({ cerbos: silent, deadlineMs: 10 }))).toMatchObject({ code: "policy_unavailable" });
  });
});
