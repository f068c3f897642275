import { describe, expect, it } from "vitest";
import type { JsonObject, JsonValue } from "../json/index.ts";
import { ownArguments } from "./own-arguments.ts";

const entry = { kind: "list", action: "read" };
const announced = (schema: JsonValue) => ownArguments(entry, { type: "object", properties: { limit: schema } });

describe("an argument that nobody sent", () => {
  it("is the tool's own where its input schema announces that very default", () => {
    expect(announced({ type: "number", default: 10 })("limit", 10)).toBe(true);
    expect(announced({ default: { b: [1, null], a: "x" } })("limit", { a: "x", b: [1, null] })).toBe(true);
    expect(announced({ default: null })("limit", null)).toBe(true);
  });

  it.each<[string, JsonValue, string, JsonValue]>([
    ["another value is announced", { default: 10 }, "limit", 11],
    ["a value of another type is announced", { default: "10" }, "limit", 10],
    ["an object with more is announced", { default: { a: 1, b: 2 } }, "limit", { a: 1 }],
    ["no default is announced", { type: "number" }, "limit", 10],
    ["no default is announced, and the value is null", {}, "limit", null],
    ["another argument has it", { default: 10 }, "offset", 10],
    ["its name is one that every object has", { default: 10 }, "toString", 10],
    ["its schema is none", true, "limit", 10],
    ["its schema is null", null, "limit", 10],
    ["its default is no JSON", { default: 5n as never }, "limit", 5],
    ["the default is inherited", Object.create({ default: 10 }), "limit", 10],
  ])("is not where %s", (_, schema, name, value) => {
    expect(announced(schema)(name, value)).toBe(false);
  });

  const LIMIT = { type: "number", default: 10 };
  it.each<[string, JsonObject]>([
    ["of its argument", { properties: { limit: { $ref: "#/$defs/Limit" } }, $defs: { Limit: LIMIT } }],
    ["of draft 7", { properties: { limit: { $ref: "#/definitions/Limit" } }, definitions: { Limit: LIMIT } }],
    [
      "to another reference",
      { properties: { limit: { $ref: "#/$defs/a" } }, $defs: { a: { $ref: "#/$defs/b" }, b: LIMIT } },
    ],
    ["of all arguments", { $ref: "#/$defs/Args", $defs: { Args: { properties: { limit: LIMIT } } } }],
    // As the MCP SDK lists a schema of Zod 3 that is used twice.
    [
      "into a list",
      {
        properties: {
          page: { anyOf: [{ type: "string" }, LIMIT] },
          limit: { $ref: "#/properties/page/anyOf/1" },
        },
      },
    ],
    ["with signs in its name", { properties: { limit: { $ref: "#/$defs/a~1b~0c%20d" } }, $defs: { "a/b~c d": LIMIT } }],
  ])("is the tool's own where a reference %s leads to that default", (_, schema) => {
    const own = ownArguments(entry, schema);
    expect([own("limit", 10), own("limit", 11), own("offset", 10)]).toEqual([true, false, false]);
  });

  it("has the default that stands at its argument, and not one where the reference beside it leads", () => {
    const schema = { properties: { limit: { $ref: "#/$defs/Limit", default: 5 } }, $defs: { Limit: LIMIT } };
    const own = ownArguments(entry, schema);
    expect([own("limit", 5), own("limit", 10)]).toEqual([true, false]);
  });

  it.each<[string, JsonValue]>([
    ["elsewhere", "https://example.com/limit.json#/$defs/Limit"],
    ["to nothing", "#/$defs/Other"],
    ["to a name", "#Limit"],
    ["to no place of a list", "#/allOf/1"],
    ["to a place of a list by another number", "#/allOf/00"],
    ["to what is no place of a list", "#/allOf/length"],
    ["to itself", "#/properties/limit"],
    ["by signs that are none", "#/$defs/%E0%A4%A"],
    ["by no text", 5],
  ])("is not where a reference leads %s", (_, $ref) => {
    const schema = { properties: { limit: { $ref } }, $defs: { Limit: LIMIT }, allOf: [LIMIT] };
    expect(ownArguments(entry, schema)("limit", 10)).toBe(false);
  });

  it("is none of the tool's where nothing is announced at all", () => {
    expect(ownArguments(entry, { properties: [{ default: 9 }] })("0", 9)).toBe(false);
    for (const schema of [
      undefined,
      {},
      { properties: [] },
      { properties: null },
      { properties: { limit: { default: 10 } }, type: "x" },
    ]) {
      expect(ownArguments(entry, schema)("limit", 9)).toBe(false);
    }
  });

  it("is the tool's own where its author says so, whatever its value", () => {
    const own = ownArguments({ ...entry, adds: ["limit"] }, undefined);
    expect([own("limit", 10), own("limit", "any"), own("offset", 0)]).toEqual([true, true, false]);
  });
});
