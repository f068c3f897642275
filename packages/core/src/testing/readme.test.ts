import { readFileSync } from "node:fs";
import { expect, it } from "vitest";

/** The program of a page about a file, as it stands there. */
function programOf(page: string, file: string): string | undefined {
  const text = readFileSync(new URL(page, import.meta.url), "utf8");
  return text.split(`\`\`\`ts ${file}\n`)[1]?.split("```")[0];
}

it("is shown in the README by a program that docs/testing.md has, too, where test/docs.test.ts runs it", () => {
  const shown = programOf("../../README.md", "policies.test.ts");
  expect(shown).toContain("createCompany(");
  expect(shown).toBe(programOf("../../../../docs/testing.md", "policies.test.ts"));
});
