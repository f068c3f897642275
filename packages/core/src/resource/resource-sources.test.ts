import { describe, expect, it } from "vitest";
import { lookUp } from "../source/index.ts";
import { errorOf } from "../world.fixture.ts";
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
    expect(await lookUp(source, query({ id: "7" }))).toEqual({
      value: { of: "t", number: "7" },
      ageMs: expect.any(Number),
    });
    expect(await lookUp(source, query({ id: "7" }, "other"))).toEqual({
      value: { of: "other", number: "7" },
      ageMs: 0,
    });
    expect(asked).toHaveLength(2);
    expect(source.name).toBe("invoices");
  });
});

describe("what attributes of resources are asked by", () => {
  it("is refused with the argument that is at fault, where one has the id", async () => {
    const refusal = async (key: Parameters<typeof invoices>[0], args: object) =>
      errorOf(async () => invoices(key).source.find(query(args as never)));
    expect(await refusal("a/b", { "a/b": "" })).toMatchObject({
      code: "arguments_malformed",
      message: 'the argument "a/b" is empty',
      pointer: "/a~1b",
    });
    const made = await refusal(() => "", {});
    expect([made.code, made.message, made.pointer]).toEqual([
      "arguments_malformed",
      "what its key function gave is empty",
      undefined,
    ]);
    const cause = new Error("hunter2");
    const failing = () => {
      throw cause;
    };
    expect(await refusal(failing, {})).toMatchObject({
      code: "arguments_malformed",
      message: "its key function failed on these arguments",
      cause,
    });
  });

  it.each([undefined, "pay", {}, { arguments: {} }, { arguments: "a", tenant: "t" }, { arguments: {}, tenant: 7 }])(
    "must be a question about a resource, and %j is none",
    async (asked) => {
      const { source } = invoices();
      for (const ask of [() => source.find(asked as never), () => source.look?.(asked as never)]) {
        const error = await errorOf(async () => ask());
        expect(error).toMatchObject({ code: "config_invalid", pointer: "/query" });
        expect(error.message).toMatch(/^find: /);
        expect(error.message).toContain("the question about a resource, { tool, arguments, tenant }");
      }
    },
  );

  it.each<[object, string, string]>([
    [{ key: 7 }, "/key", "the name of the argument that has the id, or a function that gives it"],
    [{ key: "" }, "/key", "the name of the argument that has the id, or a function that gives it"],
    [{ ttl: 5 }, "/ttl", 'did you mean "ttlMs"?'],
  ])("is not made of %j", async (changed, pointer, words) => {
    const given = { name: "invoices", key: "id", find: () => ({}), ...changed };
    const error = await errorOf(() => resourceAttributesFrom(given as never));
    expect(error).toMatchObject({ code: "config_invalid", pointer, message: expect.stringContaining(words) });
    expect(error.message).toMatch(/^resourceAttributesFrom: /);
  });

  it("must be told by a function", async () => {
    const error = await errorOf(() => resourceAttributesFrom({ name: "invoices", key: "id" } as never));
    expect(error.message).toMatch(/^resourceAttributesFrom: .*give find or findMany, a function that asks$/);
  });
});
