/** What one language does by itself and another does not: a reader that is right in JavaScript, or in Python, may be wrong here. */
import {
  any,
  c,
  cidr,
  contains,
  each,
  exact,
  int,
  length,
  notOneOf,
  oneOf,
  optional,
  prefix,
  range,
  subset,
  url,
} from "../constraints.ts";
import { accept, type Json, refuse } from "../forge.ts";
import { collect } from "../group.ts";
import { type Add, addTexts } from "./languages-texts.ts";

const TOOLS = "/authorization_details/0/tools";
/** One character, two code units, four bytes. */
const PAIR = "\u{1f600}";

/** A constraint, a value, whether it passes: true is no 1, though some languages say so. */
const checks: readonly [slug: string, rule: string, about: string, constraint: Json, value: Json, passes: boolean][] = [
  ["exact-false", "check exact", "false for 0", exact(0), false, false],
  ["exact-nested", "check exact", "true for 1, in a list", exact([1]), [true], false],
  ["exact-member", "check exact", "0 for false, in an object", exact({ a: false }), { a: 0 }, false],
  ["one-of-true", "check one_of", "true for 1", oneOf(1, 2), true, false],
  ["one-of-zero", "check one_of", "0 for false", oneOf(false), 0, false],
  ["one-of-both", "check one_of", "true, beside 1", oneOf(1, true), true, true],
  ["not-one-of-true", "check not_one_of", "true, where 1 is excluded", notOneOf(1), true, true],
  ["not-one-of-zero", "check not_one_of", "0, where 0 is excluded beside false", notOneOf(false, 0), 0, false],
  ["contains-true", "check contains", "true for 1", contains(1), [true], false],
  ["subset-true", "check subset", "true for 1", subset(1), [true], false],
  ["int-true", "check int", "true", int({ max: 5 }), true, false],
  ["range-true", "check range", "true", range({ min: 0, max: 5 }), true, false],
  ["range-open-false", "check range", "false, where no bound is given", range({}), false, false],
  ["int-point", "check int", "an integer below 1", int({ min: 1 }), 1e-7, false],
  ["composed", "check exact", "the same letter in two code points", exact("caf\u00e9"), "cafe\u0301", false],
  ["folded", "check prefix", "a letter that folds to another", prefix("strasse"), "stra\u00dfe", false],
  ["length-pairs", "check length", "two pairs of surrogates are four long", length(4), PAIR.repeat(2), true],
  ["length-pairs-above", "check length", "two pairs of surrogates are four long", length(3), PAIR.repeat(2), false],
  ["length-marks", "check length", "a letter and its mark are two long", length(1), "e\u0301", false],
  ["cidr-line-end", "check cidr", "an address and a line end", cidr("10.0.0.0/8"), "10.0.0.1\n", false],
  ["cidr-digits", "check cidr", "digits of another script", cidr("10.0.0.0/8"), "10.0.0.\u0661", false],
  ["cidr-octal", "check cidr", "a zero in front", cidr("10.0.0.0/8"), "10.0.0.01", false],
  ["cidr-zone", "check cidr", "a zone", cidr("::/0"), "fe80::1%eth0", false],
  ["cidr-one-zero", "check cidr", "one zero group is not left out", cidr("::/0"), "1:2:3::5:6:7:8", false],
  ["cidr-one-zero-written", "check cidr", "one zero group", cidr("::/0"), "1:2:3:0:5:6:7:8", true],
  ["cidr-first-run", "check cidr", "of equal runs, the first", cidr("::/0"), "1::4:0:0:7:8", true],
  ["cidr-second-run", "check cidr", "of equal runs, the second", cidr("::/0"), "1:0:0:4::7:8", false],
  ["url-quote", "check url", "a quotation mark in the path", url(["https://a.example"]), 'https://a.example/"', false],
  ["url-brace", "check url", "a brace in the path", url(["https://a.example"]), "https://a.example/{a}", false],
  ["url-bar", "check url", "| in the path, which stays", url(["https://a.example"]), "https://a.example/a|b", true],
  ["url-letter", "check url", "a letter beyond ASCII", url(["https://a.example"]), "https://a.example/\u00e9", false],
  ["url-space", "check url", "a space at the end", url(["https://a.example"]), "https://a.example/a ", false],
  ["url-line-end", "check url", "a line end", url(["https://a.example"]), "https://a.example/a\n", false],
  ["url-tab", "check url", "a tab inside", url(["https://a.example"]), "https://a.example/a\tb", false],
  [
    "url-query",
    "check url",
    "' in the query of a special scheme",
    url(["https://a.example"]),
    "https://a.example/?'",
    false,
  ],
  ["url-query-other", "check url", "' in the query of another scheme", url(["mcp://a"]), "mcp://a/?'", true],
  ["url-caret", "check url", "^ in the path", url(["https://a.example"]), "https://a.example/a^b", false],
  ["url-caret-query", "check url", "^ in the query", url(["https://a.example"]), "https://a.example/?a^b", true],
  [
    "url-unclean",
    "check url",
    "a path that is not clean",
    url(["https://a.example"], "/a"),
    "https://a.example/a//b/",
    true,
  ],
  ["url-drive", "check url", "a drive letter with |", url(["file://a"]), "file://a/C|/x", false],
];

/** What stands in `origins` or `ranges`, and is no origin or range; or is one. */
const forms: readonly [slug: string, about: string, constraint: Json, pointer: string | undefined][] = [
  ["origin-upper", "an upper-case letter in a host", url(["https://A.example"]), "/origins/0"],
  ["origin-upper-other", "the same where the scheme has a host as it is", url(["mcp://A"]), undefined],
  ["origin-zero", "a zero in front of the port", url(["https://a.example:08443"]), "/origins/0"],
  ["origin-hex", "an IPv4 address in hexadecimal", url(["https://0x7f.0.0.1"]), "/origins/0"],
  ["origin-three", "an IPv4 address in three parts", url(["https://127.0.1"]), "/origins/0"],
  ["origin-number", "a last label that is a number", url(["https://a.1"]), "/origins/0"],
  ["origin-v6", "an IPv6 address that can be shorter", url(["https://[0:0::1]"]), "/origins/0"],
  ["origin-v6-short", "an IPv6 address", url(["https://[::1]:8443"]), undefined],
  ["origin-percent", "a percent sign in a host", url(["https://a%41.example"]), "/origins/0"],
  ["origin-bar", "| in a host", url(["https://a|b.example"]), "/origins/0"],
  ["origin-bar-other", "the same, of another scheme", url(["mcp://a|b"]), "/origins/0"],
  ["origin-letter", "a letter beyond ASCII", url(["https://\u00e9.example"]), "/origins/0"],
  ["origin-underscore", "an underscore in a host", url(["https://a_b.example"]), undefined],
  ["origin-line-end", "a line end", url(["https://a.example\n"]), "/origins/0"],
  ["origin-localhost", "localhost of a file, which is left out", url(["file://localhost"]), "/origins/0"],
  ["range-line-end", "a line end", cidr("10.0.0.0/8\n"), "/ranges/0"],
  ["range-digits", "digits of another script", cidr("10.0.0.0/1\u0666"), "/ranges/0"],
  ["list-number-text", "a number's text for a bound", range({ min: "1" }), "/min"],
  ["flag-number", "1 for a flag", range({ min: 1, min_inclusive: 1 }), "/min_inclusive"],
  ["bound-flag", "true for a bound", int({ min: true }), "/min"],
  ["length-flag", "true for a length", length(true), "/max"],
  ["length-point", "a length of 1.5", length(1.5), "/max"],
  ["member-case", "a member in upper case beside its own", c("prefix", { value: "a", Value: "b" }), "/Value"],
];

/** A child and its parent, whether it may stand there. */
const pairs: readonly [
  slug: string,
  rule: string,
  about: string,
  child: Json,
  parent: Json,
  pointer: string | undefined,
][] = [
  ["one-of", "N2", "true under 1", oneOf(true), oneOf(1), ""],
  ["exact-in-any", "N2", "false under 0, in a clause", exact(false), any(exact(0), exact("a")), ""],
  ["excluded", "narrow not_one_of", "true excluded for 1", notOneOf(true), notOneOf(1), "/excluded"],
  ["required", "narrow contains", "true required for 1", contains(true), contains(1), "/required"],
  ["allowed", "narrow subset", "true allowed for 1", subset(true), subset(1), "/allowed"],
  ["inner", "narrow each", "the same inside", each(oneOf(false)), each(oneOf(0)), "/constraint"],
];

function addPairs(add: Add): void {
  for (const [slug, rule, about, child, parent, pointer] of pairs) {
    const links = [{ grant: { t: { a: child } } }];
    const wider = refuse("chain_widened", `${TOOLS}/t/a${pointer}`);
    add(`narrow-${slug}`, about, { rule, root: { grant: { t: { a: parent } } }, links, tool: "t" }, wider);
  }
}

export const languages = collect("languages", (add) => {
  for (const [slug, rule, about, constraint, value, passes] of checks) {
    const scenario = { rule, root: { grant: { t: { a: constraint } } }, tool: "t", arguments: { a: value } };
    add(`check-${slug}`, about, scenario, passes ? accept : refuse("grant_argument_refused", "/a"));
  }
  for (const [slug, about, constraint, pointer] of forms) {
    const scenario = {
      rule: pointer === "/Value" ? "F6" : "F9",
      root: { grant: { t: { a: optional(constraint) } } },
      tool: "t",
      arguments: {},
    };
    const broken = refuse("token_malformed", `${TOOLS}/t/a/constraint${pointer}`);
    add(`form-${slug}`, about, scenario, pointer === undefined ? accept : broken);
  }
  addPairs(add);
  addTexts(add);
});
