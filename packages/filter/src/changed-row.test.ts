import { runInNewContext } from "node:vm";
import { describe, expect, it } from "vitest";
import { changedRow } from "./changed-row.ts";
import { list, table, text } from "./index.ts";

const THINGS = table({
  id: text(),
  columns: { region: text(), tags: list("text", "tag_list"), codes: list("number", { null: "absent" }) },
});
const BYTES = new Uint8Array([1, 2, 3]);
const ROW = { id: "t1", region: "EMEA", tag_list: '["a", "b","c"]', codes: "[1,2]", emb: BYTES };

const redacted = (...redact: string[]) => changedRow(THINGS, ROW, { redact, limit: {} });
const limited = (limit: { readonly [pointer: string]: number }) => changedRow(THINGS, ROW, { redact: [], limit });

describe("a list that SQLite has as a text", () => {
  it("is a list for obligations, and a text again", () => {
    expect(limited({ "/tags": 1 })).toEqual({ ...ROW, tag_list: '["a"]' });
    expect(redacted("/tags/0")).toEqual({ ...ROW, tag_list: '["[redacted]","b","c"]' });
    expect(redacted("/tag_list/*", "/codes/1")).toEqual({
      ...ROW,
      tag_list: '["[redacted]","[redacted]","[redacted]"]',
      codes: '[1,"[redacted]"]',
    });
    expect(redacted("/tags")).toEqual({ ...ROW, tag_list: "[redacted]" });
  });

  it("stays as it came where nothing in it is changed, spaces and all", () => {
    expect(limited({ "/tags": 3, "/codes": 5 })).toEqual(ROW);
    expect(redacted("/tags/9")).toEqual(ROW);
  });

  it("may be a list, as other drivers give it, or absent", () => {
    const row = { ...ROW, tag_list: ["a", "b"], codes: null };
    expect(changedRow(THINGS, row, { redact: ["/codes/0"], limit: { "/tags": 1 } })).toEqual({
      ...row,
      tag_list: ["a"],
    });
  });
});

it("what another realm made is changed as any other: of JSON, or a time", () => {
  const cell = runInNewContext("({ by: [{ name: 'bob' }] })");
  const at = runInNewContext("new Date(5)");
  const row = { ...ROW, cell, at };
  expect(changedRow(THINGS, row, { redact: ["/cell/by/0/name"], limit: {} })["cell"]).toEqual({
    by: [{ name: "[redacted]" }],
  });
  expect(changedRow(THINGS, row, { redact: ["/at"], limit: {} })["at"]).toBe("[redacted]");
});

describe("what JSON does not have", () => {
  const CELLS: readonly [string, unknown][] = [
    ["bytes", BYTES],
    ["a buffer", BYTES.buffer],
    ["a map", new Map([["a", 1]])],
    ["no number", Number.NaN],
    ["a number that is too large", 2 ** 60],
    ["half a character", "\ud800"],
    ["a list of times", [new Date(0)]],
    ["a list that has itself", cyclic()],
    ["an object with a forbidden name", JSON.parse('{"__proto__":1}')],
  ];

  it.each(CELLS)("passes through untouched, unless a pointer names it: %s", (_, cell) => {
    const row = { ...ROW, cell };
    const change = (...redact: string[]) => changedRow(THINGS, row, { redact, limit: {} });
    expect(change("/region", "/cellar")).toEqual({ ...row, region: "[redacted]" });
    expect(change("/region")["cell"]).toBe(cell);
  });

  it.each(CELLS)("is taken out where one does, and what leads into it shows nothing: %s", (_, cell) => {
    const row = { ...ROW, cell };
    const change = (...redact: string[]) => changedRow(THINGS, row, { redact, limit: {} });
    expect(change("/cell")).toEqual({ ...ROW, cell: "[redacted]" });
    expect(change("/*")["cell"]).toBe("[redacted]");
    const withheld = expect.objectContaining({ code: "result_withheld" });
    expect(() => change("/cell/0")).toThrow(withheld);
    expect(() => changedRow(THINGS, row, { redact: [], limit: { "/cell": 1 } })).toThrow(withheld);
  });
});

function cyclic(): unknown[] {
  const list: unknown[] = [];
  list.push(list);
  return list;
}
