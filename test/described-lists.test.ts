/** Schemas that describeContext wrote, enforced by a real PDP: they let pass whatever Hopwise asks about a kind, and no more. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Pdp, startPdp } from "@hopwise/cerbos";
import type { Denied, ToolEntry, ToolMap } from "@hopwise/core";
import { cerbosFastmcpNaming, describeContext, type ListedAs } from "@hopwise/core/describe";
import { anyArguments, grant } from "@hopwise/core/grant";
import { type Company, createCompany } from "@hopwise/core/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { temporaryFolder } from "./support/temporary-folder.ts";

/** The ways in which an entry says how it is listed; a new one does not compile without its row. */
type Way<List> = List extends string
  ? "a text"
  : List extends (tool: string) => ListedAs
    ? `a function that gives ${keyof ListedAs}`
    : "nothing, so it is planned";

const WAYS: { readonly [W in Way<ToolEntry["list"]>]: ToolEntry["list"] } = {
  "nothing, so it is planned": undefined,
  "a text": "list",
  "a function that gives action": () => ({ action: "list" }),
  "a function that gives id": (tool) => ({ action: "list", id: tool }),
  "a function that gives attributes": (tool) => ({
    action: "list",
    attributes: { tool, args: {}, of: { names: ["a", "b"], open: true, rank: 1 } },
  }),
};

const SCHEMA = { type: "object", required: ["amount"], properties: { amount: { type: "number" } } };

/** A tool, and the list as a whole, of one kind: what lets the list pass must let no call pass. */
const mapOf = (list: ToolEntry["list"], kind: string): ToolMap => ({
  pay: { kind, action: "use", argumentsSchema: SCHEMA, ...(list !== undefined && { list }) },
  "mcp:tools/list": { kind, action: "see", ...(list !== undefined && { list }) },
});

const ONE_BY_ONE = Object.entries(WAYS).map(([way, list], i) => [way, mapOf(list, `kind_${i}`)] as const);
const MAPS = [...ONE_BY_ONE, ["the words of cerbos-fastmcp", cerbosFastmcpNaming()]] as const;
const ITEMS = ["pay", "mcp:resources/read", "mcp:prompts/get"];

let company: Company<"planner">;
let pdp: Pdp;
const folder = temporaryFolder(afterAll);

beforeAll(async () => {
  company = await createCompany({ agents: { planner: {} } });
  mkdirSync(join(folder, "_schemas"));
  const { users, agents } = company;
  for (const [, tools] of MAPS) {
    const { schemas } = describeContext({ tools, users, agents, delegation: "grants-only" });
    for (const [file, schema] of Object.entries(schemas)) {
      writeFileSync(join(folder, "_schemas", file), JSON.stringify(schema));
    }
    for (const kind of new Set(Object.values(tools).map((entry) => entry.kind))) {
      const rules = [{ actions: ["*"], effect: "EFFECT_ALLOW", roles: ["*"] }];
      const known = { resourceSchema: { ref: `cerbos:///${kind}.json` } };
      const resourcePolicy = { resource: kind, version: "default", rules, schemas: known };
      writeFileSync(join(folder, `${kind}.yaml`), JSON.stringify({ apiVersion: "api.cerbos.dev/v1", resourcePolicy }));
    }
  }
  pdp = await startPdp({ policies: folder });
});
afterAll(() => pdp.close());

async function open(tools: ToolMap) {
  const chain = await company.chain("alice", {
    to: "planner",
    grant: grant(Object.fromEntries(ITEMS.map((tool) => [tool, anyArguments]))),
  });
  return company.authorizer({ cerbos: pdp, tools, delegation: "grants-only" }).openSession(chain);
}

describe("described schemas", () => {
  it.each(MAPS)("let a list pass that is asked about by %s, as a whole and item by item", async (_, tools) => {
    const items = ITEMS.filter((tool) => tool === "pay" || Object.hasOwn(tools, tool)).map((tool) => ({ tool }));
    expect(await (await open(tools)).list(items)).toEqual({ outcome: "listed", shown: items.map(() => true) });
  });

  it.each(MAPS)("let calls of a tool pass that is listed by %s", async (_, tools) => {
    const session = await open(tools);
    expect((await session.authorize({ tool: "pay", arguments: { amount: 1 } })).outcome).toBe("allowed");
  });

  it.each(ONE_BY_ONE)("refuse a call that lacks an argument, of a tool that is listed by %s", async (_, tools) => {
    for (const args of [{}, { amounts: 1 }]) {
      const denied = (await (await open(tools)).authorize({ tool: "pay", arguments: args })) as Denied;
      expect(denied).toMatchObject({ outcome: "denied", code: "policy_inconclusive" });
      expect(denied.message).toContain("does not fit its schema");
    }
  });
});
