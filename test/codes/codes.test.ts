import { describe, expect, it } from "vitest";
import { CODES, type ErrorCode } from "../../packages/core/src/codes.ts";
import { TOKEN_TEXT } from "../support/token-text.ts";
import { worldHere } from "../support/world.ts";
import { type Case, type Produced, SECRETS } from "./case.ts";
import { MAKER_CODES } from "./chain-codes.ts";
import { PRODUCED } from "./produced.ts";

const cases: [ErrorCode, string, Case][] = Object.entries(PRODUCED).map(([code, entry]) => [
  code as ErrorCode,
  entry.when,
  entry,
]);

const world = await worldHere();
const produced = new Set<string>();

/** A member that holds `undefined`, or a list with a hole, as `console.log` prints it. */
const UNSET = /(?:: |\[ ?|, )undefined\b/;

/** What holds for every code, wherever it comes from. */
function checkText({ message, shown, printed = "", pieces }: Produced, { says }: Case): void {
  expect(message).toMatch(says);
  expect(message.length, "it can be read").toBeLessThan(2000);
  for (const piece of pieces) expect(shown).not.toContain(piece);
  expect(shown).not.toMatch(TOKEN_TEXT);
  expect(shown, "no private key").not.toMatch(/"d":/);
  for (const piece of pieces) expect(printed).not.toContain(piece);
  expect(printed, "no member without a value").not.toMatch(UNSET);
}

describe("every code of the catalogue", () => {
  it.each(cases)("%s is the answer to %s", async (code, _, entry) => {
    const answer = await entry.produce(world);
    produced.add(answer.code);
    expect(answer.code).toBe(code);
    checkText(answer, entry);
    // Timings have many digits, and by chance any.
    // What the chain hands over may be told, to its holder and on record; what the caller sent may not.
    const shown = answer.shown.replace(/\d+\.\d+/g, "").replace(/"(?:accepts|handed)":"(\\.|[^"\\])*"/g, "");
    for (const secret of SECRETS) expect(shown).not.toContain(secret);
    expect(answer.retryable).toBe(entry.retryable);
    if (entry.at?.pointer !== undefined) expect(answer.pointer).toBe(entry.at.pointer);
    if (entry.at?.hop !== undefined) expect(answer.hop).toBe(entry.at.hop);
  });

  it("was produced above, and nothing that is not in the catalogue was", () => {
    const catalogue = Object.keys(CODES);
    expect(catalogue.length).toBeGreaterThan(30);
    expect([...produced].sort()).toEqual([...catalogue].sort());
  });
});

describe("at whoever makes a token or a proof", () => {
  it.each(MAKER_CODES.map((entry) => [entry.code, entry.when, entry] as const))(
    "%s is thrown for %s",
    async (code, _, entry) => {
      const answer = await entry.produce(world);
      expect(answer.code).toBe(code);
      checkText(answer, entry);
      if (entry.at?.pointer !== undefined) expect(answer.pointer).toBe(entry.at.pointer);
    },
  );
});
