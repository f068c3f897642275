/**
 * What a host answers is wrong at one place, at whatever depth. The call ends all the same: in an allowance that can be
 * written down, or in a denial with a code; and nothing of what failed is shown.
 */
import { explain, HopwiseError, memoryAudit } from "@hopwise/core";
import { expect, it } from "vitest";
import { ODD, placesIn, SECRET, withAt } from "../support/each-place.ts";
import { answersBecome, CALL, type Options, ROWS, sessionWith, short } from "./answering.ts";
import { watchRejections } from "./host-faults.ts";

type Change = (answer: unknown) => unknown;

/** Answers that become what is made of the right ones. */
const CHANGED: { readonly [what: string]: (change: Change) => Options } = {
  ...Object.fromEntries(
    Object.entries(ROWS).map(([what, { right, options }]) => [
      what,
      (change: Change) => options(() => change(right())),
    ]),
  ),
  "what the policies say": answersBecome,
};

/** How a call ended, and where it is the policies that answer, a list; or what is wrong with that. */
async function endsOf(options: Options): Promise<string> {
  const audit = memoryAudit();
  try {
    const session = await sessionWith({ audit, deadlineMs: 50, ...options }, short);
    const decided = [
      await session.authorize(CALL),
      ...(options.cerbos ? [await session.list([{ tool: CALL.tool }])] : []),
    ];
    const written = JSON.stringify([decided, audit.records]);
    for (const record of audit.records) explain(record);
    if (written.includes(`"message":"${SECRET}`) || written.includes(`TypeError: ${SECRET}`))
      return "shows what failed";
    return decided.map((one) => ("code" in one ? one.code : one.outcome)).join(", ");
  } catch (error) {
    return error instanceof HopwiseError ? error.code : `throws ${String(error)}`;
  }
}

/** A right answer, to find its places in. */
async function sampleOf(options: (change: Change) => Options): Promise<unknown> {
  const seen: unknown[] = [];
  await endsOf(options((answer) => seen[seen.push(answer) - 1]));
  return seen[0];
}

// Some answers never come, and each of these calls waits for its deadline.
it.each(Object.entries(CHANGED))(
  "a place of %s is wrong, and the call ends",
  { timeout: 120_000 },
  async (_, options) => {
    const unhandled = watchRejections();
    expect(await endsOf(options((answer) => answer))).toMatch(/^allowed(, listed)?$/);
    const wrong: string[] = [];
    for (const path of placesIn(await sampleOf(options))) {
      for (const [what, make] of Object.entries(ODD)) {
        const came = await endsOf(options((answer) => withAt(answer, path, make())));
        if (!/^[a-z_]+(, [a-z_]+)?$/.test(came)) wrong.push(`${what} at /${path.join("/")}: ${came}`);
      }
    }
    expect(wrong).toEqual([]);
    expect(await unhandled()).toEqual([]);
  },
);
