import { describe, expect, it } from "vitest";
import { boolean, list, number, text, timestamp } from "./column.ts";
import { table } from "./table.ts";

const invoices = table({
  id: text("invoice_id", { stored: "integer" }),
  columns: {
    region: text(),
    owner: text("owner_id", { null: "absent" }),
    note: text({ null: "null" }),
    amount: number({ stored: "numeric" }),
    paid: boolean(),
    due: timestamp(),
    sent: timestamp({ milliseconds: true, null: "absent" }),
    tags: list("text"),
    codes: list("number", { null: "null" }),
  },
});
const ROW = {
  invoice_id: 7n,
  region: "EMEA",
  owner_id: null,
  note: null,
  amount: "12.50",
  paid: 0,
  due: "2024-01-01 00:00:00.123456+00",
  sent: new Date("2024-01-02T03:04:05.006Z"),
  tags: '["a",null]',
  codes: [1, 2n],
  other: "is not looked at",
};

describe("resourceOf", () => {
  it("gives what policies see: absent ones left out, numbers as doubles, times with all digits, lists read", () => {
    expect(invoices.resourceOf(ROW)).toEqual({
      id: "7",
      attributes: {
        region: "EMEA",
        note: null,
        amount: 12.5,
        paid: false,
        due: "2024-01-01T00:00:00.123456Z",
        sent: "2024-01-02T03:04:05.006Z",
        tags: ["a", null],
        codes: [1, 2],
      },
    });
    expect(invoices.resourceOf({ ...ROW, codes: null }).attributes["codes"]).toBeNull();
  });

  it("reads a row as its toJSON makes it, which is what is checked", () => {
    const model = Object.assign(Object.create({ toJSON: () => ROW }), { ...ROW, amount: 1 });
    expect(invoices.resourceOf(model)).toEqual(invoices.resourceOf(ROW));
  });

  it("reads a decimal as classes of decimals write it, and such a class itself", () => {
    for (const [written, seen] of [
      ["1e-7", 1e-7],
      ["-1.5e+22", -1.5e22],
    ] as const) {
      for (const amount of [written, { toJSON: () => written }]) {
        expect(invoices.resourceOf({ ...ROW, amount }).attributes["amount"]).toBe(seen);
      }
    }
  });

  it.each<[string, unknown, RegExp]>([
    ["invoice_id", null, /"invoice_id" is NULL/],
    ["invoice_id", "SECRET", /"invoice_id" must be a text/],
    ["region", null, /"region" is NULL; say what that stands for/],
    ["region", 5, /"region" must be a text/],
    ["region", undefined, /"region" is undefined; give null/],
    ["amount", "SECRET", /"amount" must be a finite number/],
    ["amount", "NaN", /"amount" must be a finite number/],
    ["amount", Number.NaN, /"amount" must be a finite number/],
    ["paid", "SECRET", /"paid" must be true or false/],
    [
      "due",
      new Date(),
      /"due" must be a time of RFC 3339 with its zone; where it says milliseconds: true, .* or a Date/,
    ],
    ["due", "2024-01-01T00:00:00", /"due" must be a time/],
    ["sent", "2024-01-01T00:00:00.0001Z", /"sent" must be a time/],
    ["tags", "SECRET", /"tags" must be a list of its type/],
    ["tags", ["a", 5], /"tags" must be a list of its type/],
    ["codes", ["5"], /"codes" must be a list of its type/],
  ])("names the column %s that does not fit, and never its value", (column, cell, message) => {
    const run = () => invoices.resourceOf({ ...ROW, [column]: cell });
    expect(run).toThrow(
      expect.objectContaining({
        code: "attributes_invalid",
        message: expect.stringMatching(message),
        pointer: `/${column}`,
      }),
    );
    expect(run).not.toThrow(/SECRET/);
  });

  it("names a column that the query left out: it is no absent attribute", () => {
    const { owner_id: _, ...row } = ROW;
    expect(() => invoices.resourceOf(row)).toThrow(/the column "owner_id" is not in the row; select it/);
    expect(() => invoices.resourceOf(Object.create(ROW))).toThrow(/is not in the row/);
    expect(() => invoices.resourceOf(null as never)).toThrow(expect.objectContaining({ code: "config_invalid" }));
  });
});
