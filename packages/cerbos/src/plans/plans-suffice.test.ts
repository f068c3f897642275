/** What the lint says of filters whose rows are shown by plans alone. */
import { describe, expect, it } from "vitest";
import { lintPolicies } from "../lint/lint-policies.ts";
import { temporaryFolder } from "../testing/policies.ts";

const STRING = { type: "string" };
const NUMBER = { type: "number" };
const SCHEMA = {
  type: "object",
  required: ["region", "amount", "paid", "due", "tags"],
  properties: {
    region: STRING,
    amount: NUMBER,
    paid: { type: "boolean" },
    due: STRING,
    tags: { type: "array" },
    memo: STRING,
  },
};
const PRINCIPAL = {
  properties: { region: STRING, limit: NUMBER, admin: { type: "boolean" }, regions: { type: "array", items: STRING } },
};
const REQUIRED = SCHEMA.required;

interface Parts {
  /** The condition of the ALLOW rule. */
  readonly expr?: string;
  readonly rule?: object;
  readonly policy?: object;
  readonly schema?: unknown;
  readonly principal?: object;
  readonly required?: readonly string[] | undefined;
  readonly others?: { readonly [file: string]: object };
  /** Further files, as they are written. */
  readonly files?: { readonly [file: string]: string };
}

const when = (expr: string): object => ({ condition: { match: { expr } } });
const policyFile = (content: object): string => JSON.stringify({ apiVersion: "api.cerbos.dev/v1", ...content });

/** What the lint says of a tool whose filter shows invoices by plans alone. */
async function problems(parts: Parts, tool: object = {}): Promise<readonly string[]> {
  const { expr = "R.attr.amount < 5.0", rule = {}, policy = {}, others = {} } = parts;
  const { schema = SCHEMA, principal = PRINCIPAL, required = REQUIRED } = parts;
  const schemas = {
    resourceSchema: { ref: "cerbos:///invoice.json" },
    principalSchema: { ref: "cerbos:///principal.json" },
  };
  const resourcePolicy = {
    resource: "invoice",
    version: "default",
    schemas,
    rules: [{ name: "some", actions: ["view"], effect: "EFFECT_ALLOW", roles: ["user"], ...when(expr), ...rule }],
    ...policy,
  };
  const folder = temporaryFolder({
    "invoice.json": policyFile({ resourcePolicy }),
    "_schemas/invoice.json": JSON.stringify(schema),
    "_schemas/principal.json": JSON.stringify(principal),
    ...Object.fromEntries(Object.entries(others).map(([file, content]) => [file, policyFile(content)])),
    ...parts.files,
  });
  const filter = { plansSuffice: true, required };
  const tools = { search: { kind: "invoice", action: "view", filter, ...tool } };
  const warnings = await lintPolicies(folder, { tools, delegation: "grants-only" });
  return warnings.filter(({ code }) => code === "plans_do_not_suffice").map(({ message }) => message);
}
const reads = (expr: string): Promise<readonly string[]> => problems({ expr });

describe("a filter that shows rows by plans alone", () => {
  it("is sound where rules read what the schema requires, each of one type", async () => {
    for (const expr of [
      'R.attr.region == P.attr.region && (R.attr.amount < 5.0 || !(P.attr.limit >= R.attr.amount)) && R.id != "x"',
      'R.attr["region"] in ["a", null] || R.attr.region in P.attr.regions || "a" in R.attr.tags',
      "R.attr.paid ? R.attr.region == null : !R.attr.paid",
      'R.attr.region.startsWith("a") || P.attr.region.contains(R.attr.region) || R.attr.region.endsWith(P.id)',
      'timestamp(R.attr.due) < now() || R.attr.tags.exists(t, t != "a" && R.attr.tags.all(u, u == t))',
      "P.attr.regions.exists(r, r == R.attr.region) && (has(P.attr.region) ? P.attr.admin : R.attr.paid)",
      "size(R.attr.tags) > 2 && R.attr.region.size() < 3 && R.attr.tags.exists_one(t, t == 'a')",
    ]) {
      expect(await reads(expr)).toEqual([]);
    }
  });

  it("may do with what is no row's as it likes: Cerbos evaluates that when it plans", async () => {
    for (const expr of [
      "has(P.attr.gone) || size(P.attr.chain) + 1 > P.attr.depth * 2",
      'P.attr.list.exists(e, e.k == "a") && P.attr.map["k"].matches("a.*")',
      "now() - timestamp(P.attr.since) > duration('1h') && request.auxData.jwt.sub == P.id && R.kind == 'invoice'",
    ]) {
      expect(await reads(`(${expr}) && R.attr.paid`)).toEqual([]);
    }
  });

  it("is sound where a part that is the same for each row cannot be taken for another, or stands by itself", async () => {
    for (const expr of [
      "has(P.attr.gone) && !has(R.attr.args) || R.attr.paid",
      "('a' in P.attr.regions && P.attr.admin) == R.attr.paid",
      "'a' in ['a', P.attr.region] && P.attr.regions.exists(r, r in ['a'] && !(r == 'b')) && R.attr.paid",
      "(P.attr.admin ? P.attr.region : 'x') == R.attr.region",
      "has(P.attr.team.lead) || 'a' in P.attr.region || P.attr.region && true",
    ]) {
      expect(await reads(expr), expr).toEqual([]);
    }
  });

  it("is judged only where the tool map says so, and for its own kind and action", async () => {
    const expr = "has(R.attr.memo)";
    expect(await problems({ expr }, { filter: {} })).toEqual([]);
    expect(await problems({ expr }, { kind: "other" })).toEqual([]);
    expect(await problems({ expr }, { action: "pay" })).toEqual([]);
    expect(await problems({ expr }, { action: () => "view" })).toHaveLength(1);
    expect(await problems({ expr, rule: { actions: ["*"] } }, { action: "pay" })).toHaveLength(1);
  });

  it("is named with tool, file, line, rule, attribute, and what to do", async () => {
    const text = `apiVersion: api.cerbos.dev/v1
resourcePolicy:
  resource: invoice
  version: default
  schemas: { resourceSchema: { ref: "cerbos:///invoice.json" } }
  rules:
    - { name: memos, actions: [view], effect: EFFECT_ALLOW, roles: [user], condition: { match: { expr: R.attr.memo == "a" } } }
`;
    const folder = temporaryFolder({ "invoice.yaml": text, "_schemas/invoice.json": JSON.stringify(SCHEMA) });
    const filter = { plansSuffice: true, required: REQUIRED };
    const tools = { search: { kind: "invoice", action: "view", filter } };
    expect(await lintPolicies(folder, { tools, delegation: "grants-only" })).toEqual([
      {
        code: "plans_do_not_suffice",
        file: `${folder}/invoice.yaml`,
        line: 7,
        rule: "memos",
        attribute: "R.attr.memo",
        message: expect.stringMatching(
          /^the tool map's "search" shows rows by plans alone.*rule "memos".*reads R\.attr\.memo.*leave plansSuffice out/,
        ),
      },
    ]);
  });
});

/** A condition of one rule each, and what is said of it. */
const EXPRESSIONS: { readonly [expr: string]: RegExp } = {
  "R.attr.memo == 'a'": /reads R\.attr\.memo, which the resource schema does not require/,
  "R.attr.gone == 'a'": /reads R\.attr\.gone, which the resource schema does not require/,
  "has(R.attr.region)": /asks has\(\) about the row/,
  "!has(R.attr.region) || R.attr.region == 'a'": /asks has\(\)/,
  "R.attr.paid ? R.attr.paid || has(P.attr.region) : R.attr.paid": /asks has\(\) in a branch of/,
  "R.attr.paid ? R.attr.paid : [has(R.attr.args.region)][0] == true": /asks has\(\) in a branch of/,
  "has(P.attr.team.lead) && R.attr.paid": /asks has\(\) of something below an attribute/,
  "!has(P.attr.team.lead) && R.attr.paid": /asks has\(\) of something below an attribute/,
  "R.attr.paid == (size([1].filter(x, has(P.attr.team.lead))) == 1)": /asks has\(\) of something below/,
  "has(R.attr.args.gone.x) || R.attr.paid": /asks has\(\) of something below an attribute/,
  "has(C.map.gone.x) || R.attr.paid": /asks has\(\) of something below an attribute/,
  "has(request.auxData.jwt.sub) || R.attr.paid": /asks has\(\) of something below an attribute/,
  "P.attr.none.all(e, has(e.k)) && R.attr.paid": /asks has\(\) of something below an attribute/,
  "P.attr.none.all(e, has(e.k) && e.k == R.attr.region)": /asks has\(\) of something below an attribute/,
  "(P.attr.admin ? has(P.attr.gone) : true) && R.attr.paid": /asks has\(\) in a branch of/,
  "'a' in P.attr.region && R.attr.paid": /has a text behind in/,
  "!(P.attr.region in P.attr.limit && R.attr.paid)": /has a number behind in/,
  "'a' in P.attr.none.k || R.attr.paid": /has what no schema gives one type behind in/,
  "'a' in P.attr.regions[0] || R.attr.paid": /has what no schema gives one type behind in/,
  "'a' in R.attr.args.s || R.attr.paid": /has what no schema gives one type behind in/,
  "'a' in C.bound || R.attr.paid": /has null behind in/,
  "[1].exists(x, 'a' in P.attr.region) || R.attr.paid": /has a text behind in/,
  "P.attr.regions.exists(r, 'a' in r && r == R.attr.region)": /has a text behind in/,
  "(P.attr.region && true) && R.attr.paid": /has a text under &&/,
  "P.attr.regions.exists(r, !r) && R.attr.paid": /has a text under !/,
  "(P.attr.limit ? true : false) && R.attr.paid": /has a number under \?:/,
  "(R.attr.paid ? R.attr.region : R.id) == 'a'": /has a text in a branch of \? :/,
  "(R.attr.paid ? R.attr.amount : 1.0) < 5.0": /has a number in a branch of \? :/,
  "'region' in R.attr": /reads R\.attr as a whole/,
  "R.attr[P.attr.region] == 'a'": /reads R\.attr as a whole|by a name that is not known/,
  "R.attr[\"re\\\\gion\"] == 'a'": /by a name that is not known/,
  "R['attr'].region == 'a'": /reads \.region of .*thing of the row/,
  "R.attr.region.deep == 'a'": /rows have attributes of one level/,
  "R.attr.amount + 1.0 > 5.0": /has \+ with the row/,
  "-R.attr.amount < 5.0": /has - with the row/,
  "R.attr.amount % 2.0 == 0.0": /has % with the row/,
  "R.attr.amount < null": /has < between a number and null/,
  "R.attr.amount < P.attr.none": /has < between a number and what no schema gives one type/,
  "R.attr.amount < C.bound": /has < between a number and null/,
  "R.attr.region.startsWith(P.attr.none)": /at startsWith: .*P\.attr\.none: give it a type in the principal schema/,
  "R.attr.region.contains(null)": /has null at contains/,
  "R.attr.amount.endsWith('1')": /has a number at endsWith/,
  "!(P.attr.none || R.attr.paid)": /under \|\|: .*P\.attr\.none/,
  "R.attr.paid && (P.attr.limit ? R.attr.paid : false)": /has a number before \?/,
  "R.attr.region in P.attr.region": /has a text behind in/,
  "R.attr.region in P.attr.none": /has what no schema gives one type behind in/,
  "P.attr.none.exists(e, e == R.attr.region)": /before \.exists/,
  "R.attr.region in [R.attr.memo]": /has a list of what depends on the row/,
  "R.attr.region": /has a text as a condition/,
  "R.attr.tags.exists(t, t.k == 'a')": /reads \.k of an element/,
  "R.attr.tags.exists(t, t['k'] == 'a')": /by a name that is not known/,
  "R.attr.tags.all(t, t < 5.0)": /has < between what no schema gives one type and a number/,
  "R.attr.tags.exists(t, t.startsWith('a'))": /has what no schema gives one type at startsWith/,
  "R.attr.tags[0] == 'a'": /by its place/,
  "P.attr.limits[R.attr.region] > 5.0": /by its place/,
  "R.attr.tags.filter(t, t == 'a') == []": /asks \.filter\(…\) about the row/,
  "R.attr.tags.exists(i, t, t == 'a')": /asks \.exists\(…\) about the row/,
  "size(R.attr.amount) > 2": /has size of a number/,
  "R.attr.tags.size() > '2'": /has > between a number and a text/,
  "R.attr.region.matches('a.*')": /asks \.matches\(…\) about the row/,
  "timestamp(R.attr.due).timeSince() > duration('1h')": /asks \.timeSince\(…\) about the row/,
  "P.attr.map[R.id] == 1.0": /by a name that is not known/,
  "R.policyVersion == 'v1'": /reads R\.policyVersion, which no column has/,
  "V.unknown == 1.0": /reads V\.unknown, which is not known/,
  "V.memo == 'a'": /reads R\.attr\.memo/,
  "variables.again == 'a'": /reads V\.again/,
  "V.far == 'a'": /reads R\.attr\.far/,
  'R.attr.region == r"a"': /not understood here/,
};

describe("the arguments of the call", () => {
  const args = { type: "object", properties: { region: STRING, regions: { type: "array", items: STRING } } };
  const schema = (more: object = {}): object => ({
    ...SCHEMA,
    required: [...SCHEMA.required, "args"],
    properties: { ...SCHEMA.properties, args: { ...args, ...more } },
  });

  it("are the same for all rows: Cerbos knows them when it plans, and they are none of what rows must have", async () => {
    const expr =
      "(!has(R.attr.args.region) || R.attr['args'].region == R.attr.region) && R.attr.region in R.attr.args.regions";
    expect(await problems({ expr, schema: schema() })).toEqual([]);
    expect(await problems({ expr: "R.attr.in.x == R.attr.region", schema: schema() }, { argumentsAs: "in" })).toEqual([
      expect.stringContaining('requires "args"'),
    ]);
  });

  it("have types, where that matters, and a schema that requires none of them: a plan does not ask for these", async () => {
    expect(await problems({ expr: "R.attr.region in R.attr.args.region", schema: schema() })).toEqual([
      expect.stringContaining("has a text behind in"),
    ]);
    for (const more of [{ required: ["region"] }, { anyOf: [{ required: ["region"] }, {}] }, { $ref: "#x" }]) {
      expect(await problems({ schema: schema(more) })).toEqual([expect.stringContaining("(args/required)")]);
    }
    expect(await problems({ schema: schema({ maxProperties: 3, additionalProperties: false }) })).toEqual([]);
  });
});

describe("the condition of a rule", () => {
  const variables = { import: ["shared"], local: { memo: "R.attr.memo", again: "V.again" } };
  const policy = { variables, constants: { local: { bound: null, map: { k: 1 } } } };
  const others = { "shared.json": { exportVariables: { name: "shared", definitions: { far: "R.attr.far" } } } };

  it.each(Object.entries(EXPRESSIONS))("is named for %s", async (expr, said) => {
    const found = await problems({ policy: { ...policy, ...withRule(expr) }, others });
    expect(found.filter((it) => said.test(it))).toHaveLength(1);
  });

  const withRule = (expr: string): object => ({
    rules: [{ actions: ["view"], effect: "EFFECT_DENY", roles: ["*"], ...when(expr) }],
  });

  it("is read below all, any and none", async () => {
    const match = {
      all: { of: [{ expr: "R.attr.paid" }, { none: { of: [{ any: { of: [{ expr: "R.attr.memo == 'a'" }] } }] } }] },
    };
    expect(await problems({ rule: { condition: { match } } })).toHaveLength(1);
  });

  it("is also that of a derived role that the rule is for, and not of another", async () => {
    const role = (name: string, expr: string): object => ({ name, parentRoles: ["user"], ...when(expr) });
    const definitions = [role("used", "V.memo == 'a'"), role("unused", "has(R.attr.memo)")];
    const derivedRoles = { name: "set", definitions, variables: { local: { memo: "R.attr.memo" } } };
    const parts = { policy: { importDerivedRoles: ["set"] }, others: { "set.json": { derivedRoles } } };
    expect(await problems(parts)).toEqual([]);
    const found = await problems({ ...parts, rule: { roles: undefined, derivedRoles: ["used"] } });
    expect(found).toEqual([expect.stringMatching(/derived role "used".*reads R\.attr\.memo/)]);
  });

  it("is also that of a policy with a scope, of another version, and of a role", async () => {
    const rules = [{ actions: ["view"], effect: "EFFECT_ALLOW", roles: ["user"], ...when("R.attr.memo == 'a'") }];
    const scoped = { resourcePolicy: { resource: "invoice", version: "default", scope: "acme", rules } };
    expect(await problems({ others: { "acme.json": scoped } })).toEqual([expect.stringContaining("R.attr.memo")]);
    const second = { resourcePolicy: { resource: "invoice", version: "v2", rules: [] } };
    expect(await problems({ others: { "v2.json": second } })).toEqual([
      expect.stringContaining("names no resource schema"),
    ]);
    const narrowed = { resource: "inv*", allowActions: ["view"], ...when("R.attr.memo == 'a'") };
    const rolePolicy = { role: "user", version: "default", rules: [narrowed] };
    expect(await problems({ others: { "role.json": { rolePolicy } } })).toEqual([
      expect.stringMatching(/role policy "user" reads R\.attr\.memo/),
    ]);
  });
});

describe("beside conditions", () => {
  it("a principal policy for the kind and action is named, also one without a condition", async () => {
    const rules = (resource: string, action: string): object => ({
      principalPolicy: {
        principal: "ann",
        version: "default",
        rules: [{ resource, actions: [{ action, effect: "EFFECT_DENY" }] }],
      },
    });
    for (const [resource, action, times] of [
      ["invoice", "view", 1],
      ["*", "v*", 1],
      ["invoice", "pay", 0],
      ["other", "view", 0],
    ] as const) {
      expect(await problems({ others: { "ann.json": rules(resource, action) } })).toHaveLength(times);
    }
  });

  it("what is merged is read as Cerbos reads it, and so is a file beside the folder of schemas", async () => {
    const principalPolicy = {
      principal: "ann",
      version: "default",
      rules: [{ "<<": { resource: "invoice" }, actions: [{ action: "view", effect: "EFFECT_DENY" }] }],
    };
    const merging = `apiVersion: api.cerbos.dev/v1\nprincipalPolicy: ${JSON.stringify(principalPolicy).replace('"<<"', "<<")}\n`;
    expect(await problems({ files: { "ann.yaml": merging } })).toHaveLength(1);
    const plain = merging.replace("<<", '"<<"');
    expect(await problems({ files: { "ann.yaml": plain } })).toEqual([]);
    const written = merging.replace(/<<:\{(.*?)\}/, "$1");
    expect(await problems({ files: { "_schemas_ann.yaml": written } })).toHaveLength(1);
  });

  it("an output is named, whenever it comes", async () => {
    for (const name of ["ruleActivated", "conditionNotMet"]) {
      expect(await problems({ rule: { output: { when: { [name]: '{"redact": ["/amount"]}' } } } })).toEqual([
        expect.stringContaining("has an output"),
      ]);
    }
  });

  it("the schema is named where there is none, where it is not read, and where the action is spared", async () => {
    const resourceSchema = { ref: "cerbos:///invoice.json" };
    const named = (schemas: object): Promise<readonly string[]> => problems({ policy: { schemas }, expr: "true" });
    expect(await named({})).toEqual([expect.stringContaining("names no resource schema")]);
    expect(await named({ resourceSchema: { ref: "cerbos:///gone.json" } })).toEqual([
      expect.stringContaining("gone.json is not there"),
    ]);
    for (const actions of [["view"], ["*"]]) {
      expect(await named({ resourceSchema: { ...resourceSchema, ignoreWhen: { actions } } })).toEqual([
        expect.stringContaining("ignoreWhen"),
      ]);
    }
    expect(await named({ resourceSchema: { ...resourceSchema, ignoreWhen: { actions: ["pay"] } } })).toEqual([]);
  });

  it("a type that the principal schema gives does not count where the action is spared", async () => {
    const expr = "R.attr.amount < P.attr.limit";
    const principalSchema = { ref: "cerbos:///principal.json", ignoreWhen: { actions: ["view"] } };
    const schemas = { resourceSchema: { ref: "cerbos:///invoice.json" }, principalSchema };
    expect(await problems({ expr, policy: { schemas } })).toEqual([expect.stringContaining("has < between")]);
  });

  it("what the schema requires, and the tool map's filter does not, is named: a plan does not ask for it", async () => {
    expect(await problems({ required: ["region", "amount"] })).toEqual([
      expect.stringContaining('requires "paid", "due", "tags"'),
    ]);
    expect(await problems({ required: [...REQUIRED, "memo"] })).toEqual([]);
    const attributesSchema = { type: "object", required: REQUIRED.slice(1) };
    const filter = { plansSuffice: true };
    expect(await problems({}, { filter, attributesSchema })).toEqual([expect.stringContaining('requires "region"')]);
    expect(await problems({}, { filter })).toHaveLength(1);
  });
});

const withProperty = (amount: unknown): object => ({ ...SCHEMA, properties: { ...SCHEMA.properties, amount } });

describe("the schema of rows", () => {
  it("gives an attribute one type, or the attribute is named: no union, no anyOf, no null", async () => {
    for (const amount of [{}, { type: ["number", "null"] }, { type: "object" }, { type: "null" }, true]) {
      expect(await problems({ schema: withProperty(amount) })).toEqual([expect.stringMatching(/gives no one type/)]);
    }
    const either = { anyOf: [NUMBER, STRING] };
    expect(await problems({ schema: withProperty(either) })).toEqual([
      expect.stringContaining("amount/anyOf"),
      expect.stringContaining("gives no one type"),
    ]);
    expect(await problems({ schema: withProperty({ type: ["number"] }) })).toEqual([]);
  });

  it("is read through references and allOf, and not through branches", async () => {
    const { required, ...rest } = SCHEMA;
    const parts = { ...rest, $defs: { all: { required } } };
    expect(await problems({ schema: { ...parts, allOf: [{ $ref: "#/$defs/all" }] } })).toEqual([]);
    expect(await problems({ schema: { ...parts, anyOf: [{ required }] } })).toEqual([
      expect.stringContaining("(anyOf)"),
      expect.stringContaining("does not require"),
    ]);
    expect(await problems({ schema: { ...SCHEMA, allOf: [{ $ref: "#/$defs/gone" }] } })).toEqual([
      expect.stringContaining("($ref)"),
    ]);
  });

  it("is not read through references that may lead elsewhere than they seem to", async () => {
    const { required, ...rest } = SCHEMA;
    const named = ["$ref"].map((it) => expect.stringContaining(`(${it})`));
    const asked = (more: object, base: object = SCHEMA): Promise<readonly string[]> =>
      problems({ schema: { ...base, ...more } });
    const d = { required: ["memo"] };
    for (const more of [
      { allOf: [{ $ref: "other.json" }] },
      { allOf: [{ $ref: "" }] },
      { allOf: [{ $ref: "https://example.com/x.json" }] },
      { allOf: [{ $ref: "cerbos:///a%20b.json" }] },
      { allOf: [{ $ref: "#x" }], $defs: { d: { $anchor: "x", ...d } } },
      { allOf: [{ $id: "cerbos:///x.json", $ref: "#/$defs/d", $defs: { d } }], $defs: { d: {} } },
      { $id: "cerbos:///principal.json", allOf: [{ $ref: "#/$defs/d" }], $defs: { d: {} } },
      { $id: "x.json", allOf: [{ $ref: "#/$defs/d" }], $defs: { d: {} } },
      { $schema: "http://json-schema.org/draft-07/schema#", $ref: "#/definitions/d", definitions: { d: {} } },
      { allOf: [{ $ref: "#/$defs/%zz" }], $defs: { "%zz": {} } },
      { allOf: [{ $ref: "#/$defs/toString" }], $defs: {} },
    ]) {
      expect(await asked(more), JSON.stringify(more)).toEqual(named);
    }
    const percent = { allOf: [{ $ref: "#/$defs/a%25b" }], $defs: { "a%25b": {}, "a%b": d } };
    expect(await asked(percent)).toEqual([expect.stringContaining('requires "memo"')]);
    const plain = {
      $id: "https://example.com/invoice",
      allOf: [{ $ref: "#/$defs/all~1%20" }],
      $defs: { "all/ ": { required } },
    };
    expect(await asked(plain, rest)).toEqual([]);
    const base = { "_schemas/base.json": "{}" };
    const claims = { ...base, "_schemas/other.json": JSON.stringify({ $defs: { x: { $id: "base.json" } } }) };
    expect(await problems({ schema: { ...SCHEMA, $ref: "cerbos:///base.json" }, files: base })).toEqual([]);
    expect(await problems({ schema: { ...SCHEMA, $ref: "cerbos:///base.json" }, files: claims })).toEqual(named);
  });

  it("has one type for an attribute, also through allOf, whether or not a rule reads it", async () => {
    for (const other of ["string", "array", "object", ["number", "null"]]) {
      const allOf = [{ properties: { amount: { type: other } } }];
      expect(await problems({ expr: "R.attr.paid", schema: { ...SCHEMA, allOf } })).toEqual([
        expect.stringContaining("(amount/type)"),
      ]);
      expect(await problems({ schema: { ...SCHEMA, allOf } })).toHaveLength(2);
    }
    const allOf = [{ properties: { amount: NUMBER } }];
    expect(await problems({ schema: { ...SCHEMA, allOf } })).toEqual([]);
    expect(await problems({ schema: { ...SCHEMA, allOf: [false] } })).toEqual([expect.stringContaining("(allOf)")]);
    expect(await problems({ schema: { ...SCHEMA, $schema: "https://example.com/mine" } })).toEqual([
      expect.stringContaining("($schema)"),
    ]);
  });

  it("asks nothing else that a row can break without a rule noticing", async () => {
    for (const [amount, named] of [
      [{ ...NUMBER, enum: [1, 2] }, "amount/enum"],
      [{ ...NUMBER, minimum: 0 }, "amount/minimum"],
      [{ type: "integer" }, "amount/type: integer"],
      [{ ...NUMBER, allOf: [{ not: { const: 3 } }] }, "amount/not"],
    ] as const) {
      expect(await problems({ schema: withProperty(amount) })).toEqual([expect.stringContaining(`(${named})`)]);
    }
    const properties = {
      ...SCHEMA.properties,
      memo: false,
      tags: { type: "array", items: STRING },
    };
    expect(await problems({ schema: { ...SCHEMA, properties } })).toEqual([
      expect.stringContaining("(tags/items, memo/false)"),
    ]);
    expect(await problems({ schema: { ...SCHEMA, additionalProperties: false } })).toEqual([
      expect.stringContaining("(additionalProperties)"),
    ]);
    expect(await problems({ schema: { ...SCHEMA, additionalProperties: true, title: "Invoice" } })).toEqual([]);
  });
});
