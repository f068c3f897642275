/** Types that refer to themselves or to one another, as zod and others write them: described, and enforced by a real PDP. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Pdp, startPdp } from "@hopwise/cerbos";
import { mapTool, type ToolMap } from "@hopwise/core";
import { describeContext } from "@hopwise/core/describe";
import { userAttributesFrom, usersFrom } from "@hopwise/core/sources";
import { createCompany, type TestAuthorizer } from "@hopwise/core/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { temporaryFolder } from "./support/temporary-folder.ts";

const Folder = z.object({
  name: z.string(),
  get folders() {
    return z.array(Folder);
  },
});
const file = { kind: "file", action: "use" };

const tools: ToolMap = {
  recursive: mapTool(Folder, file),
  within: mapTool(z.object({ root: Folder }), file),
  draft7: {
    ...file,
    argumentsSchema: {
      $schema: "http://json-schema.org/draft-07/schema#",
      type: "object",
      definitions: { n: { type: "number" } },
      required: ["most"],
      properties: { most: { $ref: "#/definitions/n" } },
    },
  },
  attribute: {
    ...file,
    argumentsSchema: { type: "object", maxProperties: 0 },
    attributesSchema: z.toJSONSchema(Folder.extend({ up: Folder })) as never,
    attributes: () => ({ name: "a", folders: [], up: leaf }),
  },
};

const leaf = { name: "x", folders: [] };
/** For each tool: arguments that fit, and some that do not. */
const ARGUMENTS = {
  recursive: [
    { name: "a", folders: [leaf] },
    { name: "a", folders: [{ name: 1, folders: [] }] },
  ],
  within: [{ root: { name: "a", folders: [leaf] } }, { root: { name: "a", folders: [{ name: "x" }] } }],
  draft7: [{ most: 1 }, { most: "1" }],
  attribute: [{}, { no: 1 }],
} as const;

/** Who reports to whom: each of the user's attributes is described by the schema of all of them. */
const Boss = z.object({
  grade: z.number(),
  get boss() {
    return Boss.optional();
  },
});
let boss: unknown;
let risk: unknown;

const folder = temporaryFolder(afterAll);
let pdp: Pdp;
let authorizer: TestAuthorizer;
let call: (tool: string, args: object) => Promise<unknown>;

beforeAll(async () => {
  const users = usersFrom({
    name: "hr",
    schema: z.toJSONSchema(z.object({ boss: Boss })) as never,
    find: ({ subject }) => ({ id: subject, roles: ["employee"], attributes: { boss } as never }),
  });
  const sources = {
    user: {
      risk: userAttributesFrom({ name: "risk", schema: z.toJSONSchema(Boss) as never, find: () => risk as never }),
    },
  };
  const company = await createCompany({ users, tools, subjects: ["alice"] });
  const { schemas } = describeContext({ tools, users, agents: company.agents, sources, delegation: "grants-only" });
  mkdirSync(join(folder, "_schemas"));
  for (const [name, schema] of Object.entries(schemas)) {
    writeFileSync(join(folder, "_schemas", name), JSON.stringify(schema));
  }
  const resourcePolicy = {
    resource: "file",
    version: "default",
    rules: [{ actions: ["*"], effect: "EFFECT_ALLOW", roles: ["*"] }],
    schemas: {
      principalSchema: { ref: "cerbos:///principal.json" },
      resourceSchema: { ref: "cerbos:///file.json" },
    },
  };
  writeFileSync(join(folder, "file.yaml"), JSON.stringify({ apiVersion: "api.cerbos.dev/v1", resourcePolicy }));
  pdp = await startPdp({ policies: folder });
  const planner = await company.chain("alice", "planner");
  authorizer = company.authorizer({ cerbos: pdp, sources, delegation: "grants-only" });
  call = (tool, args) => authorizer.call(planner, tool, args);
});
afterAll(() => pdp.close());

const GOOD = { grade: 1, boss: { grade: 2 } };
const BAD = { grade: 1, boss: { grade: "2" } };

describe("a type that refers to a place in its own schema", () => {
  it.each(Object.entries(ARGUMENTS))("means the same within that of its kind: %s", async (tool, [fits, misfits]) => {
    [boss, risk] = [GOOD, GOOD];
    expect(await call(tool, fits)).toMatchObject({ outcome: "allowed" });
    expect(await call(tool, misfits)).toMatchObject({ code: "policy_inconclusive" });
  });

  it.each([
    ["an attribute of the user", BAD, GOOD],
    ["a further source", GOOD, BAD],
  ])("means the same within that of a hop: %s", async (_, ...given) => {
    [boss, risk] = given;
    expect(await call("draft7", { most: 1 })).toMatchObject({ code: "policy_inconclusive" });
  });
});
