import { describe, expect, it } from "vitest";
import { CODES, type ErrorCode, rowOf, type Stage } from "../../packages/core/src/codes.ts";
import { shipped, textOf } from "./sources.ts";

describe("the stages of a call", () => {
  const files = shipped
    .map((file) => /^core\/way\/stages\/(\w+)\.ts$/.exec(file)?.[1])
    .filter((name) => name !== undefined);

  it("have one name each: a file of way/stages, and the codes that it gives", () => {
    const stages = new Set((Object.keys(CODES) as ErrorCode[]).map((code) => rowOf(code).stage as string));
    for (const file of files) expect(stages, file).toContain(file);
    // Around the way, at its end, after it, before it, beside it.
    const elsewhere = ["guard", "audit", "result", "holder", "start", "statement"];
    expect([...stages].filter((stage) => !files.includes(stage)).sort()).toEqual(elsewhere.sort());
  });
});

/** Ways that are not the law's own, by the file that goes them. */
const WAYS = {
  list: "core/way/end-otherwise.ts",
  unproven: "core/way/end-unproven.ts",
  again: "core/way/look-again.ts",
} as const;

const BEFORE = "the law passes it before the list's own way begins";
const AROUND = "lies around the way";
const NOBODY = "there is nobody to ask about";
const OF_THE_CALL = "is of the call alone, which does not change";

/**
 * For each way whether it passes a stage (`true`), or why it need not. A new stage does not compile before it is said what becomes of
 * it: a list that does not ask it shows what would be refused, and what is not looked at again may be gone.
 */
const PASSES: { readonly [S in Stage]: { readonly [Way in keyof typeof WAYS]: true | string } } = {
  guard: { list: AROUND, unproven: AROUND, again: AROUND },
  arguments: { list: BEFORE, unproven: true, again: OF_THE_CALL },
  token: { list: BEFORE, unproven: "is what such a call lacks", again: true },
  proof: { list: BEFORE, unproven: "is what such a call lacks", again: OF_THE_CALL },
  state: { list: true, unproven: true, again: true },
  agents: { list: true, unproven: NOBODY, again: true },
  grant: { list: true, unproven: NOBODY, again: true },
  context: { list: true, unproven: NOBODY, again: "is what the policies were just asked about" },
  policy: { list: true, unproven: NOBODY, again: "has just answered" },
  approval: { list: "nobody approves a list", unproven: NOBODY, again: "its use is taken right before" },
  spending: { list: "a list costs nothing", unproven: NOBODY, again: "is taken right before" },
  audit: { list: AROUND, unproven: AROUND, again: AROUND },
  result: { list: AROUND, unproven: AROUND, again: AROUND },
};

describe("a way that is not the law's own", () => {
  it.each(Object.entries(WAYS))("passes just the stages that are said here: %s, in %s", (way, file) => {
    const text = textOf(file);
    const stages = Object.keys(PASSES) as Stage[];
    const passed = stages.filter((stage) => new RegExp(`log\\.stage\\("${stage}"|stages/${stage}\\.ts"`).test(text));
    expect(passed).toEqual(stages.filter((stage) => PASSES[stage][way as keyof typeof WAYS] === true));
  });
});
