/** docs/shadow.md says of every code whether shadow mode lets it through, as the code does. */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { CODES, type DenialCode, isDenialCode } from "../../packages/core/src/codes.ts";
import { shadowOf } from "../../packages/core/src/way/shadow.ts";

const page = readFileSync(new URL("../../docs/shadow.md", import.meta.url), "utf8");

/** The codes in the second column of the table with this head. */
function codesBelow(head: string): readonly string[] {
  const [, table = ""] = page.split(`| ${head} | |\n| --- | --- |\n`);
  const [rows = ""] = table.split("\n\n");
  const cells = rows.split("\n").map((row) => row.split(" | ")[1] ?? "");
  return cells
    .flatMap((cell) => [...cell.matchAll(/`(\w+)`/g)].map(([, name = ""]) => name))
    .filter((name) => Object.hasOwn(CODES, name));
}

const tools = { pay: { kind: "payment", action: "pay" } };
const lets = (shadow: true | "everything", code: DenialCode): boolean =>
  shadowOf({ shadow, tools, onWarning: () => {} }).lets("pay", code);

const all = (Object.keys(CODES) as (keyof typeof CODES)[]).filter(isDenialCode);

describe("the page on shadow mode", () => {
  it("names each code that is let through", () => {
    expect([...codesBelow("let through, and recorded")].sort()).toEqual(all.filter((code) => lets(true, code)).sort());
  });

  it('names each code that is refused all the same, but for those that need "everything"', () => {
    const stops = all.filter((code) => !lets("everything", code));
    expect([...codesBelow("refused all the same")].sort()).toEqual(stops.sort());
  });

  it("has the others under their stages, token and proof", () => {
    const unproven = all.filter((code) => lets("everything", code) && !lets(true, code));
    expect([...new Set(unproven.map((code) => CODES[code].stage))]).toEqual(["token", "proof"]);
  });
});
