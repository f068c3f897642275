import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { HopwiseError } from "../errors.ts";
import { errorOf } from "../world.fixture.ts";
import { hiddenInName, plainName, plainText, wholeText, withoutTokens } from "./plain-text.ts";

/** Any UTF-16 code unit, so that surrogates come alone, too. */
const anyUnit = fc.nat({ max: 0xffff }).map((unit) => String.fromCharCode(unit));

describe("text that came from elsewhere", () => {
  it("keeps nothing that moves a cursor, breaks a line or hides", () => {
    fc.assert(
      fc.property(fc.string({ unit: anyUnit }), (text) => !/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u.test(plainText(text))),
      { numRuns: 1000 },
    );
  });

  it("stays well formed where it is cut, even through a pair of surrogates", () => {
    expect(plainText("😀".repeat(300))).toBe(`${"😀".repeat(250)}…`);
    expect(plainText(`x${"😀".repeat(300)}`)).toBe(`x${"😀".repeat(249)}…`);
  });

  it("is cut at 500 characters, and says so, and has no spaces around it", () => {
    expect(plainText(" \nallowed\u200b ")).toBe("allowed");
    expect(plainText("x".repeat(500))).toBe("x".repeat(500));
    expect(plainText("x".repeat(501))).toBe(`${"x".repeat(500)}…`);
    expect(plainName("x".repeat(501))).toBe(`${"x".repeat(500)}…`);
  });

  it("is shown as a question mark where it is no text: whoever prints a refusal must not fail", () => {
    for (const none of [5, undefined, null, {}] as never[])
      expect([plainText(none), withoutTokens(none)]).toEqual(["?", "?"]);
  });

  it("is made plain in every error that may quote a stranger", async () => {
    const error = await errorOf(() => {
      throw new HopwiseError("grant_tool_missing", 'no entry for "a\n\u001b[31mallowed"');
    });
    expect(error.message).toBe('no entry for "a [31mallowed"');
  });
});

describe("what somebody signs", () => {
  it("is shown whole, with each sign that nobody would see written out, so that it reads back as it was", () => {
    const text = `${"x".repeat(600)} and Glo\u200bbex\u202e\u0085\u009b31m\u2028\u00a0to \u{1d159} é 支 😀`;
    const shown = wholeText(JSON.stringify(text));
    expect(shown).toContain("and Glo\\u200bbex\\u202e\\u0085\\u009b31m\\u2028\\u00a0to \\ud834\\udd59 é 支 😀");
    expect(JSON.parse(shown)).toBe(text);
    expect(hiddenInName(shown.slice(-100))).toBeUndefined();
    expect(wholeText(5 as never)).toBe("?");
  });
});

describe("a name that came from elsewhere", () => {
  it("stays another one than each name that looks like it, and hides nothing", () => {
    const names = [
      "pay",
      "pay ",
      " pay",
      "pay\u200b",
      "pay\\u200b",
      "pay\u00a0",
      "pa\ufe0fy",
      "pay\n",
      "\u202epay",
      "pay\ud800",
      "pay\u2800",
      "pay\ufffc",
      "p\u{16fe4}ay",
      "pay\u{1d159}",
    ];
    const shown = names.map(plainName);
    expect(new Set(shown).size).toBe(names.length);
    expect(shown.filter((name) => hiddenInName(name) !== undefined)).toEqual([]);
    expect(names.filter((name) => hiddenInName(name) === undefined)).toEqual(["pay", "pay\\u200b"]);
  });

  it("is one that people can read to its end, however long it may be", () => {
    expect(hiddenInName("x".repeat(500))).toBeUndefined();
    expect(hiddenInName("pay ")).toBe("it has a character that nobody sees, or a space at an end");
    expect(hiddenInName("x".repeat(501))).toBe("it is longer than 500 characters, and no more of it is shown");
  });

  it.each(["send_payment", "überweisen", "支払い", "send payment", "a/b:c.d-e", "🙂"])("stays as it is: %s", (name) => {
    expect([plainName(name), hiddenInName(name)]).toEqual([name, undefined]);
  });
});

describe("a text without tokens", () => {
  /** What a token is, in one expression; it takes too long for long texts. */
  const TOKEN = /eyJ[\w-]{8,}(?:\.[\w-]*){1,2}|\*hw\d[!#-[\]-~]{8,}/g;

  it("has a word for each of them, wherever they stand", () => {
    const piece = fc.constantFrom(
      ...'eyJ|eyJhbGciOi|aaaaaaaa|a|.|..|*hw1|*hw1aaaaaaaa| |-|"|~|ä|eyJhbGciOi.e.s'.split("|"),
    );
    const text = fc.array(piece, { maxLength: 12 }).map((pieces) => pieces.join(""));
    fc.assert(
      fc.property(text, (it) => {
        expect(withoutTokens(it)).toBe(it.replace(TOKEN, "(a token)"));
      }),
      { numRuns: 5000 },
    );
  });
});

describe("a text of a megabyte", () => {
  const READERS = { plainText, plainName, hiddenInName, withoutTokens };
  const UNITS = ["eyJ", "eyJaaaaaaaa", "eyJaaaaaaaa.", "*hw1", " ", "x ", ".", "\\u", "\u0007", "\u00a0", "\ud800"];

  // Each of these took minutes where it read on from each place anew.
  it.each(Object.entries(READERS))("is read once by %s, whatever it is made of", (_, read) => {
    for (const unit of UNITS) {
      const text = unit.repeat(2 ** 20 / unit.length);
      for (const it of [text, `${text}!`]) expect(() => read(it)).not.toThrow();
    }
  });
});
