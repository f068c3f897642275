import { describe, expect, it } from "vitest";
import {
  anyArguments,
  couldPermit,
  describe as describeGrant,
  diff,
  exact,
  type Grant,
  grant,
  int,
  isNarrower,
  permits,
  readGrant,
} from "../../grant/index.ts";
import { printChain } from "../../views/index.ts";
import { DOCS, errorOf, NOW, PAY, refusalOf, verifyAt } from "../../world.fixture.ts";
import { generateSigner } from "../keys/signer.ts";
import { delegate } from "../make/delegate.ts";
import { hold, isToolGranted, parseDelegation, serialize } from "../make/delegation.ts";
import { grantFor } from "../make/grant-for.ts";
import { inspectDelegation } from "../make/inspect-delegation.ts";
import { createIssuer, type IssuerOptions } from "../make/issue.ts";
import { everyTool } from "./every-tool.ts";

const clock = (): number => NOW * 1000;
const [signer, planner, researcher] = await Promise.all([generateSigner(), generateSigner(), generateSigner()]);
const issuerWith = (options: Partial<IssuerOptions> = {}) =>
  createIssuer({
    issuer: "https://id.acme.example",
    signer,
    audiences: [PAY],
    subjects: "any",
    tools: "any",
    clock,
    ...options,
  });
const order = { subject: "alice", agent: "planner", holder: planner };
const next = { to: "researcher", holder: researcher, clock };

describe("every tool", () => {
  it("is one key of a grant that no tool can have, for each audience that is meant", () => {
    expect(everyTool()).toEqual({ "mcp:tools/*": {} });
    expect(everyTool(PAY, DOCS)).toEqual({ [`${PAY}#mcp:tools/*`]: {}, [`${DOCS}#mcp:tools/*`]: {} });
    expect(readGrant({ "mcp:tools/*": {} })).toEqual(everyTool());
  });

  it("is of audiences that there can be", async () => {
    expect(await refusalOf(() => everyTool("pay"))).toBe("config_invalid");
    for (const wrong of ["pay", `${PAY}#x`, 5, [PAY], Promise.resolve(PAY)]) {
      const error = await errorOf(() => everyTool(PAY, wrong as never));
      expect(error.code).toBe("config_invalid");
      expect(error.message).toContain("everyTool: [1] must be an audience, an absolute URI without a fragment");
    }
  });

  it("stands alone, and with any arguments", async () => {
    const beside = await errorOf(() => readGrant({ "mcp:tools/*": {}, t: {} }));
    expect(beside).toMatchObject({ code: "config_invalid", pointer: "/mcp:tools~1*" });
    expect(beside.message).toContain("who hands over every tool names no other");
    const narrowed = await errorOf(() => readGrant({ "mcp:tools/*": { a: exact(1) } }));
    expect(narrowed.message).toContain("every tool is handed over with any arguments");
    const among = await errorOf(() => grantFor({ [PAY]: { "mcp:tools/*": anyArguments } }));
    expect(among).toMatchObject({ code: "config_invalid" });
  });

  it("covers a tool's own name, of its audience, and no operation of MCP", () => {
    expect(permits(everyTool(), "t", { any: 1 })).toBe(true);
    expect(couldPermit(everyTool(PAY), `${PAY}#t`, { any: 1 })).toBe(true);
    for (const tool of ["mcp:tools/*", "mcp:resources/read", "mcp:x", "", `${PAY}#t`, "#"]) {
      expect(permits(everyTool(), tool, {}), tool).toBe(false);
      expect(couldPermit(everyTool(), tool, {}), tool).toBe(false);
    }
    expect(permits(everyTool(PAY), `${DOCS}#t`, {})).toBe(false);
    expect(permits(everyTool(PAY), "t", {})).toBe(false);
  });

  it("may be handed on as named tools, or as a whole, and is under no named tool", () => {
    const some = grant({ t: anyArguments, u: { a: int() } });
    expect(isNarrower(everyTool(), some)).toBe(true);
    expect(isNarrower(everyTool(), everyTool())).toBe(true);
    expect(isNarrower(everyTool(PAY, DOCS), everyTool(DOCS))).toBe(true);
    expect(isNarrower(everyTool(PAY), readGrant({ [`${PAY}#t`]: {} }))).toBe(true);
    const wider: readonly [Grant, Grant][] = [
      [some, everyTool()],
      [everyTool(PAY), everyTool(PAY, DOCS)],
      [everyTool(PAY), readGrant({ [`${DOCS}#t`]: {} })],
      [everyTool(PAY), readGrant({ t: {} })],
      [everyTool(), readGrant({ [`${PAY}#t`]: {} })],
      [everyTool(), readGrant({ t: {}, "mcp:prompts/get": {} })],
    ];
    for (const [parent, child] of wider) expect(isNarrower(parent, child), JSON.stringify(child)).toBe(false);
  });

  it("is called by its name in words", async () => {
    expect(describeGrant(everyTool(PAY))).toBe(`every tool of ${PAY}: any arguments`);
    expect(diff(everyTool(), grant({ t: anyArguments }))).toEqual({
      narrowed: [{ pointer: "/mcp:tools~1*", parent: {}, child: undefined }],
    });
    const root = await (await issuerWith({ everyTool: true })).issue({ ...order, grant: everyTool() });
    const held = await delegate(root, { ...next, grant: grant({ t: anyArguments }) });
    const lines = printChain(await inspectDelegation(held, NOW), NOW);
    expect(lines).toContain("may call every tool: any arguments");
    expect(lines).toContain("narrowed: not every tool any more");
    expect(lines).not.toContain("mcp:tools");
  });

  it("is signed by an issuer, and read by a verifier, that say so of it alone", async () => {
    const refused = "token_untrusted_issuer /authorization_details/0/tools";
    expect(await refusalOf((await issuerWith()).issue({ ...order, grant: everyTool() }))).toBe(refused);
    const issuer = await issuerWith({ everyTool: true });
    const chain = serialize(await issuer.issue({ ...order, grant: everyTool() }));
    expect((await verifyAt(chain, [issuer.trustAnchor])).links[0]?.grant).toEqual(everyTool());
    const { everyTool: _, ...anchor } = issuer.trustAnchor;
    expect(await refusalOf(verifyAt(chain, [anchor]))).toBe(refused);
    expect(await refusalOf(verifyAt(chain, [{ ...anchor, everyTool: "yes" as never }]))).toBe(refused);
  });

  it("names the audiences of the root, where it has several", async () => {
    const issuer = await issuerWith({ everyTool: true, audiences: [PAY, DOCS] });
    const root = await issuer.issue({ ...order, grant: everyTool(PAY) });
    expect(isToolGranted(root, "t", PAY)).toBe(true);
    expect(isToolGranted(root, "t", DOCS)).toBe(false);
    expect(isToolGranted(root, "mcp:resources/read", PAY)).toBe(false);
    expect(await refusalOf(issuer.issue({ ...order, grant: everyTool() }))).toContain("token_malformed");
    const other = everyTool("https://other.example/mcp");
    expect(await refusalOf(issuer.issue({ ...order, grant: other }))).toContain("token_malformed");
  });
});

describe("a thousand named tools", () => {
  const tools = grant(Object.fromEntries(Array.from({ length: 1000 }, (_, i) => [`tool_${i}`, anyArguments])));
  const limits = { tools: 1000, tokenBytes: 65_536, chainBytes: 262_144 };

  it("are handed over and on, where the limits of issuer, delegator, holder and verifier are raised", async () => {
    const issuer = await issuerWith({ limits });
    const root = await issuer.issue({ ...order, grant: tools });
    const text = serialize(await delegate(root, { ...next, grant: tools, limits }));
    const held = await hold(await parseDelegation(text, { limits }), researcher);
    expect(isToolGranted(held, "tool_999", PAY)).toBe(true);
    expect((await inspectDelegation(held, NOW)).tokens.map(({ refused }) => refused)).toEqual([undefined, undefined]);
    const chain = await verifyAt(text, [issuer.trustAnchor], { limits });
    expect(chain.links.map(({ grant: own }) => Object.keys(own).length)).toEqual([1000, 1000]);
  });

  it("are refused by each of them whose limits are not", async () => {
    const at = "/authorization_details/0/tools";
    expect(await refusalOf((await issuerWith()).issue({ ...order, grant: tools }))).toBe(`token_malformed ${at}`);
    const issuer = await issuerWith({ limits });
    const root = await issuer.issue({ ...order, grant: tools });
    expect(await refusalOf(delegate(root, { ...next, grant: tools }))).toBe(`token_malformed ${at}`);
    expect(await refusalOf(parseDelegation(serialize(root)))).toBe("token_too_large");
    expect(await refusalOf(verifyAt(serialize(root), [issuer.trustAnchor]))).toBe("token_too_large");
  });
});
