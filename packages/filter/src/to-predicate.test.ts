import type { RowExpression } from "@hopwise/core/filter";
import { describe, expect, it } from "vitest";
import { boolean, list, number, text, timestamp } from "./column.ts";
import { attr, call, time, value, where } from "./expressions.fixture.ts";
import { table } from "./table.ts";
import { toPredicate } from "./to-predicate.ts";

const things = table({
  id: text(),
  columns: {
    name: text({ null: "absent" }),
    count: number({ null: "absent" }),
    big: number({ stored: "bigint", null: "absent" }),
    key: text({ stored: "integer", null: "absent" }),
    done: boolean({ null: "absent" }),
    due: timestamp({ null: "absent" }),
    at: timestamp({ milliseconds: true, null: "absent" }),
    tags: list("text", { null: "absent" }),
  },
});
const NOTHING = { id: "1", name: null, count: null, big: null, key: null, done: null, due: null, at: null, tags: null };
const passes = (expression: RowExpression, row: object): boolean =>
  toPredicate(where(expression), things)({ ...NOTHING, ...row });
const isUnknown = (expression: RowExpression, row: object): boolean =>
  !passes(expression, row) && !passes(call("not", expression), row);

describe("toPredicate", () => {
  it("reads what the drivers give: texts for bigint, BigInt, 1 for true, JSON as text, Date where it is whole", () => {
    expect(passes(call("eq", attr("big"), value(2 ** 53)), { big: "9007199254740993" })).toBe(true);
    expect(passes(call("eq", attr("count"), value(2 ** 53)), { count: 9007199254740993n })).toBe(true);
    expect(passes(call("eq", attr("key"), value("5")), { key: 5 })).toBe(true);
    expect(passes(call("eq", attr("key"), value("9007199254740993")), { key: "9007199254740993" })).toBe(true);
    expect(passes(attr("done"), { done: 1 })).toBe(true);
    expect(passes(attr("done"), { done: true })).toBe(true);
    for (const tags of ['["a"]', ["a"], ["b", null, "a"]])
      expect(passes(call("in", value("a"), attr("tags")), { tags })).toBe(true);
    const at = call("eq", call("timestamp", attr("at")), time("2024-01-01T00:00:00.5Z"));
    for (const it of [
      new Date("2024-01-01T00:00:00.5Z"),
      "2024-01-01 00:00:00.500+00",
      "2024-01-01T00:00:00.5+00:00",
    ]) {
      expect(passes(at, { at: it })).toBe(true);
    }
  });

  it.each<[RowExpression, readonly unknown[]]>([
    [call("eq", attr("name"), value("5")), [5, true, "\ud800", new Uint8Array([53]), {}, ["5"], undefined]],
    [call("eq", attr("count"), value(5)), ["5", true, Number.NaN, Number.POSITIVE_INFINITY, {}, undefined]],
    [call("eq", attr("big"), value(5)), ["5x", "0x5", "", " 5", "1e400", `1${"0".repeat(400)}`, true]],
    [call("eq", attr("key"), value("5")), ["05", "5.0", 5.5, "5 ", 2 ** 53, 2n ** 63n, "9223372036854775808"]],
    [attr("done"), [2, "true", 1.5, 2n, {}]],
    [
      call("lt", call("timestamp", attr("due")), time("2030-01-01T00:00:00Z")),
      [new Date(), "2024-01-01", "2024-01-01T00:00:00", 5],
    ],
    [
      call("lt", call("timestamp", attr("at")), time("2030-01-01T00:00:00Z")),
      [new Date("never"), new Date(1e15), "2024-01-01T00:00:00.0001Z"],
    ],
    [call("in", value("a"), attr("tags")), ["a", '"a"', '{"a":1}', "[", { 0: "a", length: 1 }, [5], ["\ud800"]]],
  ])("takes a cell that does not fit its column for unknown: %j", (expression, cells) => {
    const [, name = ""] = /request\.resource\.attr\.(\w+)/.exec(JSON.stringify(expression)) ?? [];
    for (const cell of cells) expect(isUnknown(expression, { [name]: cell }), String(cell)).toBe(true);
    expect(isUnknown(expression, { [name]: null })).toBe(true);
  });

  it("reads a row's own columns alone, and takes one that is missing for unknown", () => {
    const condition = call("eq", attr("name"), value("x"));
    expect(passes(condition, { name: "x" })).toBe(true);
    expect(toPredicate(where(condition), things)(Object.create({ id: "1", name: "x" }))).toBe(false);
    expect(toPredicate(where(call("not", condition)), things)({ id: "1" })).toBe(false);
  });

  it("lets no row pass that lacks a required attribute, whatever the condition says", () => {
    const keep = toPredicate(where(true, { required: ["name"] }), things);
    expect([{ name: "x" }, { name: null }, { name: undefined }, {}].map(keep)).toEqual([true, false, false, false]);
    expect(toPredicate(where(false), things)(NOTHING)).toBe(false);
  });

  it("tells SQL's AND and OR from the weak ones", () => {
    const either = call("or", call("eq", attr("name"), value("x")), call("eq", attr("count"), value(1)));
    const shown = (unknown: "sql" | "weak", row: object) =>
      toPredicate(where(either, { unknown }), things)({ ...NOTHING, ...row });
    expect([shown("sql", { name: "x" }), shown("weak", { name: "x" })]).toEqual([true, false]);
    expect([shown("sql", { name: "x", count: 2 }), shown("weak", { name: "x", count: 2 })]).toEqual([true, true]);
  });

  it("refuses what is no row, no table and no condition", () => {
    const keep = toPredicate(where(true), things);
    for (const row of [null, 5, "row", []]) expect(() => keep(row as never)).toThrow(/toPredicate: row must be/);
    expect(() => toPredicate(where(true), { ...things } as never)).toThrow(/table must be what table\(\) gave/);
    for (const bad of [
      null,
      {},
      { ...where(true), unknown: "SQL" },
      { ...where(true), required: "name" },
      { ...where(true), expression: 5 },
    ]) {
      expect(() => toPredicate(bad as never, things)).toThrow(expect.objectContaining({ code: "config_invalid" }));
    }
  });
});
