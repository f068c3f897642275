import { describe, expect, it } from "vitest";
import { defined } from "./defined.ts";

describe("defined", () => {
  it("leaves out what is undefined, so that nobody prints it or finds its name, and nothing else", () => {
    const members = defined({ a: 1, b: undefined, c: null, d: false, e: "" });
    expect(members).toStrictEqual({ a: 1, c: null, d: false, e: "" });
    expect("b" in members).toBe(false);
  });

  it("keeps the types apart: what must be there, and what may be", () => {
    const maybe = (): number | undefined => undefined;
    const members: { a: string; b?: number } = defined({ a: "x", b: maybe() });
    expect(members).toStrictEqual({ a: "x" });
  });
});
