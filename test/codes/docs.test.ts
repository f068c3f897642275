import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { errorsPage, specification } from "../../docs/make-errors.ts";

const textOf = (path: string): string => readFileSync(new URL(`../../${path}`, import.meta.url), "utf8");

describe("the documents of the codes", () => {
  it("are made from the table: docs/errors.md has every code, its stage and its help (run `pnpm errors`)", () => {
    expect(textOf("docs/errors.md")).toBe(errorsPage());
  });

  it("are made from the table: section 12 of the specification has every code under its stage (run `pnpm errors`)", () => {
    expect(textOf("spec/delegation-token.md")).toBe(specification());
  });
});
