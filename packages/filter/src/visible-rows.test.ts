import { HopwiseError } from "@hopwise/core";
import type { CheckedRow, Filter, Row, RowCondition } from "@hopwise/core/filter";
import { describe, expect, it } from "vitest";
import { attr, call, value, where } from "./expressions.fixture.ts";
import { boolean, type CerbosPlan, list, number, table, text, timestamp, toCerbos } from "./index.ts";
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
  const leftOut: unknown[] = [];
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
    leaveOut: (...given) => void leftOut.push(given),
  } satisfies Filter;
  return { filter, asked, faults, leftOut };
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

/** A value of a class, as drivers and ORMs have them for decimals, times and models. */
class Model {
  readonly columns: unknown;
  readonly password = "secret";
  constructor(columns: unknown) {
    this.columns = columns;
  }
  toJSON(): unknown {
    return this.columns;
  }
}

describe("what has a toJSON", () => {
  it.each<[string, unknown, unknown]>([
    ["a row", new Model(thing("t1")), thing("t1")],
    ["a row that keeps something of itself back", modelOf("t1"), thing("t1")],
    ["a row of such values", new Model(thing("t1", { amount: new Model(5) })), thing("t1", { amount: 5 })],
    ["a value", thing("t1", { more: new Model("12.50") }), thing("t1", { more: "12.50" })],
    [
      "within a value",
      thing("t1", { more: { by: [new Model({ name: "bob" })] } }),
      thing("t1", { more: { by: [{ name: "bob" }] } }),
    ],
    [
      "within a map, a set, or an object that calls itself something",
      thing("t1", {
        more: [new Map([["by", new Model("bob")]]), new Set([new Model("bob")])],
        named: { by: new Model("bob"), [Symbol.toStringTag]: "Team" },
      }),
      thing("t1", { more: [new Map([["by", "bob"]]), new Set(["bob"])], named: { by: "bob" } }),
    ],
    [
      "one that calls itself a date",
      thing("t1", { more: Object.assign(new Model("bob"), { [Symbol.toStringTag]: "Date" }) }),
      thing("t1", { more: "bob" }),
    ],
    [
      "one within what it makes",
      thing("t1", { more: new Model({ by: new Model("bob") }) }),
      thing("t1", { more: { by: "bob" } }),
    ],
    [
      "an address",
      thing("t1", { more: new URL("https://acme.example/") }),
      thing("t1", { more: "https://acme.example/" }),
    ],
  ])("is shown as that, and nothing that it keeps back is shown: %s", async (_, given, shown) => {
    const found = await read(passing().filter, [given as object]);
    expect(found).toEqual([shown]);
    expect(JSON.stringify(found)).not.toContain("secret");
  });

  it("is asked about as that in memory, too: a row, and a value in it", async () => {
    const condition = where(
      call(
        "and",
        call("eq", attr("owner"), value("me")),
        call("eq", attr("cost"), value(5)),
        call("in", value("a"), attr("tags")),
      ),
    );
    const taking = { ...passing().filter, take: () => condition };
    const byPredicate = (rows: readonly object[]) =>
      visibleRows(taking, EVERY_THING, { dialect: "memory" }, (passes) => rows.filter(passes));
    const row = full({ cost: new Model("5"), tags: [new Model("a")] });
    for (const one of [
      row,
      new Model(row),
      Object.assign(Object.create({ toJSON: () => row }), { owner_id: "boss" }),
    ]) {
      expect(await byPredicate([one])).toEqual([full({})]);
    }
    const kept = Object.assign(Object.create({ toJSON: () => full({ owner_id: "boss" }) }), full({}));
    expect(await byPredicate([kept, new Model(5), { toJSON: throwing }, full({ cost: { toJSON: throwing } })])).toEqual(
      [],
    );
  });

  it("is still a time, or bytes, where it is one", async () => {
    const row = thing("t1", { more: { at: new Date(0), bytes: Buffer.from("a"), none: null, big: 7n } });
    const [found] = await read(passing().filter, [row]);
    expect(found).toEqual(thing("t1", { more: { at: new Date(0), bytes: new Uint8Array([97]), none: null, big: 7n } }));
  });

  it("is left out where it fails, or makes no row", async () => {
    const failing = { toJSON: throwing };
    const rows = [failing, thing("t1", { more: failing }), new Model("secret"), new Model([]), thing("t2")];
    expect(await read(passing().filter, rows)).toEqual([thing("t2")]);
  });
});

function modelOf(id: string): object {
  return Object.assign(Object.create({ toJSON: () => thing(id) }), thing(id, { password: "secret" }));
}

/** A row of which a policy's pointer finds something, which cannot be taken out. */
const UNCHANGEABLE: readonly [string, unknown][] = [
  ["a text", "hello"],
  ["half a character", { x: "\ud800" }],
  ["a forbidden name", JSON.parse('{"x":"a","__proto__":1}')],
  ["a number that is too large", { x: 2 ** 60 }],
  ["bytes", new Uint8Array(3)],
];

describe("a row that cannot be changed as policies oblige to", () => {
  it.each(UNCHANGEABLE)("is left out, counted with why, and ends no search: %s", async (_, more) => {
    const { filter, faults, leftOut } = passing(redacting("/more/x"));
    const rows = [thing("t1", { more }), thing("t2", { more: { x: "secret" } }), thing("t3", { more })];
    expect(await read(filter, rows)).toEqual([thing("t2", { more: { x: "[redacted]" } })]);
    expect(leftOut).toEqual([[2, expect.objectContaining({ code: "result_withheld" })]]);
    expect(faults).toEqual([]);
  });

  it("is counted as the filter counts it, and told where rows like it are all that was found", async () => {
    const { filter, faults } = passing(redacting("/more/x"));
    const fault = { code: "result_withheld", message: "cannot be done", told: "result_withheld" } as const;
    await expect(read({ ...filter, fault }, [thing("t1", { more: "secret" })])).rejects.toMatchObject({
      code: "result_withheld",
      message: "cannot be done",
    });
    expect(faults).toMatchObject([{ code: "result_withheld" }]);
  });

  it.each([null, undefined])("is told of also by a program's own filter, whose fault is %s", async (fault) => {
    const own = { ...passing(redacting("/more/x")).filter, fault: fault as never };
    await expect(read(own, [thing("t1", { more: "secret" })])).rejects.toMatchObject({ code: "result_withheld" });
    expect(await read(own, [])).toEqual([]);
  });

  it.each([undefined, null, {}])("cannot be told where a program's own filter checks by %j", async (checked) => {
    const own = { ...passing().filter, check: async () => checked as never };
    await expect(read(own, [thing("t1")])).rejects.toMatchObject({
      code: "config_invalid",
      message: expect.stringContaining("what the filter's check gives"),
    });
  });

  it("is another matter than a fault of whoever asks for the change", async () => {
    await expect(
      read(passing({ obligations: 5 as never }).filter, [thing("t1"), thing("t2")]),
    ).rejects.not.toMatchObject({ code: "result_withheld" });
  });
});

describe("a row that does not fit its table", () => {
  it.each([
    ["a number for a text", { owner_id: 5 }],
    ["an empty id", { thing_id: "" }],
    ["a number that is not finite", { amount: Number.POSITIVE_INFINITY }],
    ["a column that is not there", { amount: undefined }],
    ["a nested function", { tags: [() => "secret"] }],
    ["what fails when it is read", { more: Object.defineProperty({}, "x", { enumerable: true, get: throwing }) }],
    ["a list of something else", { tags: [1] }],
    ["NULL that stands for nothing", { owner_id: null }],
  ])("is left out, and ends no search: %s", async (_, cell) => {
    const { filter, asked } = passing();
    expect(await read(filter, [thing("t1", cell), thing("t2")])).toEqual([thing("t2")]);
    expect(asked).toMatchObject([undefined, { id: "t2" }]);
  });

  it.each<[string, object | null]>([
    ["null", null],
    ["nothing", undefined as never],
    ["a list", ["secret"]],
    ["a text", "secret" as never],
    ["a promise", Promise.resolve(thing("t1"))],
    ["what fails when it is read", new Proxy({}, { ownKeys: throwing })],
  ])("is left out, too, where it is no row: %s", async (_, row) => {
    const { filter, asked } = passing();
    expect(await read(filter, [row, thing("t2")] as object[])).toEqual([thing("t2")]);
    expect(asked).toMatchObject([undefined, { id: "t2" }]);
    await expect(read(passing().filter, [row, row] as object[])).rejects.toMatchObject({
      code: "config_invalid",
      message: expect.not.stringContaining("secret"),
    });
  });
});

/** What every row of a query has at a column, which is the table's mistake or the query's, and what is said of it. */
const EVERY: readonly [string, object, RegExp][] = [
  [
    "amount",
    { amount: "12.50" },
    /the table says number\(\), and a text came.*stored: "numeric".*"amount"::float8.*type parser/,
  ],
  [
    "owner_id",
    { owner_id: 5 },
    /the table says text\(\), and a number came: cast it in the query \("owner_id"::text\)/,
  ],
  ["due", { due: 5 }, /the table says timestamp\({ milliseconds: true }\), and a number came.*"due"::text/],
  ["due", { due: "2024-01-01 02:00:00" }, /RFC 3339 with its zone.* and a text came/],
  ["due", { due: "2024-01-01 02:00:00.123456+00" }, /without more digits than these.* and a text came/],
  ["at", { at: new Date(0) }, /the table says timestamp\(\), and a Date came.*type parser.*milliseconds: true/],
  ["done", { done: "t" }, /the table says boolean\(\), and a text came/],
  ["tags", { tags: new Uint8Array(3) }, /the table says list\("text"\), and bytes came/],
  ["tags", { tags: ["a", null, 5] }, /the table says list\("text"\), and a list with a number in it came.*to_jsonb/],
  ["owner_id", { owner_id: null }, /is NULL; say what that stands for, by null/],
  ["amount", { amount: undefined }, /is undefined; give null where it has no value/],
  ["more", { more: { f: () => "secret" } }, /the column "more" of each cannot be copied/],
];

it("shows no row that the condition does not, also where plans suffice and the query forgot it", async () => {
  const { filter, asked } = passing();
  const condition = where(call("le", attr("amount"), value(10)));
  const own = { ...filter, plansSuffice: true, take: () => condition };
  const rows = [thing("t1", { amount: 10 }), thing("t2", { amount: 11 }), thing("t3", { amount: null }), thing("t4")];
  for (const dialect of ["sqlite", "memory"] as const) {
    const found = await visibleRows(own, THINGS, { dialect }, () => rows);
    expect(found.map((it) => it.thing_id)).toEqual(["t1", "t4"]);
  }
  expect(asked.map((it) => it?.id)).toEqual(["t1", "t4", "t1", "t4"]);
  // One that fits nothing is not all that came, and so no mistake of the table.
  const unfit = [thing("t2", { amount: 11 }), thing("t5", { amount: "12.50" })];
  expect(await visibleRows(own, THINGS, { dialect: "sqlite" }, () => unfit)).toEqual([]);
});

describe("rows of which none fits", () => {
  const every = (rows: readonly object[], filter = passing().filter) =>
    visibleRows(filter, EVERY_THING, { dialect: "memory" }, () => rows);

  it.each(EVERY)("at the column %s are a mistake that names it, and no empty list: %j", async (column, cell, words) => {
    const { filter, faults, asked } = passing();
    // Each misfits elsewhere, too.
    const rows = [full({ ...cell, tags: [5] }), full({ done: "secret", ...cell })];
    const error = { code: "config_invalid", pointer: `/${column}`, message: expect.stringMatching(words) };
    const own = rows.map((row) => (column === "tags" ? { ...row, ...cell } : row));
    await expect(every(own, filter)).rejects.toMatchObject(error);
    expect(faults).toMatchObject([error]);
    expect(JSON.stringify(faults)).not.toContain("secret");
    expect(asked, "nothing is asked about them").toEqual([]);
    expect(await every([full(cell), full({})]), "beside one that fits, they are left out").toHaveLength(1);
  });

  it("for the lack of a column name that", async () => {
    const { owner_id: _, ...row } = full({});
    await expect(every([row, row])).rejects.toMatchObject({
      code: "config_invalid",
      pointer: "/owner_id",
      message: expect.stringMatching(/"owner_id" of each is not in the row; select it/),
    });
  });

  it("since an ORM has a column by another name, are a mistake that says which: NULL in its place would be believed", async () => {
    const { owner_id: ownerId, ...row } = full({});
    const model = Object.create({ toJSON: () => ({ ...row, ownerId }) });
    for (const one of [{ ...row, ownerId }, model]) {
      await expect(every([one])).rejects.toMatchObject({
        code: "config_invalid",
        pointer: "/owner_id",
        message: expect.stringMatching(
          /"owner_id" of each is not in the row, which has "ownerId"; give that by the name/,
        ),
      });
    }
  });

  it("in memory are named although the condition lets none of them pass, and not where one of them fits", async () => {
    const searching = (read: (passes: (row: object) => boolean) => readonly object[]) => {
      const { filter } = passing();
      const condition = where(call("le", attr("amount"), value(10)));
      return visibleRows({ ...filter, take: () => condition }, EVERY_THING, { dialect: "memory" }, read);
    };
    const search = (...rows: readonly object[]) => searching((passes) => rows.filter(passes));
    const { amount: _, ...without } = full({});
    for (const [row, words] of [
      [full({ amount: "5" }), /"amount" of each must be a finite number.*stored: "numeric"/],
      [full({ amount: undefined }), /"amount" of each is undefined; give null/],
      [without, /"amount" of each is not in the row/],
    ] as const) {
      const error = { code: "config_invalid", pointer: "/amount", message: expect.stringMatching(words) };
      await expect(search(row, row)).rejects.toMatchObject(error);
      expect(await search(row, full({ amount: 11 })), "one fits, and may not be seen").toEqual([]);
      expect(await search(row, full({ amount: 9 }))).toHaveLength(1);
      const none = await searching((passes) => [row, full({ amount: 9 })].filter(passes).slice(1));
      expect(none, "one fits, and the query itself left it out").toEqual([]);
    }
    expect(await search(full({ amount: Number.NaN })), "whoever writes rows can write this").toEqual([]);
  });

  it("since their values refer to themselves, are a mistake that says so", async () => {
    const more: { self?: unknown } = {};
    more.self = more;
    await expect(every([full({ more })])).rejects.toMatchObject({ message: expect.stringMatching(/refers to itself/) });
  });

  it("since a document lacks what has no value, or a model keeps it back, are a mistake that says what to give", async () => {
    const { owner_id: _, ...without } = full({});
    for (const model of [{ owner_id: undefined }, {}]) {
      const document = Object.create({ ...model, toJSON: () => without });
      await expect(every([document])).rejects.toMatchObject({
        code: "config_invalid",
        message: expect.stringMatching(
          /"owner_id" of each is not in what toJSON\(\) makes .*\{ "owner_id": null, \.\.\.row\.toJSON\(\) \}/,
        ),
      });
    }
  });

  it("since a model has its columns of its class, are a mistake that says so", async () => {
    const { owner_id, ...row } = full({});
    class Model {
      constructor() {
        Object.assign(this, row);
      }
      get owner_id() {
        return owner_id;
      }
    }
    await expect(every([new Model(), new Model()])).rejects.toMatchObject({
      code: "config_invalid",
      pointer: "/owner_id",
      message: expect.stringMatching(/"owner_id" of each comes from its class, .* give plain objects/),
    });
  });

  it("are left out where there is no column at which all misfit, and where their values alone do", async () => {
    expect(await every([full({ amount: "5" }), full({ owner_id: 5 })])).toEqual([]);
    for (const cell of UNSEEN) {
      expect(await every([full(cell)]), "whoever writes rows can write these").toEqual([]);
    }
    expect(await every([])).toEqual([]);
  });
});

/** What whoever writes rows can write into columns of the right type, as drivers give it, and no check can see. */
const UNSEEN: readonly object[] = [
  ...[{ amount: Number.NaN }, { owner_id: "\ud800" }, { thing_id: "" }, { cost: "NaN" }],
  ...[new Date(Number.NaN), new Date("-000043-03-15"), Number.NEGATIVE_INFINITY].map((due) => ({ due })),
  ...[
    "infinity",
    "-infinity",
    "0044-03-15 00:00:00+00 BC",
    "12024-01-01 00:00:00+00",
    "1800-01-01 00:00:00-00:01:15",
  ].map((at) => ({ at })),
  ...[[["a"], ["b"]], ["\ud800"], [Number.NaN]].map((tags) => ({ tags })),
];

const EVERY_THING = table({
  id: text("thing_id"),
  columns: {
    owner: text("owner_id"),
    amount: number({ null: "absent" }),
    cost: number({ stored: "numeric" }),
    tags: list("text"),
    due: timestamp({ milliseconds: true }),
    at: timestamp(),
    done: boolean(),
  },
});

function full(more: object): { readonly [column: string]: unknown } {
  return {
    ...thing("t1"),
    tags: ["a"],
    due: new Date(0),
    at: "2024-01-01T00:00:00.123456Z",
    done: 1,
    cost: "5",
    ...more,
  };
}

function throwing(): never {
  throw new Error("secret");
}

describe("what a query gives", () => {
  it.each<[string, unknown]>([
    ["nothing", undefined],
    ["a driver's result", { rows: [thing("t1")] }],
    ["a text", "secret"],
    ["a set", new Set([thing("t1")])],
    [
      "a list that fails when it is read",
      new Proxy([thing("t1")], { get: (_it, name) => (name === "then" ? undefined : throwing()) }),
    ],
  ])("must be a list, and not %s", async (_, given) => {
    const { filter, faults } = passing();
    const error = {
      code: "config_invalid",
      message: expect.stringMatching(/what query gives .*a list of rows, such as result\.rows/),
    };
    await expect(read(filter, given as object[])).rejects.toMatchObject(error);
    expect(faults).toMatchObject([error]);
    expect(String((faults[0] as Error).message)).not.toContain("secret");
  });

  it("may be promised, by whatever can be awaited", async () => {
    // biome-ignore lint/suspicious/noThenProperty: query builders give what can be awaited, and is no promise
    const thenable = { then: (resolve: (rows: object[]) => void) => resolve([thing("t1")]) };
    expect(await read(passing().filter, thenable as never)).toEqual([thing("t1")]);
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

it("names each way to read by where it is another, before the filter is used up", async () => {
  const { filter } = passing();
  let taken = false;
  const take = () => {
    taken = true;
    return filter.take();
  };
  const reading = visibleRows({ ...filter, take }, THINGS, { dialect: "mysql" as "sqlite" }, () => []);
  await expect(reading).rejects.toMatchObject({
    code: "config_invalid",
    message: 'visibleRows: by.dialect must be "postgres", "sqlite", "cerbos" or "memory"; got a text',
  });
  expect(taken).toBe(false);
});

describe("a query by an adapter of Cerbos' own", () => {
  const byPlan = (filter: Filter, query: (plan: CerbosPlan) => readonly object[]) =>
    visibleRows(filter, THINGS, { dialect: "cerbos" }, query);
  const taking = (condition: RowCondition, more: Partial<Filter> = {}) => {
    const given = passing(redacting("/owner"));
    return { ...given, filter: { ...given.filter, take: () => condition, ...more } };
  };
  const mine = call("eq", attr("owner"), value("me"));

  it("gets the plan, and its rows are checked and changed as those of any other", async () => {
    const { filter, asked } = taking(where(mine, { required: ["owner", "amount"] }));
    const plans: CerbosPlan[] = [];
    const rows = await byPlan(filter, (plan) => {
      plans.push(plan);
      return [thing("t1")];
    });
    expect(plans).toEqual([toCerbos(where(mine, { required: ["amount"] }))]);
    expect(asked).toMatchObject([{ id: "t1", attributes: { owner: "me" } }]);
    expect(rows).toEqual([thing("t1", { owner_id: "[redacted]" })]);
  });

  it("is not asked where no row may be seen, since no condition is every row to an ORM", async () => {
    const { filter, asked, faults } = taking(where(false));
    expect(await byPlan(filter, () => throwing())).toEqual([]);
    expect([asked, faults]).toEqual([[], []]);
  });

  it("is refused where nothing would check how it compares, and for what has no column", async () => {
    const unmapped = where(call("eq", attr("secret"), value("me")));
    for (const [condition, more, code] of [
      [where(mine), { plansSuffice: true }, "config_invalid"],
      [unmapped, {}, "filter_unsupported"],
    ] as const) {
      const { filter, faults } = taking(condition, more);
      await expect(byPlan(filter, () => throwing())).rejects.toMatchObject({ code });
      expect(faults).toMatchObject([{ code }]);
    }
  });
});
