import { describe, expect, it } from "vitest";
import { lookUp } from "../source/index.ts";
import { type ResourceKey, resourceAttributesFrom } from "./resource-sources.ts";

const query = (args: Record<string, never> | { readonly [name: string]: string | number | boolean }, tenant = "t") => ({
  tool: "pay",
  arguments: args,
  tenant,
});

/** A source of invoices that remembers what it was asked. */
function invoices(key: Parameters<typeof resourceAttributesFrom>[0]["key"] = "id") {
  const asked: ResourceKey[] = [];
  const source = resourceAttributesFrom({
    name: "invoices",
    key,
    ttlMs: 100,
    clock: () => 0,
    find: async (wanted) => {
      asked.push(wanted);
      return { of: wanted.tenant, number: wanted.id };
    },
  });
  return { source, asked };
}

describe("attributes of resources by a function", () => {
  it("are asked for by the argument that has the id, a text or a number, or by what a function makes of them", async () => {
    const { source, asked } = invoices();
    expect(await source.find(query({ id: "7" }))).toEqual({ of: "t", number: "7" });
    expect(await source.find(query({ id: 8 }))).toEqual({ of: "t", number: "8" });
    expect(await invoices(({ a, b }) => `${String(a)}/${String(b)}`).source.find(query({ a: 1, b: 2 }))).toEqual({
      of: "t",
      number: "1/2",
    });
    expect(asked).toEqual([
      { id: "7", tenant: "t" },
      { id: "8", tenant: "t" },
    ]);
  });

  it.each<[string, Record<string, never> | { readonly [name: string]: boolean }, string]>([
    ["is not there", {}, "id"],
    ["is neither a text nor a number", { id: true }, "id"],
    ["is inherited", {}, "constructor"],
  ])("cannot be told where the argument %s, and nobody is asked", async (_, args, key) => {
    const { source, asked } = invoices(key);
    expect(() => source.find(query(args))).toThrow(`the argument "${key}" is neither a text nor a number`);
    expect(() => lookUp(source, query(args))).toThrow(`the argument "${key}" is neither a text nor a number`);
    expect(asked).toEqual([]);
  });

  it("are remembered by id and by tenant: the same number of somebody else is another thing", async () => {
    const { source, asked } = invoices();
    expect(await lookUp(source, query({ id: "7" }))).toEqual({ value: { of: "t", number: "7" }, ageMs: 0 });
    expect(await lookUp(source, query({ id: "7" }))).toEqual({ value: { of: "t", number: "7" }, ageMs: 0 });
    expect(await lookUp(source, query({ id: "7" }, "other"))).toEqual({
      value: { of: "other", number: "7" },
      ageMs: 0,
    });
    expect(asked).toHaveLength(2);
    expect(source.name).toBe("invoices");
  });
});
