import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it, onTestFinished } from "vitest";
import { compilePolicies } from "../compile/compile-policies.ts";
import { startPdp } from "../serve/start-pdp.ts";
import { PAYMENTS, temporaryFolder } from "../testing/policies.ts";
import { lintPolicies } from "./lint-policies.ts";
import type { PolicyWarning } from "./policy-warning.ts";

interface Parts {
  /** Conditions of the DENY rule, in YAML's flow style. */
  readonly match?: string;
  readonly variables?: string;
  readonly rule?: string;
  readonly resourceSchema?: object;
  readonly principalSchema?: object;
  readonly ignoreWhen?: string;
  readonly others?: Readonly<Record<string, string>>;
}

const EXPR = (expression: string): string => `{ expr: ${JSON.stringify(expression)} }`;

/** A payment policy with one DENY rule, on line 13 or below, and schemas that require `amount` and `cap`. */
function folderOf(parts: Parts): string {
  const {
    match = EXPR("R.attr.amount > P.attr.cap"),
    resourceSchema = { type: "object", required: ["amount"], properties: { amount: { type: "number" } } },
    principalSchema = { type: "object", required: ["cap"], properties: { cap: { type: "number" } } },
    ignoreWhen = "",
    rule = `actions: [pay]\n      effect: EFFECT_DENY\n      roles: ["*"]\n      condition: { match: ${match} }`,
  } = parts;
  return temporaryFolder({
    "payments.yaml": `apiVersion: api.cerbos.dev/v1
resourcePolicy:
  resource: payment
  version: default
  importDerivedRoles: [debtors]
  schemas:
    resourceSchema: { ref: "cerbos:///payment.json"${ignoreWhen} }
    principalSchema: { ref: "cerbos:///principal.json" }
  variables: ${parts.variables ?? "{}"}
  rules:
    - { actions: [pay], effect: EFFECT_ALLOW, roles: [user], condition: { match: { expr: R.attr.never == 1 } } }
    - name: too_much
      ${rule}
`,
    "debtors.yaml": `apiVersion: api.cerbos.dev/v1
derivedRoles:
  name: debtors
  variables: { local: { owed: P.attr.debt } }
  definitions:
    - { name: debtor, parentRoles: [user], condition: { match: { expr: V.owed > 0 } } }
    - { name: other, parentRoles: [user], condition: { match: { expr: R.attr.other == 1 } } }
`,
    "_schemas/payment.json": JSON.stringify(resourceSchema),
    "_schemas/principal.json": JSON.stringify(principalSchema),
    ...parts.others,
  });
}

const attributes = async (parts: Parts): Promise<readonly (string | undefined)[]> =>
  (await lintPolicies(folderOf(parts))).map(({ attribute }) => attribute);
const reads = (expression: string, parts: Parts = {}): Promise<readonly (string | undefined)[]> =>
  attributes({ ...parts, match: EXPR(expression) });

describe("a DENY rule on an attribute that no schema requires", () => {
  it("is named with file, line, rule and attribute, and with what to do", async () => {
    const folder = folderOf({ match: EXPR("R.attr.amount > P.attr.limit") });
    expect((await compilePolicies(folder)).errors).toEqual([]);
    const [warning, ...others] = await lintPolicies(folder);
    expect(others).toEqual([]);
    expect(warning).toEqual({
      code: "deny_on_optional_attribute",
      file: join(folder, "payments.yaml"),
      line: 12,
      rule: "too_much",
      attribute: "P.attr.limit",
      message: expect.stringMatching(
        /"too_much" reads P\.attr\.limit, but the schema principal\.json does not require P\.attr\.limit\..*has\(P\.attr\.limit\)$/,
      ),
    } satisfies PolicyWarning);
  });

  it("is judged by each tool of its kind, as describeContext writes their schemas, and names those that are without it", async () => {
    const args = (tool: string, ...required: readonly string[]) => ({
      title: `tool ${tool}`,
      type: "object",
      required: ["args"],
      properties: { args: { type: "object", required, properties: {} } },
    });
    const list = { title: "before a call", maxProperties: 0 };
    const both = { type: "object", anyOf: [args("pay", "amount", "to"), args("refund", "amount"), list] };
    const match = EXPR("R.attr.args.amount > P.attr.cap");
    expect(await attributes({ match, resourceSchema: both })).toEqual([]);
    const [warning, ...others] = await lintPolicies(
      folderOf({ match: EXPR("R.attr.args.to == P.attr.cap"), resourceSchema: both }),
    );
    expect(others).toEqual([]);
    expect(warning?.message).toContain(
      'the schema payment.json does not require R.attr.args.to of "tool refund"; a kind of its own would keep that apart. Where',
    );
    const none = { type: "object", anyOf: [args("pay"), args("refund")] };
    const [of] = await lintPolicies(folderOf({ match, resourceSchema: none }));
    expect(of?.message).toContain("does not require R.attr.args.amount. Where");
  });

  it("is told of has() in a search only where it reads the row, which hides every row there", async () => {
    const [warning] = await lintPolicies(folderOf({ others: { "acme.yaml": ACME("") } }));
    expect(warning?.message).toMatch(/has\(R\.attr\.bound\), which in a search hides every row: see docs\/data\.md$/);
  });

  it("is none where the schemas require what it reads; ALLOW rules may read what they like", async () => {
    expect(await attributes({})).toEqual([]);
  });

  it("is found where the policy names no schema at all", async () => {
    const folder = temporaryFolder({ "payments.yaml": PAYMENTS });
    expect((await lintPolicies(folder)).map(({ line, rule, attribute }) => [line, rule, attribute])).toEqual([
      [7, "rule 2", "R.attr.amount"],
      [7, "rule 2", "P.attr.cap"],
    ]);
  });

  it("is found in every spelling", async () => {
    expect(await reads("request.resource.attr.x == 1")).toEqual(["R.attr.x"]);
    expect(await reads("request.principal.attr.x == 1")).toEqual(["P.attr.x"]);
    expect(await reads('R.attr["x"] == 1')).toEqual(["R.attr.x"]);
    expect(await reads("R.attr['x-y'].z == 1")).toEqual(['R.attr["x-y"].z']);
    expect(await reads('R.attr.name.startsWith("a")')).toEqual(["R.attr.name"]);
    expect(await reads("R.attr.items.exists(i, i.price > 1)")).toEqual(["R.attr.items"]);
    expect(await reads("R.attr.items[0].price > 1")).toEqual(["R.attr.items"]);
    expect(await reads("size(R.attr.x) > 1 || R.attr.y")).toEqual(["R.attr.x", "R.attr.y"]);
    expect(await reads('R.attr .x == 1 || request\n  .resource\n  .attr\n  .y ["z"] == 1')).toEqual([
      "R.attr.x",
      "R.attr.y.z",
    ]);
  });

  it("is found behind a comment, and behind every form of a text", async () => {
    expect(await reads("// it's locked\nR.attr.x == 1 && P.id != 'a'")).toEqual(["R.attr.x"]);
    expect(await reads("R.id == 'a' // or R.attr.x\n || R.attr.y == 1")).toEqual(["R.attr.y"]);
    expect(await reads('R.id == "https://a" && R.attr.x == 1')).toEqual(["R.attr.x"]);
    expect(await reads('R.id == r"\\" || R.attr.x == 1 || P.id == "a"')).toEqual(["R.attr.x"]);
    expect(await reads(`R.id == """a"R.attr.y"b""" || R.attr.x == 1`)).toEqual(["R.attr.x"]);
  });

  it("is found in a rule whose effect is the number of DENY", async () => {
    const numbered = PAYMENTS.replace("EFFECT_DENY", "2");
    expect(numbered).not.toBe(PAYMENTS);
    expect((await lintPolicies(temporaryFolder({ "payments.yaml": numbered }))).map(({ line }) => line)).toEqual([
      7, 7,
    ]);
  });

  it("is not seen in texts, nor in what only looks like an attribute", async () => {
    expect(await reads('R.id == "R.attr.x" || R.id == "say \\"R.attr.y\\""')).toEqual([]);
    expect(await reads("V.R.attr.x == 1 || OTHER.attr.x == 1")).toEqual([]);
  });

  it("is found below all, any and none, however deep", async () => {
    const match = `{ all: { of: [${EXPR("R.attr.a == 1")}, { any: { of: [${EXPR("R.attr.b == 1")}, { none: { of: [${EXPR("R.attr.c == 1")}] } }] } }] } }`;
    expect(await attributes({ match })).toEqual(["R.attr.a", "R.attr.b", "R.attr.c"]);
  });

  it("is found behind variables, also those that use others, and imported ones", async () => {
    const variables = "{ import: [shared], local: { a: V.b + 1, b: R.attr.x, unused: R.attr.unused } }";
    const shared = `apiVersion: api.cerbos.dev/v1
exportVariables: { name: shared, definitions: { far: P.attr.far } }
`;
    const parts = { variables, others: { "shared.yaml": shared } };
    expect(await reads("V.a > variables.far", parts)).toEqual(["R.attr.x", "P.attr.far"]);
  });

  it("is found behind variables beside the policy, as was the custom once", async () => {
    const old = PAYMENTS.replace("resourcePolicy:", "variables: { far: R.attr.far }\nresourcePolicy:").replace(
      /expr: .*? }/,
      'expr: "V.far > 1" }',
    );
    const folder = temporaryFolder({ "payments.yaml": old });
    expect((await compilePolicies(folder)).errors).toEqual([]);
    expect((await lintPolicies(folder)).map(({ attribute }) => attribute)).toEqual(["R.attr.far"]);
  });

  it("is found in the derived role that the rule is for, and not in others of the same file", async () => {
    const rule = "actions: [pay]\n      effect: EFFECT_DENY\n      derivedRoles: [debtor]";
    expect(await attributes({ rule })).toEqual(["P.attr.debt"]);
  });

  it("is found in the rules of a principal policy, by the schemas of the kind it rules on", async () => {
    const ann = `apiVersion: api.cerbos.dev/v1
principalPolicy:
  principal: ann
  version: default
  rules:
    - resource: payment
      actions:
        - { action: read, effect: EFFECT_ALLOW }
        - action: pay
          effect: EFFECT_DENY
          condition: { match: { expr: R.attr.amount > R.attr.bound } }
    - resource: unknown
      actions:
        - { name: hers, action: pay, effect: EFFECT_DENY, condition: { match: { expr: R.attr.amount > 1 } } }
`;
    const warnings = await lintPolicies(folderOf({ others: { "ann.yaml": ann } }));
    expect(warnings.map(({ line, rule, attribute }) => [line, rule, attribute])).toEqual([
      [9, "rule 2", "R.attr.bound"],
      [14, "hers", "R.attr.amount"],
    ]);
  });
});

describe("asking before reading", () => {
  it("makes an optional attribute harmless, by has() and by in", async () => {
    expect(await reads("has(R.attr.x) && R.attr.x > 1")).toEqual([]);
    expect(await reads('"x" in R.attr && R.attr.x > 1')).toEqual([]);
    expect(await reads("has(P.attr.x) && P.attr.x.y > 1")).toEqual(["P.attr.x.y"]);
    expect(await reads("has(R.attr.x) && has(R.attr.x.y) && R.attr.x.y > 1")).toEqual([]);
  });

  it("for one attribute says nothing about another, and not about what leads there", async () => {
    expect(await reads("has(R.attr.x) && P.attr.x > 1")).toEqual(["P.attr.x"]);
    expect(await reads("has(R.attr.x.y) && R.attr.x.y > 1")).toEqual(["R.attr.x", "R.attr.x.y"]);
  });
});

describe("a schema requires an attribute", () => {
  const nested = (schema: object): Promise<readonly (string | undefined)[]> =>
    reads("R.attr.args.amount > 1", { resourceSchema: schema });
  const amount = { type: "object", required: ["amount"] };

  it("only where each step on the way to it is required, too", async () => {
    expect(await nested({ required: ["args"], properties: { args: amount } })).toEqual([]);
    expect(await nested({ required: ["args"], properties: { args: { type: "object" } } })).toEqual([
      "R.attr.args.amount",
    ]);
    expect(await nested({ required: ["args"] })).toEqual(["R.attr.args.amount"]);
    expect(await nested({ properties: { args: amount } })).toEqual(["R.attr.args.amount"]);
  });

  it("through references, to its own parts and to other files", async () => {
    const $defs = { args: amount, all: { required: ["args"], properties: { args: { $ref: "#/$defs/args" } } } };
    expect(await nested({ $ref: "#/$defs/all", $defs })).toEqual([]);
    expect(await nested({ allOf: [{ $ref: "#/$defs/all" }], $defs })).toEqual([]);
    expect(await nested({ $ref: "#/$defs/none", $defs })).toEqual(["R.attr.args.amount"]);
    const others = { "_schemas/common/args.json": JSON.stringify({ $defs: { args: amount } }) };
    const schema = { required: ["args"], properties: { args: { $ref: "cerbos:///common/args.json#/$defs/args" } } };
    expect(await reads("R.attr.args.amount > 1", { resourceSchema: schema, others })).toEqual([]);
  });

  it("where every branch does, and not where one does", async () => {
    const [yes, no] = [{ required: ["x"] }, { required: ["y"] }];
    const conditional = (yes: object, no: object): object =>
      JSON.parse(`{ "if": {}, "then": ${JSON.stringify(yes)}, "else": ${JSON.stringify(no)} }`);
    const x = (schema: object): Promise<unknown> => reads("R.attr.x > 1", { resourceSchema: schema });
    for (const schema of [{ anyOf: [yes, yes] }, { oneOf: [yes] }, conditional(yes, yes)]) {
      expect(await x(schema)).toEqual([]);
    }
    for (const schema of [{ anyOf: [yes, no] }, { anyOf: [] }, { anyOf: [yes, true] }, conditional(yes, no), true]) {
      expect(await x(schema as object)).toEqual(["R.attr.x"]);
    }
  });

  it("whatever a list has, which is no attribute at all and no call", async () => {
    const list = { maxProperties: 0 };
    const call = { required: ["args"], properties: { args: amount } };
    expect(await nested({ anyOf: [call, list] })).toEqual([]);
    expect(await nested({ anyOf: [call, { maxProperties: 1 }] })).toEqual(["R.attr.args.amount"]);
    expect(await nested({ anyOf: [list] })).toEqual(["R.attr.args.amount"]);
    const x = (schema: object): Promise<unknown> => reads("R.attr.x > 1", { resourceSchema: schema });
    expect(await x({ anyOf: [{ required: ["x"] }, { required: ["x", "y"] }, list] })).toEqual([]);
    // Arguments may be empty: this branch is one of calls.
    const empty = { required: ["args"], properties: { args: { anyOf: [amount, list] } } };
    expect(await nested(empty)).toEqual(["R.attr.args.amount"]);
  });

  it("or refers to itself, and the search still ends", async () => {
    expect(await reads("R.attr.x > 1", { resourceSchema: { $ref: "#", anyOf: [{ $ref: "#" }] } })).toEqual([
      "R.attr.x",
    ]);
  });

  it("but not for the actions that it is ignored for", async () => {
    const ignored = (actions: string): Promise<unknown> =>
      reads("R.attr.amount > 1", { ignoreWhen: `, ignoreWhen: { actions: [${actions}] }` });
    expect(await ignored("list")).toEqual([]);
    expect(await ignored("pay")).toEqual(["R.attr.amount"]);
    expect(await ignored('"*"')).toEqual(["R.attr.amount"]);
  });
});

/** A policy of the scope `acme`, with a DENY rule on line 7 or below. */
const ACME = (schemas: string): string => `apiVersion: api.cerbos.dev/v1
resourcePolicy:
  resource: payment
  version: default
  scope: acme
  ${schemas}
  rules:
    - { actions: [pay], effect: EFFECT_DENY, roles: ["*"], condition: { match: ${EXPR("R.attr.amount > R.attr.bound")} } }
`;
const BOUND = JSON.stringify({ required: ["amount", "bound"] });

describe("a policy with a scope", () => {
  it("is held against the schemas of the policy without one, as Cerbos does", async () => {
    expect(await attributes({ others: { "acme.yaml": ACME("") } })).toEqual(["R.attr.bound"]);
  });

  it("gets a warning where it names schemas: they are ignored, and do not count here either", async () => {
    const others = {
      "acme.yaml": ACME('schemas: { resourceSchema: { ref: "cerbos:///bound.json" } }'),
      "_schemas/bound.json": BOUND,
    };
    const warnings = await lintPolicies(folderOf({ others }));
    expect(warnings.map(({ code, line, attribute }) => [code, line, attribute])).toEqual([
      ["schema_ignored", 6, undefined],
      ["deny_on_optional_attribute", 8, "R.attr.bound"],
    ]);
  });

  it("names schemas in vain: what they refuse is allowed, on the real PDP", async () => {
    const policy = PAYMENTS.replace("resource: payment", "resource: payment\n  scope: acme").replace(
      "rules:",
      'schemas: { resourceSchema: { ref: "cerbos:///bound.json" } }\n  rules:',
    );
    const pdp = await startPdp({
      policies: temporaryFolder({ "acme.yaml": policy, "root.yaml": PAYMENTS, "_schemas/bound.json": BOUND }),
    });
    onTestFinished(() => pdp.close());
    const principal = { id: "ann", roles: ["user"], attr: { cap: 10 } };
    const resource = { kind: "payment", id: "p1", scope: "acme", attr: { amount: 5 } };
    expect(await pdp.client.isAllowed({ principal, resource, action: "pay" })).toBe(true);
  });
});

describe("a policy folder", () => {
  it("with a file that cannot be read gets a warning with file and line, and the rest is looked at", async () => {
    const folder = folderOf({
      match: EXPR("R.attr.x == 1"),
      others: { "broken.yaml": "a: 1\nb: [\n", "_schemas/broken.json": "{", "alias.yaml": "a: *nowhere\n" },
    });
    const warnings = await lintPolicies(folder);
    expect(warnings.map(({ code, file, line }) => [code, file.slice(folder.length + 1), line])).toEqual([
      ["file_unreadable", "_schemas/broken.json", undefined],
      ["file_unreadable", "alias.yaml", undefined],
      ["file_unreadable", "broken.yaml", expect.any(Number)],
      ["deny_on_optional_attribute", "payments.yaml", 12],
    ]);
  });

  it("is looked at as Cerbos does: no tests, no test data, nothing hidden", async () => {
    const bad = PAYMENTS;
    const unseen = { "testdata/a.yaml": bad, ".hidden/a.yaml": bad, "_schemas/a.yaml": bad };
    expect(await attributes({ others: { ...unseen, "a_test.yaml": "name: none\ntests: []\n" } })).toEqual([]);
    // A policy among the tests is a trap, and nothing else is said of it.
    const found = await lintPolicies(folderOf({ others: { "a_test.yaml": bad } }));
    expect(found.map(({ code }) => code)).toEqual(["taken_for_test"]);
  });

  it("that this project brings along is clean", async () => {
    expect(await lintPolicies(fileURLToPath(new URL("../../../../policies", import.meta.url)))).toEqual([]);
  });

  it("that holds no policy is refused", async () => {
    await expect(lintPolicies(temporaryFolder())).rejects.toMatchObject({ code: "config_invalid" });
  });
});
