import { describe, expect, it } from "vitest";
import { refuseMisnamed } from "./named-arguments.ts";
import type { ToolEntry } from "./tool-entry.ts";

const SCHEMA = { type: "object", properties: { to: {}, iban: {}, amount: {} }, additionalProperties: false };
const PAY: ToolEntry = { kind: "payment", action: "send" };
type Naming = "id" | "hideFromPolicies" | "keepInRecord";
/** Each member of an entry that names arguments, with a name. */
const NAMING: { readonly [Member in Naming]: (name: string) => Partial<ToolEntry> } = {
  id: (name) => ({ id: name }),
  hideFromPolicies: (name) => ({ hideFromPolicies: ["to", name] }),
  keepInRecord: (name) => ({ keepInRecord: [name] }),
};
const refuse = (more: Partial<ToolEntry>, schema: object | undefined = SCHEMA, made: readonly string[] = []) =>
  refuseMisnamed({ pay: { ...PAY, ...more } }, "pay", schema as never, made);

describe.each(Object.entries(NAMING))("an argument that %s names", (member, naming) => {
  it("must be one that the tool announces", () => {
    expect(refuse(naming("iban"))).toBeUndefined();
    expect(refuse(naming("ibann"))).toMatchObject({
      code: "attributes_invalid",
      message: `the tool map's entry of "pay" names the argument "ibann" in ${member}, and the tool has no such argument (did you mean "iban"?); where its own schema makes it out of others, argumentsSchema of the entry says so`,
    });
    expect(refuse(naming("toString"))).toMatchObject({ code: "attributes_invalid" });
  });

  it("may be one that the tool has by its author's word", () => {
    const argumentsSchema = { properties: { purpose: {} } };
    expect(refuse({ ...naming("purpose"), adds: ["purpose"] })).toBeUndefined();
    expect(refuse({ ...naming("purpose"), argumentsSchema })).toBeUndefined();
    expect(refuse(naming("purpose"), SCHEMA, ["purpose"])).toBeUndefined();
    expect(refuse({ ...naming("toString"), argumentsSchema })).toMatchObject({ code: "attributes_invalid" });
  });
});

it("says what a tool has, where nothing is near", () => {
  expect(refuse({ id: "order" })?.message).toContain("(it has to, iban, amount)");
  expect(refuse({ id: "order" }, { properties: {} })?.message).toContain("(it has none)");
});

it.each<[string, object | undefined]>([
  ["nothing", undefined],
  ["no properties", { type: "object" }],
  ["properties that are none", { properties: [] }],
  ["properties that are null", { properties: null }],
  ["properties that are a text", { properties: "order" }],
  ["that others may come", { ...SCHEMA, additionalProperties: true }],
  ["that others of a type may come", { ...SCHEMA, additionalProperties: { type: "string" } }],
  ["others by a pattern", { ...SCHEMA, patternProperties: {} }],
  ["one of several", { ...SCHEMA, anyOf: [] }],
  ["something elsewhere", { ...SCHEMA, $ref: "#/$defs/a" }],
])("nothing is told by a schema that announces %s", (_, schema) => {
  const tools = { pay: { ...PAY, id: "order" } };
  expect(refuseMisnamed(tools, "pay", schema as never, [])).toBeUndefined();
});

it("nothing is told of an id that a function makes, of a tool that is not there, or of one without names", () => {
  expect(refuse({ id: () => "order" })).toBeUndefined();
  expect(refuse({})).toBeUndefined();
  expect(refuseMisnamed({ pay: PAY }, "toString", SCHEMA as never, [])).toBeUndefined();
});

it("an entry for several tools may name what only some of them have", () => {
  const tools = { "*": { ...PAY, hideFromPolicies: ["password"] } };
  expect(refuseMisnamed(tools, "pay", SCHEMA as never, [])).toBeUndefined();
});
