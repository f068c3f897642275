/** What a tool map is refused with, member by member. */
import { describe, expect, it } from "vitest";
import { optionsOf } from "../options/index.ts";
import { errorOf } from "../world.fixture.ts";
import { TOOL_MAP, type ToolEntry, type ToolMap } from "./tool-entry.ts";

const read = optionsOf<{ readonly tools: ToolMap }>("createAuthorizer", { tools: TOOL_MAP });
const entry: ToolEntry = { kind: "payment", action: "send" };
const WHOLE: Required<ToolEntry> = {
  ...entry,
  id: "to",
  attributes: () => ({}),
  sources: { invoice: { find: () => ({}) } },
  argumentsAs: "input",
  hideFromPolicies: ["iban"],
  keepInRecord: ["amount"],
  showToApprovers: ["owner"],
  list: "list",
  scope: "acme.emea",
  policyVersion: "v2",
  projection: () => ({}),
  adds: ["limit"],
  filter: { arguments: { region: "R.attr.region", id: "R.id", query: null }, required: [], plansSuffice: true },
  argumentsSchema: { type: "object" },
  attributesSchema: {},
};

describe("an entry of a tool map", () => {
  it("may have every member, and those that a call decides as functions", () => {
    const { id, list, action, scope, policyVersion } = {
      id: () => "7",
      list: () => ({ action: "list" }),
      action: () => "send",
      scope: () => "acme",
      policyVersion: async () => undefined,
    };
    expect(read({ tools: { pay: WHOLE } }).tools["pay"]).toMatchObject({ kind: "payment", id: "to", list: "list" });
    const made = read({ tools: { pay: { ...WHOLE, id, list, action, scope, policyVersion } } }).tools["pay"];
    expect([made?.action, made?.id, made?.list].map((own) => typeof own)).toEqual(["function", "function", "function"]);
  });

  it.each<[string, unknown, string, string]>([
    ["kind", 7, "/kind", "a Cerbos resource kind, such as payment"],
    ["kind", undefined, "/kind", "a Cerbos resource kind, such as payment"],
    ["action", 7, "/action", "a Cerbos action, such as send, or a function of the tool's name that gives it"],
    ["id", 7, "/id", "the name of the argument that has the id, or a function that gives it"],
    ["attributes", {}, "/attributes", "a function that gives attributes"],
    ["sources", [], "/sources", "sources by name"],
    ["sources", { a: {} }, "/sources/a", "a source, such as resourceAttributesFrom({ … })"],
    ["argumentsAs", "", "/argumentsAs", "an attribute's name, such as args"],
    ["hideFromPolicies", "to", "/hideFromPolicies", "a list of arguments' names"],
    ["keepInRecord", [7], "/keepInRecord/0", "an argument's name"],
    ["showToApprovers", "owner", "/showToApprovers", "a list of attributes' names"],
    ["showToApprovers", [""], "/showToApprovers/0", "an attribute's name"],
    ["list", 7, "/list", "a Cerbos action, such as list, or a function of the tool's name"],
    ["scope", 7, "/scope", "a scope of Cerbos, such as acme.emea, or a function that gives it"],
    ["policyVersion", 7, "/policyVersion", "a policyVersion of Cerbos, such as v2, or a function that gives it"],
    ["projection", {}, "/projection", "a function that gives plain data"],
    ["adds", {}, "/adds", "a list of arguments' names"],
    ["filter", true, "/filter", 'a rule for rows, such as { arguments: { region: "R.attr.region" } }'],
    ["argumentsSchema", [], "/argumentsSchema", 'a JSON Schema, such as { type: "object" }'],
    ["attributesSchema", 7, "/attributesSchema", 'a JSON Schema, such as { type: "object" }'],
    ["resource", "payment", "/resource", 'did you mean "kind"?'],
    ["hideFromPolicy", [], "/hideFromPolicy", 'did you mean "hideFromPolicies"?'],
  ])("is refused with %s that is %j, by its place and what is expected there", async (name, value, pointer, words) => {
    const error = await errorOf(() => read({ tools: { pay: { ...entry, [name]: value } } }));
    expect(error).toMatchObject({ code: "config_invalid", pointer: `/tools/pay${pointer}` });
    expect(error.message).toContain(words);
  });

  it.each([
    [undefined, "/tools", "entries by tool, such as { send_payment: { kind, action } }"],
    [[entry], "/tools", "entries by tool"],
    [{ pay: "send" }, "/tools/pay", 'an entry, such as { kind: "payment", action: "send" }'],
  ])("is not found in %j", async (tools, pointer, words) => {
    const error = await errorOf(() => read({ tools } as never));
    expect(error).toMatchObject({ code: "config_invalid", pointer, message: expect.stringContaining(words) });
  });

  it.each(["action", "id", "list", "projection"] as const)(
    "has a function for %s that answers at once",
    async (name) => {
      const late = async () => "send";
      const error = await errorOf(() => read({ tools: { pay: { ...entry, [name]: late } } }));
      expect(error).toMatchObject({ code: "config_invalid", pointer: `/tools/pay/${name}` });
      const made = read({ tools: { pay: { ...entry, [name]: () => late() } } }).tools["pay"] as ToolEntry;
      expect(() => (made[name] as () => unknown)(), "a promise is no answer").toThrow();
    },
  );
});

describe("a rule for rows", () => {
  const rule = (filter: unknown) => read({ tools: { list_invoices: { ...entry, filter: filter as never } } });

  it.each(["R.id", "R.attr.region", "R.attr._a9", "R.attr.r", null])("may say %j of an argument", (said) => {
    expect(rule({ arguments: { a: said } }).tools["list_invoices"]?.filter).toEqual({ arguments: { a: said } });
  });

  it.each<[object, string, string]>([
    ...[
      "",
      "id",
      "R.attr",
      "R.attr.",
      "R.attr.9a",
      "R.attr.a.b",
      "xR.id",
      "R.idx",
      "R.attr.a ",
      7,
      undefined,
      {},
      ["R.id"],
    ].map((said): [object, string, string] => [
      { arguments: { a: said } },
      "/arguments/a",
      "R.id, an attribute such as R.attr.region, or null for an argument that says nothing of a row",
    ]),
    [{ arguments: [] }, "/arguments", 'what arguments say of a row, such as { region: "R.attr.region" }'],
    [{ required: "region" }, "/required", "a list of attributes' names"],
    [{ required: [7] }, "/required/0", "an attribute's name"],
    [{ plansSuffice: "yes" }, "/plansSuffice", "true or false"],
    [{ withinMs: 0 }, "/withinMs", "1 to 600000"],
    [{ withinMs: 600_001 }, "/withinMs", "1 to 600000"],
    [{ within: 5 }, "/within", 'did you mean "withinMs"?'],
  ])("is refused that is %j", async (filter, pointer, words) => {
    const error = await errorOf(() => rule(filter));
    expect(error).toMatchObject({ code: "config_invalid", pointer: `/tools/list_invoices/filter${pointer}` });
    expect(error.message).toContain(words);
  });
});
