import { runInNewContext } from "node:vm";
import { describe, expect, it } from "vitest";
import { errorOf } from "../world.fixture.ts";
import { type Found, lookUp, type Source } from "./source.ts";

/** The ways to give an answer later. */
const LATER: { readonly [make: string]: (value: unknown) => unknown } = {
  "a promise": (value) => Promise.resolve(value),
  "a promise of another realm": runInNewContext("(value) => Promise.resolve(value)"),
  // biome-ignore lint/suspicious/noThenProperty: as query builders give it
  "a query that is asked when it is awaited": (value) => ({ then: (go: (value: unknown) => void) => go(value) }),
  "a promise of such a query": async (value) => LATER["a query that is asked when it is awaited"]?.(value),
};

/** How a source is asked, and what it answers when it knows nothing more than "ann". */
const ASKED: {
  readonly [Name in "find" | "look"]: { readonly answer: unknown; readonly source: (given: unknown) => object };
} = {
  find: { answer: "ann", source: (given) => ({ find: () => given }) },
  look: { answer: { value: "ann", ageMs: 7 }, source: (given) => ({ find: () => undefined, look: () => given }) },
};

describe.each(Object.entries(ASKED))("a source that is asked by its %s", (_, { answer, source }) => {
  it.each(Object.entries(LATER))("may answer by %s", async (_, later) => {
    const known: Found<string> = await lookUp(source(later(answer)) as Source<string, string>, "ann");
    expect(known.value).toBe("ann");
  });

  it("answers at once where it knows at once", () => {
    expect(lookUp(source(answer) as Source<string, string>, "ann")).toMatchObject({ value: "ann" });
  });
});

it.each([undefined, null, 5, {}, [], { value: "ann" }, { value: "ann", ageMs: "7" }, { value: 1, ageMs: Number.NaN }])(
  "a look that gives %j knows of nobody that they are not there",
  async (given) => {
    for (const answer of [given, Promise.resolve(given)]) {
      const source = { find: () => undefined, look: () => answer } as unknown as Source<string, string>;
      const error = await errorOf(async () => lookUp(source, "ann"));
      expect([error.code, error.message]).toEqual([
        "attributes_invalid",
        "its look gave no answer; one is { value, ageMs }",
      ]);
    }
  },
);

it("a list of rows is no answer, also where there is one row, or none: nobody is unknown by it", async () => {
  for (const rows of [[], ["ann"], ["ann", "bob"]]) {
    for (const source of [{ find: () => rows }, { find: () => undefined, look: () => ({ value: rows, ageMs: 0 }) }]) {
      const error = await errorOf(async () => lookUp(source as unknown as Source<string, string>, "ann"));
      expect([error.code, error.message]).toEqual([
        "attributes_invalid",
        "what it gave is a list, not an object: of the rows of a query, give the one",
      ]);
    }
  }
});
