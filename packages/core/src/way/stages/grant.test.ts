import { beforeAll, describe, expect, it } from "vitest";
import { anyArguments, exact, type Grant, grant, oneOf, wildcard } from "../../grant/index.ts";
import type { AgentClass } from "../../principal/index.ts";
import type { Chain } from "../../token/index.ts";
import { ARGUMENTS, DOCS, PAY } from "../../world.fixture.ts";
import { ALICE, createScene, type Scene, TOOLS } from "../point.fixture.ts";
import type { KnownCaller } from "./grant.ts";
import * as stage from "./grant.ts";

let scene: Scene;
beforeAll(async () => {
  scene = await createScene();
});

const anyTool: AgentClass = { roles: ["agent"] };
const TOO_MUCH = { ...ARGUMENTS, amount: 5000 };

/** The researcher's chain, with a part of it or of what the registry says of its agents changed. */
function holder(changed: Partial<Chain> = {}, agents: readonly AgentClass[] = [anyTool, anyTool]): KnownCaller {
  return {
    caller: { user: ALICE, chain: { ...scene.chain, ...changed }, audience: PAY },
    agents: { agents, origins: [] },
  };
}

const user: KnownCaller = {
  caller: { user: ALICE, chain: undefined, audience: PAY },
  agents: { agents: [], origins: [] },
};

const MAP = { tools: { "*": TOOLS["send_payment"] as never, send_payment: TOOLS["send_payment"] as never } };
const refuseSent = (by: KnownCaller, tool: string, args: object, map = MAP) =>
  stage.refuseSent(by, tool, args as never, map);
const hiddenByGrant = (by: KnownCaller, item: Parameters<typeof stage.hiddenByGrant>[1], map = MAP) =>
  stage.hiddenByGrant(by, item, map);

/** The same links, of which one hands over something else. */
const linksWith = (at: number, grant: Chain["links"][number]["grant"]): Chain["links"] =>
  scene.chain.links.map((link, i) => (i === at ? { ...link, grant } : link));

describe("a call", () => {
  it("is covered where every token hands it over", () => {
    expect(refuseSent(holder(), "send_payment", ARGUMENTS)).toBeUndefined();
  });

  it("of a user without agents needs no token to cover it", () => {
    expect(refuseSent(user, "anything", TOO_MUCH)).toBeUndefined();
  });

  it("is refused with the first hop whose token does not hand over the tool", () => {
    expect(refuseSent(holder(), "delete_all", {})).toMatchObject({
      code: "grant_tool_missing",
      hop: 1,
      wouldPass: { grantableBy: 0 },
    });
    expect(refuseSent(holder({ links: linksWith(1, {}) }), "send_payment", ARGUMENTS)).toMatchObject({
      code: "grant_tool_missing",
      hop: 2,
      message: expect.stringMatching(/^what was handed to "researcher" does not cover this call: /),
      wouldPass: { grantableBy: 1 },
    });
  });

  it("of a resource or a prompt is refused with the words by which a grant hands one over", () => {
    const links = linksWith(0, grant({ handover: anyArguments }));
    const messageOf = (tool: string, args: object) => refuseSent(holder({ links }), tool, args)?.message;
    expect(messageOf("mcp:resources/read", { uri: "config://app" })).toMatch(/"mcp:resources\/read": { uri: … }$/);
    expect(messageOf("mcp:prompts/get", { name: "handover" })).toMatch(/"mcp:prompts\/get": { name: … }$/);
    expect(messageOf("other", {})).toMatch(/: the tool was not handed over$/);
  });

  it("says what all tokens let pass, which is what the last one does that refuses it, too", () => {
    const wide = grant({ t: { a: oneOf("x", "y") } });
    const accepts = (last: Grant) => {
      const links = [
        { ...scene.chain.links[0], grant: wide },
        { ...scene.chain.links[1], grant: last },
      ] as never;
      return refuseSent(holder({ links }), "t", { a: "z" })?.wouldPass?.accepts;
    };
    expect(accepts(grant({ t: { a: exact("x") } }))).toBe('"x"');
    expect(accepts(grant({ t: { a: wildcard() } }))).toBe('one of "x", "y"');
    expect(accepts(grant({ u: anyArguments }))).toBeUndefined();
  });

  it("is refused with the argument, the rule, and what would pass in its place", () => {
    const refused = refuseSent(holder(), "send_payment", TOO_MUCH);
    expect(refused).toMatchObject({
      code: "grant_argument_refused",
      hop: 1,
      pointer: "/amount",
      wouldPass: { grantableBy: 0 },
    });
    expect(refused?.rule).toBeTruthy();
    expect(refused?.message).toBe(`what was handed to "planner" does not cover this call: ${refused?.rule}`);
    expect(refused?.wouldPass?.accepts).toContain("1000");
  });

  it("names its tool by the audience, where the root has several", () => {
    const { grant } = scene.chain.links[0] as Chain["links"][number];
    const qualified = { [`${DOCS}#send_payment`]: grant["send_payment"] as never };
    const links = scene.chain.links.map((link) => ({ ...link, grant: qualified }));
    const at = (audience: string): KnownCaller => {
      const { caller, agents } = holder({ links, rootAudience: [PAY, DOCS] });
      return { caller: { ...caller, audience }, agents };
    };
    expect(refuseSent(at(DOCS), "send_payment", ARGUMENTS)).toBeUndefined();
    expect(refuseSent(at(PAY), "send_payment", ARGUMENTS)).toMatchObject({ code: "grant_tool_missing" });
    expect(hiddenByGrant(at(DOCS), { tool: "send_payment" })).toBeUndefined();
    expect(hiddenByGrant(at(PAY), { tool: "send_payment" })).toEqual({ code: "grant_tool_missing", hop: 1 });
  });

  it("is refused where the registry lets an agent take part in other tools alone, whatever was handed over", () => {
    const limited = { ...anyTool, tools: ["read_invoice"] };
    expect(refuseSent(holder({}, [anyTool, limited]), "send_payment", ARGUMENTS)).toMatchObject({
      code: "agent_tool_refused",
      hop: 2,
      rule: "the agent registry does not let this agent use the tool",
      message: "the agent registry does not let this agent use the tool",
    });
    const both = refuseSent(holder({}, [limited, limited]), "delete_all", {});
    expect(both).toMatchObject({ code: "agent_tool_refused", hop: 1 });
  });
});

describe("an item of a list", () => {
  it("could be covered where some call of it is: every token hands the tool over, and every agent may take part", () => {
    expect(hiddenByGrant(holder(), { tool: "send_payment" })).toBeUndefined();
    expect(hiddenByGrant(user, { tool: "anything" })).toBeUndefined();
  });

  it("is hidden by the first hop without it, and it is told how", () => {
    const pay = { tool: "send_payment" };
    expect(hiddenByGrant(holder(), { tool: "delete_all" })).toEqual({ code: "grant_tool_missing", hop: 1 });
    expect(hiddenByGrant(holder({ links: linksWith(1, {}) }), pay)).toEqual({ code: "grant_tool_missing", hop: 2 });
    const limited = [anyTool, { ...anyTool, tools: [] }];
    expect(hiddenByGrant(holder({}, limited), pay)).toEqual({ code: "agent_tool_refused", hop: 2 });
  });

  it("is held to the arguments that are known beforehand", () => {
    expect(hiddenByGrant(holder(), { tool: "read_invoice", arguments: { id: "INV-7" } })).toBeUndefined();
    expect(hiddenByGrant(holder(), { tool: "read_invoice", arguments: { id: "INV-8" } })).toMatchObject({
      code: "grant_argument_refused",
    });
  });
});

describe("every tool", () => {
  const every = { "mcp:tools/*": {} };
  const all = (at = 0) => holder({ links: linksWith(at, every) });

  it("is each that the tool map names one by one, with any arguments", () => {
    expect(refuseSent(all(0), "send_payment", ARGUMENTS)).toBeUndefined();
    expect(refuseSent(all(1), "send_payment", TOO_MUCH)).toMatchObject({ code: "grant_argument_refused", hop: 1 });
    const both = holder({ links: scene.chain.links.map((link) => ({ ...link, grant: every })) });
    expect(refuseSent(both, "send_payment", { any: ["thing"] })).toBeUndefined();
    expect(hiddenByGrant(both, { tool: "send_payment", arguments: { any: 1 } })).toBeUndefined();
  });

  it.each([
    "delete_all",
    "*",
    "mcp:tools/*",
    "mcp:resources/read",
    "toString",
    "",
    "docs://{path}",
    `${PAY}#send_payment`,
  ])("is not %j, which the map leaves to its * or which is no tool", (tool) => {
    const both = holder({ links: scene.chain.links.map((link) => ({ ...link, grant: every })) });
    expect(refuseSent(both, tool, {})).toMatchObject({ code: "grant_tool_missing", hop: 1 });
    expect(hiddenByGrant(both, { tool })).toEqual({ code: "grant_tool_missing", hop: 1 });
  });

  it("is none of a map that names none, also where the token below names one", () => {
    const map = { tools: { "*": TOOLS["send_payment"] as never } } as never;
    expect(refuseSent(all(0), "send_payment", ARGUMENTS, map)).toMatchObject({
      code: "grant_tool_missing",
      hop: 1,
    });
    expect(hiddenByGrant(all(0), { tool: "send_payment" }, map)).toEqual({ code: "grant_tool_missing", hop: 1 });
  });

  it("is of the audience that it names, where a root has several", () => {
    const grant = { [`${DOCS}#mcp:tools/*`]: {} };
    const links = scene.chain.links.map((link) => ({ ...link, grant }));
    const at = (audience: string): KnownCaller => {
      const { caller, agents } = holder({ links, rootAudience: [PAY, DOCS] });
      return { caller: { ...caller, audience }, agents };
    };
    expect(refuseSent(at(DOCS), "send_payment", ARGUMENTS)).toBeUndefined();
    expect(refuseSent(at(PAY), "send_payment", ARGUMENTS)).toMatchObject({ code: "grant_tool_missing" });
  });
});
