import { runInNewContext } from "node:vm";
import { describe, expect, it } from "vitest";
import { isKind, isOfLiterals } from "./any-realm.ts";

const HERE = (source: string): object => new Function(`return (${source})`)();
const ELSEWHERE = (source: string): object => runInNewContext(`(${source})`);

describe.each<[string, (source: string) => object]>([
  ["this realm", HERE],
  ["another realm", ELSEWHERE],
])("of %s", (_, made) => {
  it("an object is of literals where it has their prototype, or none", () => {
    expect(["{}", "JSON.parse('{}')", "Object.create(null)"].map((it) => isOfLiterals(made(it)))).toEqual([
      true,
      true,
      true,
    ]);
    const others = [
      "[]",
      "new Date(0)",
      "new (class A {})",
      "Object.create({})",
      "Object.create({ isPrototypeOf() {} })",
    ];
    expect(others.map((it) => isOfLiterals(made(it)))).toEqual(others.map(() => false));
  });

  it("a value is of the class that made it, or of one below it", () => {
    expect(isKind(made("new Date(0)"), "Date")).toBe(true);
    expect(isKind(made("new (class A extends Error {})"), "Error")).toBe(true);
    expect(isKind(made("new Map"), "Map")).toBe(true);
    expect(isKind(made("new Set"), "Set")).toBe(true);
    expect(isKind(made("({ getTime() {} })"), "Date")).toBe(false);
  });

  it.each(["Date", "Error", "Map", "Set"] as const)("one that is no %s is none, whatever it calls itself", (kind) => {
    const others = [
      `{ [Symbol.toStringTag]: "${kind}" }`,
      `new (class { get [Symbol.toStringTag]() { return "${kind}"; } })`,
      "{ get [Symbol.toStringTag]() { throw new Error(); } }",
      "new Proxy({}, { getPrototypeOf() { throw new Error(); } })",
      `"${kind}"`,
      "null",
    ];
    expect(others.map((it) => isKind(made(it), kind))).toEqual(others.map(() => false));
  });
});

it.each(["Date", "Error", "Map", "Set"] as const)(
  "a class below %s that calls itself something else is one still",
  (kind) => {
    const Own = { Date, Error, Map, Set }[kind] as new () => object;
    const named = new (class extends Own {
      get [Symbol.toStringTag](): string {
        return "Own";
      }
    })();
    expect(isKind(named, kind)).toBe(true);
  },
);
