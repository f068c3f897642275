import { HopwiseError } from "@hopwise/core";
import { asSchema, jsonSchema } from "ai";
import { describe, expect, it, vi } from "vitest";
import { watchSchema } from "./watch-schema.ts";

/** A schema of a library that the AI SDK knows by the Standard Schema alone. */
const standard = (validate: (value: unknown) => unknown) => ({
  "~standard": { version: 1, vendor: "any", validate, jsonSchema: DRAFT_7 },
});
const DRAFT_7 = { input: () => ({ type: "object" }) };

function watched(schema: object) {
  const read = vi.fn();
  const refused = vi.fn();
  const offered = vi.fn();
  const own = asSchema(watchSchema("pay", schema, { offered, read, refused }) as never);
  return { own, offered, read, refused };
}

describe("what a Standard Schema says of an input", () => {
  it.each([
    ["at once", (answer: object) => answer],
    ["later", async (answer: object) => answer],
  ])("is a refusal where it has issues, also beside a value; it says so %s", async (_, give) => {
    const issues = [{ message: "too much" }];
    for (const answer of [{ issues }, { issues, value: { n: 11 } }]) {
      const { own, read, refused } = watched(standard(() => give(answer)));
      expect(await own.validate?.({ n: 11 })).toMatchObject({ success: false, error: { cause: issues } });
      expect([read.mock.calls, refused.mock.calls]).toEqual([[], [[{ n: 11 }]]]);
    }
  });

  it("is what it made of it where it has none", async () => {
    const { own, read, refused } = watched(standard(() => ({ value: { n: 1 }, issues: undefined })));
    expect(await own.validate?.({ n: "1" })).toEqual({ success: true, value: { n: 1 } });
    expect([read.mock.calls, refused.mock.calls]).toEqual([[[{ n: "1" }, { n: 1 }]], []]);
  });

  it.each([
    ["nothing", undefined],
    ["a text", "no"],
  ])("is a refusal where it is %s", async (_, answer) => {
    const { own, read, refused } = watched(standard(() => answer));
    await expect(own.validate?.({ n: 1 })).rejects.toThrow(TypeError);
    expect([read.mock.calls, refused.mock.calls]).toEqual([[], [[{ n: 1 }]]]);
  });
});

/** What other frameworks read by, which take tools of the AI SDK. */
interface Door {
  readonly validate: (value: unknown) => unknown;
  readonly jsonSchema: { readonly input: (target: object) => unknown };
}

describe("who reads by the Standard Schema", () => {
  const doorOf = (own: object) => (own as { readonly "~standard": Door })["~standard"];

  it.each([
    ["at once", (answer: unknown) => answer],
    ["later", async (answer: unknown) => answer],
  ])("is heard as well, where the schema answers %s", async (_, give) => {
    const issues = [{ message: "too much" }];
    const answers = [{ value: { n: 1 } }, { issues, value: { n: 1 } }, undefined];
    for (const answer of answers) {
      const { own, read, refused } = watched(standard(() => give(answer)));
      expect(await doorOf(own).validate({ n: "1" })).toBe(answer);
      const isRead = answer === answers[0];
      expect(read.mock.calls).toEqual(isRead ? [[{ n: "1" }, { n: 1 }]] : []);
      expect(refused.mock.calls).toEqual(isRead ? [] : [[{ n: "1" }]]);
    }
    const fault = new Error("broken");
    const fails = watched(
      standard(() =>
        give(0) instanceof Promise
          ? Promise.reject(fault)
          : (() => {
              throw fault;
            })(),
      ),
    );
    await expect((async () => doorOf(fails.own).validate({ n: 1 }))()).rejects.toBe(fault);
    expect(fails.refused.mock.calls).toEqual([[{ n: 1 }]]);
  });

  it("is told that the tool is offered as a loop is, once it asks what the schema takes", () => {
    const { own, offered } = watched(standard(() => ({ value: {} })));
    const door = doorOf(own);
    door.validate({});
    expect(offered).not.toHaveBeenCalled();
    expect(door.jsonSchema.input({ target: "draft-07" })).toEqual({ type: "object" });
    expect(offered).toHaveBeenCalledOnce();
  });

  it("finds no door that the schema does not have", () => {
    const { own } = watched({ "~standard": { version: 1, vendor: "any", validate: () => ({ value: {} }) } });
    expect("jsonSchema" in doorOf(own)).toBe(false);
    expect("~standard" in watched(jsonSchema({}, { validate: (value) => ({ success: true, value }) })).own).toBe(false);
  });
});

it("tells what was sent where the schema writes into it, and then refuses it", async () => {
  const writing = standard((value) => {
    Object.assign(value as object, { currency: "EUR" });
    if ((value as { readonly fails?: true }).fails) throw new Error("broken");
    return { issues: [{ message: "too much" }] };
  });
  for (const sent of [{ n: 11 }, { fails: true }]) {
    const { own, refused } = watched(writing);
    const doors = [own, (own as unknown as { readonly "~standard": typeof own })["~standard"]];
    for (const { validate } of doors) await (async () => validate?.({ ...sent }))().catch(() => {});
    expect(refused.mock.calls).toEqual([[sent], [sent]]);
  }
});

it("tells that the tool is offered once somebody asks what the schema takes, and not where it reads an input", async () => {
  const { own, offered } = watched(standard(() => ({ value: {} })));
  await own.validate?.({});
  expect(offered).not.toHaveBeenCalled();
  expect(own.jsonSchema).toMatchObject({ type: "object" });
  expect(offered).toHaveBeenCalledOnce();
});

it.each([
  ["makes no JSON Schema at all", undefined],
  [
    "makes none of draft 7",
    {
      input: () => {
        throw new Error("hunter2");
      },
    },
  ],
])("a library that %s fails the loop by an error that names the tool", (_, jsonSchema) => {
  const { own } = watched({ "~standard": { version: 1, vendor: "any", validate: () => ({ value: {} }), jsonSchema } });
  const failing = () => own.jsonSchema;
  expect(failing).toThrow(HopwiseError);
  expect(failing).toThrow(/the inputSchema of the tool "pay" gives no JSON Schema \(draft 7\)/);
  expect(failing).not.toThrow(/hunter2/);
});
