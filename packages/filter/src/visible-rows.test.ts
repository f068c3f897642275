import { HopwiseError } from "@hopwise/core";
import type { CheckedRow, Filter, Row } from "@hopwise/core/filter";
import { describe, expect, it } from "vitest";
import { list, number, table, text, timestamp } from "./index.ts";
import { visibleRows } from "./visible-rows.ts";

const THINGS = table({
  id: text("thing_id"),
  columns: {
    owner: text("owner_id"),
    amount: number({ null: "absent" }),
    tags: list("text", { null: "absent" }),
    due: timestamp({ milliseconds: true, null: "absent" }),
  },
});
const thing = (id: string, more: object = {}) => ({
  thing_id: id,
  owner_id: "me",
  amount: 1,
  tags: null,
  due: null,
  ...more,
});

/** A filter that lets every row pass under these obligations, and what it was asked. */
function passing(row: CheckedRow = {}, meanwhile: () => void = () => {}) {
  const asked: (Row | undefined)[] = [];
  const faults: unknown[] = [];
  const filter = {
    kind: "thing",
    action: "view",
    plansSuffice: false,
    applied: undefined,
    fault: undefined,
    fail: (cause: unknown) => void faults.push(cause),
    take: () => ({ expression: true, required: [], unknown: "sql" }) as const,
    check: async (rows: readonly (Row | undefined)[]) => {
      asked.push(...rows);
      meanwhile();
      return rows.map((it) => it && row);
    },
  } satisfies Filter;
  return { filter, asked, faults };
}
const read = (filter: Filter, rows: readonly object[]) =>
  visibleRows(filter, THINGS, { dialect: "memory" }, () => rows);
const redacting = (...redact: string[]): CheckedRow => ({ obligations: { redact, limit: {} } });

describe("rows that passed", () => {
  it("are changed as policies oblige to, who speak of attributes and not of columns", async () => {
    const { filter } = passing(redacting("/owner", "/id"));
    expect(await read(filter, [thing("t1")])).toEqual([thing("[redacted]", { owner_id: "[redacted]" })]);
  });

  it("may be changed in a column that the table does not name, and in each", async () => {
    expect(await read(passing(redacting("/iban")).filter, [thing("t1", { iban: "DE02" })])).toMatchObject([
      { iban: "[redacted]", owner_id: "me" },
    ]);
    const [all] = await read(passing(redacting("/*")).filter, [thing("t1", { iban: "DE02" })]);
    expect(new Set(Object.values(all ?? {}))).toEqual(new Set(["[redacted]"]));
    const limited = passing({ obligations: { redact: [], limit: { "/tags": 1 } } });
    expect(await read(limited.filter, [thing("t1", { tags: ["a", "b"] })])).toMatchObject([{ tags: ["a"] }]);
  });

  it("have times and large numbers as JSON writes them, once something is taken out of them", async () => {
    const row = thing("t1", { due: new Date(0), size: 7n });
    expect(await read(passing().filter, [row])).toEqual([row]);
    expect(await read(passing(redacting("/owner")).filter, [row])).toMatchObject([
      { due: "1970-01-01T00:00:00.000Z", size: "7" },
    ]);
  });

  it("are those that were checked, whatever becomes of the database's own meanwhile", async () => {
    const [tags, due] = [["a"], new Date(0)];
    const live = [thing("t1", { tags, due })];
    const { filter, asked } = passing({}, () => {
      Object.assign(live[0] as object, { owner_id: "boss" });
      tags.push("b");
      due.setTime(1);
    });
    expect(await read(filter, live)).toEqual([thing("t1", { tags: ["a"], due: new Date(0) })]);
    expect(asked).toMatchObject([{ id: "t1", attributes: { owner: "me", tags: ["a"] } }]);
    let turn = 0;
    const shifty = {
      ...thing("t1"),
      get owner_id() {
        return turn++ === 0 ? "me" : "boss";
      },
    };
    expect(await read(passing().filter, [shifty])).toEqual([thing("t1")]);
  });
});

describe("a row that does not fit its table", () => {
  it.each([
    ["a number for a text", { owner_id: 5 }],
    ["an empty id", { thing_id: "" }],
    ["an integer that a double does not hold", { amount: 1e21 }],
    ["a list of something else", { tags: [1] }],
    ["NULL that stands for nothing", { owner_id: null }],
  ])("is left out, and ends no search: %s", async (_, cell) => {
    const { filter, asked } = passing();
    expect(await read(filter, [thing("t1", cell), thing("t2")])).toEqual([thing("t2")]);
    expect(asked).toMatchObject([undefined, { id: "t2" }]);
  });

  it("is the query's fault where it lacks a column", async () => {
    const { filter, faults } = passing();
    const reading = read(filter, [{ thing_id: "t1" }]);
    await expect(reading).rejects.toMatchObject({ code: "config_invalid", pointer: "/owner_id" });
    expect(faults).toMatchObject([{ code: "config_invalid" }]);
  });
});

it("what the query throws is thrown on, and told to the filter", async () => {
  const { filter, faults } = passing();
  const down = new Error("down");
  const reading = visibleRows(filter, THINGS, { dialect: "memory" }, () => Promise.reject(down));
  await expect(reading).rejects.toBe(down);
  expect(faults).toEqual([down]);
  const nothing = visibleRows(filter, THINGS, { dialect: "memory" }, () => 5 as never);
  await expect(nothing).rejects.toBeInstanceOf(HopwiseError);
});
