import { describe, expect, it } from "vitest";
import { errorOf } from "../world.fixture.ts";
import type { KeptAnswer } from "./approvals.ts";
import { readStep } from "./read-step.ts";
import type { ClaimAbout } from "./replay.ts";
import type { LogEntry } from "./revocation-log.ts";
import type { Charge, Reservation } from "./spending.ts";

type Steps = typeof readStep;
type Step = keyof Steps;
/** What is wrong in a place of an argument, by its JSON pointer. */
type Wrong = readonly (readonly [pointer: string, given: unknown])[];

interface Row<Given extends readonly unknown[]> {
  readonly right: Required<Given>;
  /** Of each argument. */
  readonly wrong: { readonly [Place in keyof Required<Given>]: Wrong };
}

const NO_TEXT = [5, null, {}, ["a"]];
const NO_TIME = [Number.NaN, Number.POSITIVE_INFINITY, "5", null];
const NO_AMOUNT = [-1, 1.5, 2 ** 53, Number.NaN, "5", null];
const NO_OBJECT = [null, 5, "text", [], () => {}];

const each = (pointer: string, values: readonly unknown[]): Wrong => values.map((value) => [pointer, value]);

/** An object that is wrong, or a member of it, each. */
function within<T extends object>(
  [name, right, above = ""]: readonly [pointer: string, right: T, above?: string],
  wrong: { readonly [Member in keyof T]-?: readonly unknown[] },
): Wrong {
  const members = Object.entries<readonly unknown[]>(wrong);
  return [
    ...each(name, NO_OBJECT),
    ...members.flatMap(([member, values]) =>
      values.map((value) => [`${above}/${member}`, { ...right, [member]: value }] as const),
    ),
  ];
}

const NOW = 1_760_000_000;
const ABOUT: Required<ClaimAbout> = { madeAtSeconds: NOW, nowSeconds: NOW, owner: "o", root: "r" };
const CHARGE: Charge = { account: "a", counter: "c", amount: 0, most: 2 ** 53 - 1, untilSeconds: NOW };
const NAMED = { id: "i", owner: "o", nowSeconds: NOW };
const RESERVATION: Reservation = { ...NAMED, charges: [CHARGE, CHARGE] };
const COUNTER = { account: "a", counter: "c" };
const REQUEST = { id: "i", call: "c", after: "j", text: "t", untilSeconds: NOW, nowSeconds: NOW };
const ANSWER: KeptAnswer = { id: "i", key: "k", text: "", nowSeconds: NOW };
const ENTRY: Required<LogEntry> = { id: "i", text: "t", untilSeconds: NOW };

const WRONG_CHARGE = within(["/charges/1", CHARGE, "/charges/1"], {
  account: NO_TEXT,
  counter: NO_TEXT,
  amount: NO_AMOUNT,
  most: NO_AMOUNT,
  untilSeconds: NO_TIME,
});
const WRONG_COUNTER = within(["/counters/0", COUNTER, "/counters/0"], { account: NO_TEXT, counter: NO_TEXT });
const WRONG_NAME = { id: NO_TEXT, owner: NO_TEXT, nowSeconds: NO_TIME };

/** Every member of every argument of every step: a new one without its row does not compile. */
const ROWS: { readonly [Of in Step]: Row<Parameters<Steps[Of]>> } = {
  claim: {
    right: ["k", NOW, ABOUT],
    wrong: [
      each("/key", NO_TEXT),
      each("/untilSeconds", NO_TIME),
      within(["/about", ABOUT], { madeAtSeconds: NO_TIME, nowSeconds: NO_TIME, owner: NO_TEXT, root: NO_TEXT }),
    ],
  },
  reserve: {
    right: [RESERVATION],
    wrong: [
      [
        ...within(["/reservation", RESERVATION], {
          ...WRONG_NAME,
          charges: [...NO_OBJECT.filter((one) => !Array.isArray(one)), [], Array(2001).fill(CHARGE)],
        }),
        ...WRONG_CHARGE.map(([pointer, charge]) => [pointer, { ...NAMED, charges: [CHARGE, charge] }] as const),
      ],
    ],
  },
  settle: {
    right: [NAMED, "spent"],
    wrong: [within(["/reservation", NAMED], WRONG_NAME), each("/how", ["", "given back", null, undefined])],
  },
  spent: {
    right: ["o", [COUNTER]],
    wrong: [
      each("/owner", NO_TEXT),
      [
        ...each("/counters", [null, {}, "text", Array(10_001).fill(COUNTER)]),
        ...WRONG_COUNTER.map(([pointer, counter]) => [pointer, [counter]] as const),
      ],
    ],
  },
  keep: {
    right: [REQUEST],
    wrong: [
      within(["/request", REQUEST], {
        id: NO_TEXT,
        call: NO_TEXT,
        after: [5, null, {}],
        text: NO_TEXT,
        untilSeconds: NO_TIME,
        nowSeconds: NO_TIME,
      }),
    ],
  },
  find: { right: [""], wrong: [each("/id", [...NO_TEXT, undefined])] },
  latest: { right: [""], wrong: [each("/call", [...NO_TEXT, undefined])] },
  answer: {
    right: [ANSWER],
    wrong: [within(["/answer", ANSWER], { id: NO_TEXT, key: NO_TEXT, text: NO_TEXT, nowSeconds: NO_TIME })],
  },
  list: { right: [0, ""], wrong: [each("/most", [...NO_AMOUNT, undefined]), each("/after", [5, null, {}])] },
  read: { right: ["h"], wrong: [each("/after", NO_TEXT)] },
  append: {
    right: [ENTRY],
    wrong: [within(["/entry", ENTRY], { id: NO_TEXT, text: NO_TEXT, untilSeconds: NO_TIME })],
  },
};

type AnyRow = { readonly right: readonly unknown[]; readonly wrong: readonly Wrong[] };
const STEPS = Object.entries(ROWS) as unknown as readonly (readonly [Step, AnyRow])[];
const read = (step: Step, given: readonly unknown[]): readonly unknown[] =>
  (readStep[step] as (...args: readonly unknown[]) => readonly unknown[])(...given);

describe.each(STEPS)("what a driver is asked by %s", (step, { right, wrong }) => {
  it("comes out as copies", () => {
    const copies = read(step, right);
    expect(copies).toEqual(right);
    for (const [i, copy] of copies.entries()) if (typeof copy === "object") expect(copy).not.toBe(right[i]);
  });

  it("is refused with what is none of it, by its place, and quotes nothing", async () => {
    for (const [i, places] of wrong.entries()) {
      for (const [pointer, value] of places) {
        const given = right.map((arg, at) => (at === i ? value : arg));
        const { code, message, ...more } = await errorOf(() => read(step, given));
        const shown = `${pointer}: ${JSON.stringify(value)?.slice(0, 200)}`;
        expect([code, more.pointer], shown).toEqual(["config_invalid", pointer]);
        expect(message, shown).toMatch(new RegExp(`^${step}: `));
      }
    }
  });
});

it("reads each member once: what is checked is what is stored", () => {
  let reads = 0;
  const charge = { ...CHARGE };
  Object.defineProperty(charge, "amount", { enumerable: true, get: () => (reads++ === 0 ? 1 : Number.NaN) });
  const [{ charges }] = readStep.reserve({ ...NAMED, charges: [charge] });
  expect([charges[0]?.amount, reads]).toEqual([1, 1]);
});

it("takes nothing of what may be left out for what it is", () => {
  expect(readStep.claim("k", NOW)).toEqual(["k", NOW, {}]);
  expect(readStep.claim("k", NOW, { owner: undefined } as never)).toEqual(["k", NOW, {}]);
  expect(readStep.read(undefined)).toEqual([undefined]);
  expect(readStep.append({ id: "i", text: "t" })).toEqual([{ id: "i", text: "t" }]);
});

it("a list is read by its places, and by no method of its own", async () => {
  class Odd<T> extends Array<T> {
    override map(): never[] {
      return [];
    }
    static override get [Symbol.species]() {
      return Set as never;
    }
  }
  const charge = { account: "a", counter: "c", amount: 1, most: 2, untilSeconds: 50 };
  const reservation = { id: "r", owner: "o", nowSeconds: 5, charges: Odd.from([charge]) as readonly Charge[] };
  expect(readStep.reserve(reservation)[0].charges).toEqual([charge]);
  const holes = { ...reservation, charges: Array(2) as readonly Charge[] };
  expect(await errorOf(() => readStep.reserve(holes))).toMatchObject({ code: "config_invalid", pointer: "/charges/0" });
});

it.each<[string, () => unknown, string]>([
  ["a key", () => readStep.claim(5 as never, NOW), "claim: key must be the key of a proof; got 5"],
  ["a head", () => readStep.read(5 as never), "read: after must be a head of this log; got 5"],
  ["a text", () => readStep.find(5 as never), "find: id must be a text; got 5"],
  ["an amount", () => readStep.list(-1), "list: most must be a whole number, 0 or more; got -1"],
  ["a request", () => readStep.list(1, 5 as never), "list: after must be the id of a request; got 5"],
  [
    "charges",
    () => readStep.reserve({ ...NAMED, charges: [] }),
    "reserve: charges must be a list of 1 to 2000 charges; got an empty list",
  ],
  [
    "counters",
    () => readStep.spent("o", "all" as never),
    "spent: counters must be a list of 0 to 10000 counters; got a text",
  ],
  [
    "an end",
    () => readStep.settle(NAMED, "given back" as never),
    'settle: how must be "spent" or "nothing_happened"; got a text',
  ],
])("says what is expected in the place of %s", async (_, read, message) => {
  expect((await errorOf(read)).message).toBe(message);
});

it("takes as much as it says, and no more", () => {
  expect(readStep.reserve({ ...NAMED, charges: Array(2000).fill(CHARGE) })[0].charges).toHaveLength(2000);
  expect(readStep.spent("o", Array(10_000).fill(COUNTER))[1]).toHaveLength(10_000);
  expect(readStep.spent("o", [])).toEqual(["o", []]);
  expect(readStep.settle(NAMED, "nothing_happened")).toEqual([NAMED, "nothing_happened"]);
  expect(readStep.keep({ id: "i", call: "c", text: "t", untilSeconds: NOW, nowSeconds: NOW })).toStrictEqual([
    { id: "i", call: "c", text: "t", untilSeconds: NOW, nowSeconds: NOW },
  ]);
});
