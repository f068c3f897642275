/** What the lint says of conditions that need not be true or false, and what Cerbos makes of them. */
import { describe, expect, it, onTestFinished } from "vitest";
import { startPdp } from "../serve/start-pdp.ts";
import { temporaryFolder } from "../testing/policies.ts";
import { lintPolicies } from "./lint-policies.ts";

interface Parts {
  readonly head?: string;
  readonly schema?: object;
  readonly roles?: string;
  readonly others?: { readonly [name: string]: string };
}

const DENY = "EFFECT_DENY";

function folderOf(match: string, effect = DENY, parts: Parts = {}): string {
  const { head = "", schema = { required: ["locked"] }, roles = 'roles: ["*"]', others = {} } = parts;
  const rules = [
    ...(effect === DENY ? ['{ actions: [send], effect: EFFECT_ALLOW, roles: ["*"] }'] : []),
    `{ name: it, actions: [send], effect: ${effect}, ${roles}${match === "" ? "" : `, condition: { match: ${match} }`} }`,
  ];
  return temporaryFolder({
    "doc.yaml": `apiVersion: api.cerbos.dev/v1
resourcePolicy:
  resource: doc
  version: default
  schemas: { resourceSchema: { ref: "cerbos:///doc.json" } }
${head}  rules:
${rules.map((it) => `    - ${it}\n`).join("")}`,
    "_schemas/doc.json": JSON.stringify(schema),
    ...others,
  });
}

async function named(folder: string): Promise<readonly (string | undefined)[]> {
  const found = await lintPolicies(folder);
  return found.filter(({ code }) => code === "condition_not_boolean").map((it) => it.attribute ?? "never");
}

const expr = (text: string): string => `{ expr: ${JSON.stringify(text)} }`;
const not = (text: string): string => `{ none: { of: [${expr(text)}] } }`;

describe("a condition that is nothing but an attribute", () => {
  it.each<readonly [string, string, string, Parts]>([
    ["of a DENY", expr("R.attr.locked"), DENY, {}],
    ["of a DENY, written another way", expr('request.resource.attr["locked"]'), DENY, {}],
    [
      "among several of a DENY",
      `{ any: { of: [${expr("false")}, { all: { of: [${expr("R.attr.locked")}] } }] } }`,
      DENY,
      {},
    ],
    [
      "that a variable stands for",
      expr("V.shut"),
      DENY,
      { head: "  variables: { local: { shut: V.inner, inner: R.attr.locked } }\n" },
    ],
    ["that an ALLOW must not find", not("R.attr.locked"), "EFFECT_ALLOW", {}],
    [
      "of a derived role that a DENY is for",
      "",
      DENY,
      {
        head: "  importDerivedRoles: [common]\n",
        roles: "derivedRoles: [shut_out]",
        others: {
          "common.yaml": `apiVersion: api.cerbos.dev/v1\nderivedRoles:\n  name: common\n  definitions:\n    - { name: shut_out, parentRoles: ["*"], condition: { match: ${expr("R.attr.locked")} } }\n`,
        },
      },
    ],
  ])("%s lets a text, a number and null through, and is named", async (_, match, effect, parts) => {
    const folder = folderOf(match, effect, parts);
    expect(await named(folder)).toEqual(["R.attr.locked"]);
    const pdp = await startPdp({ policies: folder });
    onTestFinished(() => pdp.close());
    const isAllowed = (locked: boolean | string | number | null): Promise<boolean> =>
      pdp.client.isAllowed({
        principal: { id: "ann", roles: ["user"] },
        resource: { kind: "doc", id: "1", attr: { locked } },
        action: "send",
      });
    expect(await Promise.all([true, "yes", 1, null].map(isAllowed))).toEqual([false, true, true, true]);
  });

  const BOOLEAN = { properties: { locked: { type: "boolean" } } };
  it.each<readonly [string, string, string, Parts]>([
    ["is a boolean by its schema", expr("R.attr.locked"), DENY, { schema: BOOLEAN }],
    [
      "is a boolean by what its schema refers to",
      expr("R.attr.locked"),
      DENY,
      { schema: { allOf: [{ $ref: "#/$defs/a" }], $defs: { a: BOOLEAN } } },
    ],
    ["is one of two", expr("R.attr.locked"), DENY, { schema: { properties: { locked: { enum: [true, false] } } } }],
    ["is compared", expr("R.attr.locked != false"), DENY, {}],
    ["fails within an expression", expr("!R.attr.locked"), DENY, {}],
    ["must not be found by a DENY", not("R.attr.locked"), DENY, {}],
    ["must be found by an ALLOW", expr("R.attr.locked"), "EFFECT_ALLOW", {}],
    ["is one of a list by its place", expr("R.attr.list[V.i]"), DENY, { head: '  variables: { local: { i: "0" } }\n' }],
  ])("is not named where it %s", async (_, match, effect, parts) => {
    expect(await named(folderOf(match, effect, parts))).toEqual([]);
  });

  it("is not named of what Hopwise writes as one", async () => {
    const rule = `{ actions: [delegate], effect: EFFECT_DENY, roles: ["*"], condition: { match: ${expr("R.attr.everyTool")} } }`;
    const folder = temporaryFolder({
      "a.yaml": `apiVersion: api.cerbos.dev/v1\nresourcePolicy:\n  resource: delegation\n  version: default\n  rules:\n    - ${rule}\n`,
    });
    expect(await named(folder)).toEqual([]);
  });
});

describe("a condition that is never true or false", () => {
  it.each(['"true"', "1 + 1", "[true]", "size(R.attr.list)", "R.attr.a + R.attr.b"])("is named: %s", async (text) => {
    expect(await named(folderOf(expr(text)))).toEqual(["never"]);
  });

  it.each(["true", "R.attr.a == 1.0", "has(R.attr.a)", 'R.id in ["a"]', "R.attr.a < 1.0 || true"])(
    "is not: %s",
    async (text) => {
      expect(await named(folderOf(expr(text)))).toEqual([]);
    },
  );
});
