import { describe, expect, it } from "vitest";
import { z } from "zod";
import type { JsonObject } from "../json/index.ts";
import type { ListedAs } from "../resource/index.ts";
import { listingSchema } from "./listing-schema.ts";

const entry = { kind: "wiki", action: "use" };
const schemaOf = (list: string | ((tool: string) => ListedAs), tool = "*") => listingSchema(tool, { ...entry, list });
const fits = (schema: JsonObject | undefined, attributes: object): boolean =>
  z.fromJSONSchema(schema as never).safeParse(attributes).success;

describe("the schema of what a list is asked about", () => {
  it("has no attributes, and fits no call: each has its arguments", () => {
    for (const schema of [schemaOf("list"), schemaOf(() => ({ action: "list", id: "all" }))]) {
      expect(schema).toMatchObject({ type: "object", maxProperties: 0 });
    }
  });

  it("has the attributes that the entry gives, whatever the tool's name, and no others", () => {
    const attributesOf = (tool: string) => ({ tool, args: {}, of: { name: tool, open: true, no: null } });
    const schema = schemaOf((tool) => ({ action: "list", attributes: attributesOf(tool) }));
    expect(fits(schema, attributesOf("pay"))).toBe(true);
    expect(fits(schema, { ...attributesOf("pay"), args: { amount: 1 } })).toBe(false);
    expect(fits(schema, { ...attributesOf("pay"), more: 1 })).toBe(false);
    expect(fits(schema, { ...attributesOf("pay"), tool: 7 })).toBe(false);
    expect(fits(schema, { tool: "pay", args: {} })).toBe(false);
    for (const of of [{ open: false }, { no: "yes" }]) {
      expect(fits(schema, { ...attributesOf("pay"), of: { ...attributesOf("pay").of, ...of } })).toBe(false);
    }
  });

  it("is none for an entry that is planned", () => {
    expect(listingSchema("pay", entry)).toBeUndefined();
  });
});
