import { describe, expect, it } from "vitest";
import { type CelTree, readCel } from "./cel-tree.ts";

const call = (name: string, ...args: readonly CelTree[]): CelTree => ({ call: name, args });
const name = (it: string): CelTree => ({ name: it });
const [a, b, c] = [name("a"), name("b"), name("c")] as const;

describe("an expression of CEL", () => {
  it("binds as CEL says", () => {
    expect(readCel("a || b && !c")).toEqual(call("||", a, call("&&", b, call("!", c))));
    expect(readCel("a + b * c < -1.5")).toEqual(
      call("<", call("+", a, call("*", b, c)), { literal: -1.5, isDouble: true }),
    );
    expect(readCel("a - b - c")).toEqual(call("-", call("-", a, b), c));
    expect(readCel("(a || b) == c in [1, 0x1f, 2u,]")).toEqual(
      call("in", call("==", call("||", a, b), c), { list: [{ literal: 1 }, { literal: 31 }, { literal: 2 }] }),
    );
    const doubles = [1, 100, -2].map((literal) => ({ literal, isDouble: true }));
    expect(readCel("[1.0, 1e2, -2.0, -2]")).toEqual({ list: [...doubles, { literal: -2 }] });
    expect(readCel("a ? b : c ? a : b")).toEqual(call("?:", a, b, call("?:", c, a, b)));
    expect(readCel("- -a")).toEqual(call("-", call("-", a)));
  });

  it("has members, methods, indexes, macros, lists and maps", () => {
    expect(readCel('a.b["c"].f(b, c)')).toEqual({
      call: "f",
      on: call("[]", { of: a, member: "b" }, { literal: "c" }),
      args: [b, c],
    });
    expect(readCel("has(a.in)")).toEqual(call("has", { of: a, member: "in" }));
    expect(readCel("{'x': 1, b: [true, null]}")).toEqual(
      call("{}", { literal: "x" }, { literal: 1 }, b, { list: [{ literal: true }, { literal: null }] }),
    );
  });

  it("has texts in quotes of each kind, in which nothing is code, and comments", () => {
    expect(readCel('"a || \\"b" // || c')).toEqual({ literal: 'a || \\"b' });
    expect(readCel("'''it's'''")).toEqual({ literal: "it's" });
    expect(readCel('"""say "b" \n"""')).toEqual({ literal: 'say "b" \n' });
  });

  it.each([
    'r"a"',
    'b"a"',
    "a.?b",
    "a[?b]",
    "`a`",
    "1a",
    "'a''b'",
    "a b",
    "a &",
    "a.",
    "f(a",
    "[a b]",
    "{a}",
    "a ? b",
    "",
    "in",
  ])("is not read where something in it is not known here: %s", (text) => expect(readCel(text)).toBeUndefined());
});
