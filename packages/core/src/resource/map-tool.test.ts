import { describe, expect, it } from "vitest";
import { z } from "zod";
import { errorOf } from "../world.fixture.ts";
import { mapTool, type ToolSchema } from "./map-tool.ts";

const payment = z.object({ to: z.string(), amount: z.number().int(), memo: z.string().optional() });
const validate = (value: unknown) => ({ value });
const names = { kind: "payment", action: "send" };

describe("an entry of a tool map, typed by the tool's schema", () => {
  it("is the entry, with what the schema says of the arguments", () => {
    const attributes = (): Record<string, never> => ({});
    expect(mapTool(payment, { ...names, id: "to", attributes })).toMatchObject({
      ...names,
      id: "to",
      attributes,
      argumentsSchema: { type: "object", required: ["to", "amount"], properties: { amount: { type: "integer" } } },
    });
  });

  it("does not compile with the name of an argument that the tool does not have", () => {
    mapTool(payment, { ...names, attributes: ({ amount }) => ({ large: amount > 100 }) });
    // @ts-expect-error: no such argument
    mapTool(payment, { ...names, id: "payee" });
    // @ts-expect-error: no such argument
    mapTool(payment, { ...names, keepInRecord: ["payee"] });
    // @ts-expect-error: no such argument
    mapTool(payment, { ...names, hideFromPolicies: ["payee"] });
    // @ts-expect-error: no such argument
    mapTool(payment, { ...names, attributes: ({ payee }) => ({ payee }) });
    expect(mapTool(payment, { ...names, id: "to" }).kind).toBe("payment");
  });

  it("has no schema where none can be told, and is an entry all the same", () => {
    const dated = z.object({ at: z.coerce.date() });
    expect(mapTool(dated, { ...names, projection: ({ at }) => ({ at: at.toISOString() }) })).not.toHaveProperty(
      "argumentsSchema",
    );
    expect(mapTool({ "~standard": { validate } } as ToolSchema, names)).toEqual(names);
  });
});

describe("the schema of a tool's arguments", () => {
  it("is asked for in the words of JSON Schema 2020-12, and kept as data", () => {
    const asked: unknown[] = [];
    const told = { type: "object", properties: {}, check: () => true };
    const output = (options: unknown) => {
      asked.push(options);
      return told;
    };
    expect(mapTool({ "~standard": { validate, jsonSchema: { output } } } as ToolSchema, names)).toEqual({
      ...names,
      argumentsSchema: { type: "object", properties: {} },
    });
    expect(asked).toEqual([{ target: "draft-2020-12" }]);
  });
});

describe("an entry is not made", () => {
  it.each([undefined, null, {}, { "~standard": {} }, { "~standard": { validate: true } }, "z"])(
    "of a schema that is %j",
    async (schema) => {
      const error = await errorOf(() => mapTool(schema as never, names));
      expect(error).toMatchObject({ code: "config_invalid", pointer: "/schema" });
      expect(error.message).toContain("a tool's schema, such as z.object({ … })");
    },
  );

  it.each([undefined, null, "payment"])("of an entry that is %j", async (entry) => {
    const error = await errorOf(() => mapTool(payment, entry as never));
    expect(error).toMatchObject({ code: "config_invalid", pointer: "/entry" });
    expect(error.message).toMatch(/^mapTool: /);
    expect(error.message).toContain('an entry, such as { kind: "payment", action: "send" }');
  });

  it("where reading it throws; a schema that throws has none", async () => {
    const throwing = new Proxy(names, {
      ownKeys: () => {
        throw new Error("hunter2");
      },
    });
    const error = await errorOf(() => mapTool(payment, throwing));
    expect([error.code, error.message.includes("hunter2")]).toEqual(["config_invalid", false]);
    const output = () => {
      throw new Error("no such target");
    };
    for (const jsonSchema of [{ output }, { output: async () => ({ type: "object" }) }]) {
      expect(mapTool({ "~standard": { validate, jsonSchema } } as ToolSchema, names)).toEqual(names);
    }
  });
});
