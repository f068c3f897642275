import { describe, expect, it } from "vitest";
import type { JsonValue } from "../json/index.ts";
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
