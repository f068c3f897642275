/** A chain that hands over every tool, on a real server and the real policies: it is as narrow as the map and the policies. */
import { createIssuer, delegate, generateSigner, type HeldDelegation, hold, type Issuer } from "@hopwise/core";
import { everyTool, exact, grant, oneOf } from "@hopwise/core/grant";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { ISSUER, PAY_SERVER, tools } from "../../examples/finance-team/company.ts";
import { GOOD } from "../support/calls.ts";
import { callTool, clientOf, codeOf, errorCodeOf, failure, textOf } from "../support/mcp/client.ts";
import { OPEN_TO_ALICE, type Served, serve } from "../support/mcp/server.ts";
import { quietConsole } from "../support/quiet.ts";
import { worldHere } from "../support/world.ts";

const world = await worldHere();
let issuer: Issuer;
let served: Served;
let planner: HeldDelegation;
quietConsole("log", "error");
beforeAll(async () => {
  const pinned = { issuer: ISSUER, audiences: [PAY_SERVER], subjects: ["alice"], tools: "any" } as const;
  issuer = await createIssuer({ ...pinned, signer: await generateSigner(), everyTool: true });
  served = await serve(world, {
    map: { "*": OPEN_TO_ALICE },
    authorizer: { trust: [issuer.trustAnchor] },
    add: (server) => {
      server.addTool({ name: "unnamed", parameters: z.object({}), execute: async () => "it ran" });
    },
  });
  planner = await handedTo(everyTool());
});
afterAll(() => served.stop());

const handedTo = async (given: Parameters<Issuer["issue"]>[0]["grant"]): Promise<HeldDelegation> => {
  const { planner: holder } = world.keys;
  return hold(await issuer.issue({ subject: "alice", agent: "planner", holder, grant: given }), holder);
};
const researcherWith = (given: Parameters<Issuer["issue"]>[0]["grant"]): Promise<HeldDelegation> =>
  delegate(planner, { to: "researcher", holder: world.keys.researcher, grant: given });

describe("a holder of every tool", () => {
  it("calls each that the tool map names, as far as the policies let it", async () => {
    const client = await clientOf(served.url, planner);
    expect(textOf(await callTool(client, "send_payment", GOOD))).toBe("paid 400 EUR to Globex");
    expect(codeOf(await callTool(client, "send_payment", { ...GOOD, amount: 4000 }))).toBe("policy_denied");
    await client.close();
  });

  it("calls none that only the map's * stands for, and no operation of MCP", async () => {
    const client = await clientOf(served.url, planner);
    expect(codeOf(await callTool(client, "unnamed"))).toBe("grant_tool_missing");
    expect(errorCodeOf(await failure(client.readResource({ uri: "policy://payments" })))).toBe("grant_tool_missing");
    await client.close();
  });

  it("is shown what it could call; so is who got a part of it", async () => {
    const listed = async (held: HeldDelegation): Promise<readonly string[]> => {
      const client = await clientOf(served.url, held);
      const names = (await client.listTools()).tools.map(({ name }) => name).sort();
      await client.close();
      return names;
    };
    expect(await listed(planner)).toEqual(["get_transactions", "read_invoice", "send_payment"]);
    expect(await listed(await researcherWith(grant({ read_invoice: { id: oneOf("INV-7") } })))).toEqual([
      "read_invoice",
    ]);
  });

  it("hands on a tool by name, with what that one may be called for, and is told on record", async () => {
    const researcher = await researcherWith(grant({ read_invoice: { id: exact("INV-7") } }));
    const client = await clientOf(served.url, researcher);
    expect(textOf(await callTool(client, "read_invoice", { id: "INV-7" }))).toContain("Globex");
    expect(codeOf(await callTool(client, "read_invoice", { id: "INV-9" }))).toBe("grant_argument_refused");
    expect(codeOf(await callTool(client, "send_payment", GOOD))).toBe("grant_tool_missing");
    expect(served.audit.records.at(-1)).toMatchObject({ code: "grant_tool_missing", hop: 2 });
    await client.close();
  });

  it("gets nothing where the anchor does not say that such roots may be", async () => {
    const { authorizer } = world.authorizer({ tools, trust: [{ ...issuer.trustAnchor, everyTool: false }] });
    await expect(authorizer.openSession(planner)).rejects.toMatchObject({
      code: "token_untrusted_issuer",
      pointer: "/authorization_details/0/tools",
    });
  });
});
