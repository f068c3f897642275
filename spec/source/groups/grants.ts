import {
  absent,
  all,
  any,
  c,
  cidr,
  contains,
  each,
  exact,
  int,
  length,
  notOneOf,
  object,
  oneOf,
  optional,
  path,
  prefix,
  range,
  subset,
  suffix,
  url,
  wildcard,
} from "../constraints.ts";
import { accept, DOCS, type Json, PAY, refuse, type Scenario } from "../forge.ts";
import { collect } from "../group.ts";

const TOOLS = "/authorization_details/0/tools";
const SITE = "https://docs.example";
const MISSING = Symbol("a missing argument");
const pad = (n: number): string => "x".repeat(n);

/** A constraint, a value, whether it passes. */
const checks: [string, string, string, Json, Json | typeof MISSING, boolean][] = [
  ["exact", "exact", "the value", exact("a"), "a", true],
  ["exact-type", "exact", "the number as a text", exact(1), "1", false],
  ["exact-bool", "exact", "1 for true", exact(true), 1, false],
  ["exact-null", "exact", "null", exact(null), null, true],
  ["exact-missing", "exact", "a missing argument is not null", exact(null), MISSING, false],
  ["exact-space", "exact", "a space at the end", exact("a"), "a ", false],
  ["exact-array", "exact", "the value in an array", exact("a"), ["a"], false],
  ["exact-list", "exact", "an equal list", exact([1, ["a"], null]), [1, ["a"], null], true],
  ["exact-list-order", "exact", "a list in another order", exact([1, 2]), [2, 1], false],
  ["exact-list-longer", "exact", "a list with one element more", exact([1]), [1, 1], false],
  [
    "exact-object",
    "exact",
    "an equal object, its members in another order",
    exact({ a: 1, b: {} }),
    { b: {}, a: 1 },
    true,
  ],
  ["exact-object-more", "exact", "an object with one member more", exact({ a: 1 }), { a: 1, b: 2 }, false],
  ["exact-object-fewer", "exact", "an object with one member fewer", exact({ a: 1, b: null }), { a: 1 }, false],
  ["exact-object-type", "exact", "a member of another type", exact({ a: 1 }), { a: "1" }, false],
  ["exact-object-list", "exact", "an object in place of the list", exact(["a"]), { "0": "a" }, false],
  ["exact-empty", "exact", "the empty list is not the empty object", exact([]), {}, false],
  ["one-of", "one_of", "a listed value", oneOf("a", "b"), "b", true],
  ["one-of-outside", "one_of", "a value that is not listed", oneOf("a", "b"), "c", false],
  ["one-of-array", "one_of", "an array of listed values", oneOf("a", "b"), ["a"], false],
  ["not-one-of", "not_one_of", "a value that is not excluded", notOneOf("a"), "b", true],
  ["not-one-of-array", "not_one_of", "an array, whatever is in it", notOneOf("a"), ["a"], true],
  ["not-one-of-excluded", "not_one_of", "an excluded value", notOneOf("a"), "a", false],
  ["not-one-of-missing", "not_one_of", "a missing argument", notOneOf("a"), MISSING, false],
  ["range-bound", "range", "the bound", range({ min: 0, max: 10 }), 10, true],
  ["range-fraction", "range", "a fraction inside", range({ min: 0, max: 10 }), 0.1, true],
  ["range-above", "range", "above", range({ max: 10 }), 10.000000000000002, false],
  ["range-below", "range", "below", range({ min: 0 }), -5e-324, false],
  ["range-max-exclusive", "range", "the exclusive upper bound", range({ max: 10, max_inclusive: false }), 10, false],
  ["range-min-exclusive", "range", "the exclusive lower bound", range({ min: 0, min_inclusive: false }), 0, false],
  ["range-text", "range", "a text that says a number", range({ max: 10 }), "5", false],
  ["range-open", "range", "a text, where no bound is given", range({}), "5", false],
  ["int", "int", "an integer", int({ min: 1, max: 5 }), 5, true],
  ["int-open", "int", "the largest integer", int(), 9007199254740991, true],
  ["int-fraction", "int", "a fraction", int(), 1.5, false],
  ["int-above", "int", "above", int({ max: 5 }), 6, false],
  ["int-below", "int", "below", int({ min: 1 }), 0, false],
  ["int-text", "int", "a text", int(), "1", false],
  ["contains", "contains", "all required elements, and more", contains("a", 1), [1, "b", "a"], true],
  ["contains-lacks", "contains", "a required element is missing", contains("a", "b"), ["a"], false],
  ["contains-nested", "contains", "an array among the elements", contains("a"), ["a", ["b"]], false],
  ["contains-text", "contains", "a text that contains the letter", contains("a"), "abc", false],
  ["subset", "subset", "allowed elements, one of them twice", subset("a", "b"), ["a", "a"], true],
  ["subset-empty", "subset", "the empty array", subset("a"), [], true],
  ["subset-more", "subset", "an element that is not allowed", subset("a"), ["a", "b"], false],
  ["subset-scalar", "subset", "an allowed element without an array", subset("a"), "a", false],
  ["all", "all", "both clauses", all(int(), range({ min: 5 })), 7, true],
  ["all-one", "all", "one clause of two", all(int(), range({ min: 5 })), 7.5, false],
  ["any", "any", "the second clause", any(exact("x"), range({ min: 5 })), 7, true],
  ["any-none", "any", "no clause", any(exact("x"), range({ min: 5 })), "y", false],
  ["wildcard-object", "wildcard", "an object", wildcard, { a: [null] }, true],
  ["wildcard-null", "wildcard", "null", wildcard, null, true],
  ["wildcard-missing", "wildcard", "a missing argument", wildcard, MISSING, false],
  ["prefix", "prefix", "the prefix alone", prefix("INV-"), "INV-", true],
  ["prefix-other", "prefix", "another case", prefix("INV-"), "inv-7", false],
  ["prefix-array", "prefix", "an array of the letters", prefix("a"), ["a"], false],
  ["suffix", "suffix", "a text that ends with it", suffix(".pdf"), "q3.pdf", true],
  ["suffix-inside", "suffix", "a text that has it inside", suffix(".pdf"), "q3.pdf.exe", false],
  ["path", "path", "a file below", path("/data"), "/data/q3/a b.pdf", true],
  ["path-root", "path", "the root itself", path("/data"), "/data", true],
  ["path-slash", "path", "anywhere under /", path("/"), "/etc/hosts", true],
  ["path-sibling", "path", "a sibling with the same first letters", path("/data"), "/database", false],
  ["path-dots", "path", "..", path("/data"), "/data/../etc/passwd", false],
  ["path-dot", "path", "a segment .", path("/data"), "/data/./a", false],
  ["path-dots-stays", "path", ".. that stays below", path("/data"), "/data/a/../b", false],
  ["path-empty-segment", "path", "//", path("/data"), "/data//a", false],
  ["path-trailing", "path", "a slash at the end", path("/data"), "/data/", false],
  ["path-encoded", "path", "%2e%2e", path("/data"), "/data/%2e%2e/etc", false],
  ["path-backslash", "path", "a backslash", path("/data"), "/data\\..\\etc", false],
  ["path-nul", "path", "a NUL", path("/data"), "/data/a\u0000.pdf", false],
  ["path-relative", "path", "a relative path", path("/data"), "data/a", false],
  ["path-three-dots", "path", "a file called ...", path("/data"), "/data/...", true],
  ["url", "url", "a page below, with a query", url([SITE], "/a"), `${SITE}/a/b?next=/../c`, true],
  ["url-root", "url", "the origin's own page", url([SITE]), `${SITE}/`, true],
  ["url-port", "url", "a port that is listed", url([`${SITE}:8443`]), `${SITE}:8443/`, true],
  ["url-mcp", "url", "a scheme that URL.origin calls null", url(["mcp://pay"], "/a"), "mcp://pay/a", true],
  ["url-no-path", "url", "a URL of such a scheme without a path", url(["mcp://pay"]), "mcp://pay", true],
  ["url-no-slash", "url", "an origin without its slash is no serialisation", url([SITE]), SITE, false],
  ["url-sibling", "url", "a sibling with the same first letters", url([SITE], "/a"), `${SITE}/ab`, false],
  [
    "url-suffix-spoof",
    "url",
    "a host that begins with the right one",
    url([SITE]),
    "https://docs.example.evil.example/",
    false,
  ],
  [
    "url-userinfo",
    "url",
    "the right host as user information",
    url([SITE]),
    "https://docs.example@evil.example/",
    false,
  ],
  [
    "url-userinfo-right",
    "url",
    "user information before the right host",
    url([SITE]),
    "https://a:b@docs.example/",
    false,
  ],
  ["url-fragment", "url", "a fragment", url([SITE]), `${SITE}/#a`, false],
  ["url-default-port", "url", "the default port, written out", url([SITE]), `${SITE}:443/`, false],
  ["url-case", "url", "a host in upper case", url([SITE]), "https://DOCS.example/", false],
  ["url-dots", "url", "..", url([SITE], "/a"), `${SITE}/a/../b`, false],
  ["url-dots-parameter", "url", ".. with an empty parameter", url([SITE], "/a"), `${SITE}/a/..;/b`, false],
  ["url-dot-parameter", "url", ". with a parameter", url([SITE], "/a"), `${SITE}/a/.;x=1/b`, false],
  ["url-dots-encoded-parameter", "url", ".. with %3B", url([SITE], "/a"), `${SITE}/a/..%3B/b`, false],
  ["url-dot-encoded-parameter", "url", ". with %3b", url([SITE], "/a"), `${SITE}/a/.%3bx=1/b`, false],
  [
    "url-parameter",
    "url",
    "parameters of names with dots",
    url([SITE], "/a"),
    `${SITE}/a/b..;x/...;y/b..%3Bx?/..;/..%3B`,
    true,
  ],
  ["url-encoded-dot", "url", "%2E", url([SITE], "/a"), `${SITE}/a/%2E%2E/b`, false],
  ["url-encoded-slash", "url", "%2f", url([SITE], "/a"), `${SITE}/a%2f..%2fb`, false],
  ["url-encoded-slash-query", "url", "%2f in the query", url([SITE], "/a"), `${SITE}/a?x=%2f`, false],
  ["url-encoded-nul", "url", "%00", url([SITE], "/a"), `${SITE}/a%00`, false],
  ["url-port-other", "url", "a port that is not listed", url([SITE]), `${SITE}:8443/`, false],
  ["url-backslash", "url", "a backslash", url([SITE], "/a"), `${SITE}/a\\..\\b`, false],
  ["url-tab", "url", "a tab that URL parsers drop", url([SITE]), "https://docs.ex\tample/", false],
  ["url-hex-host", "url", "a loopback address in hexadecimal", url(["http://127.0.0.1"]), "http://0x7f.1/", false],
  ["url-scheme", "url", "another scheme", url([SITE]), "http://docs.example/", false],
  ["url-file", "url", "file:", url([SITE]), "file:///etc/passwd", false],
  ["url-opaque", "url", "a URL without an authority", url([SITE]), "mailto:alice@docs.example", false],
  ["url-relative", "url", "a relative reference", url([SITE]), "/a", false],
  ["length-text", "length", "a text of just that length, in code units", length(2), "\u{1F600}", true],
  ["length-array", "length", "an array that is short enough", length(2), [1, 2], true],
  ["length-longer", "length", "a text that is one code unit longer", length(2), "\u{1F600}a", false],
  ["length-number", "length", "a number", length(2), 1, false],
  ["length-object", "length", "an object", length(2), {}, false],
  ["cidr-v4", "cidr", "an address of IPv4 inside", cidr("10.0.0.0/8"), "10.255.0.1", true],
  ["cidr-v4-first", "cidr", "the first address of the range", cidr("10.0.0.0/8"), "10.0.0.0", true],
  ["cidr-v4-outside", "cidr", "the address before the first", cidr("10.0.0.0/8"), "9.255.255.255", false],
  ["cidr-v4-bits", "cidr", "an address outside by one bit", cidr("192.168.1.128/25"), "192.168.1.127", false],
  ["cidr-v4-one", "cidr", "a range of one address", cidr("10.1.2.3/32"), "10.1.2.3", true],
  ["cidr-v4-all", "cidr", "a range of all addresses of IPv4", cidr("0.0.0.0/0"), "255.255.255.255", true],
  [
    "cidr-v6",
    "cidr",
    "an address of IPv6 inside the second range",
    cidr("10.0.0.0/8", "2001:db8::/32"),
    "2001:db8::a:1",
    true,
  ],
  ["cidr-v6-outside", "cidr", "an address of IPv6 outside by one bit", cidr("2001:db8::/33"), "2001:db8:8000::", false],
  ["cidr-v6-one", "cidr", "the loopback address", cidr("::1/128"), "::1", true],
  ["cidr-family", "cidr", "an address of the other family", cidr("::/0"), "10.0.0.1", false],
  ["cidr-mapped", "cidr", "an address of IPv4 in one of IPv6", cidr("::/0", "10.0.0.0/8"), "::ffff:a00:1", false],
  ["cidr-mapped-dots", "cidr", "the same, written with dots", cidr("::/0", "10.0.0.0/8"), "::ffff:10.0.0.1", false],
  ["cidr-short", "cidr", "an address with parts left out", cidr("10.0.0.0/8"), "10.1", false],
  ["cidr-octal", "cidr", "a leading zero, which some read as octal", cidr("8.0.0.0/8"), "010.0.0.1", false],
  ["cidr-hex", "cidr", "a part in hexadecimal", cidr("10.0.0.0/8"), "0xa.0.0.1", false],
  ["cidr-number", "cidr", "the address as one number", cidr("10.0.0.0/8"), "167772161", false],
  ["cidr-json-number", "cidr", "the address as a JSON number", cidr("10.0.0.0/8"), 167772161, false],
  ["cidr-256", "cidr", "a part of 256", cidr("10.0.0.0/8"), "10.0.0.256", false],
  ["cidr-dot", "cidr", "a dot at the end", cidr("10.0.0.0/8"), "10.0.0.1.", false],
  ["cidr-case", "cidr", "letters in upper case", cidr("2001:db8::/32"), "2001:DB8::1", false],
  ["cidr-zeros", "cidr", "zeros that the shortest spelling leaves out", cidr("2001:db8::/32"), "2001:db8:0::1", false],
  ["cidr-leading", "cidr", "a leading zero in a group", cidr("2001:db8::/32"), "2001:0db8::1", false],
  [
    "cidr-second-run",
    "cidr",
    ":: for the second of two runs of one length",
    cidr("2001:db8::/32"),
    "2001:db8:0:0:1::1",
    false,
  ],
  ["cidr-zone", "cidr", "a zone", cidr("fe80::/10"), "fe80::1%eth0", false],
  ["cidr-brackets", "cidr", "brackets", cidr("2001:db8::/32"), "[2001:db8::1]", false],
  ["cidr-range", "cidr", "a range in place of an address", cidr("10.0.0.0/8"), "10.0.0.0/8", false],
  ["cidr-name", "cidr", "a name", cidr("127.0.0.0/8"), "localhost", false],
  ["each", "each", "each element passes", each(int()), [1, 2], true],
  ["each-empty", "each", "the empty array", each(int()), [], true],
  ["each-one", "each", "one element does not", each(int()), [1, "2"], false],
  ["each-scalar", "each", "no array", each(int()), 1, false],
  ["object", "object", "exactly these members", object({ a: int(), b: wildcard }), { b: null, a: 1 }, true],
  ["object-more", "object", "a member more", object({ a: int() }), { a: 1, b: 2 }, false],
  ["object-fewer", "object", "a member fewer", object({ a: int(), b: wildcard }), { a: 1 }, false],
  ["object-member", "object", "a member that does not pass", object({ a: int() }), { a: "1" }, false],
  [
    "object-optional",
    "object",
    "a member that may be missing is",
    object({ a: int(), b: optional(int()) }),
    { a: 1 },
    true,
  ],
  [
    "object-optional-there",
    "object",
    "such a member is there and passes",
    object({ b: optional(int()) }),
    { b: 1 },
    true,
  ],
  [
    "object-optional-wrong",
    "object",
    "such a member is there and does not",
    object({ b: optional(int()) }),
    { b: "1" },
    false,
  ],
  ["object-optional-null", "object", "null is not missing", object({ b: optional(int()) }), { b: null }, false],
  [
    "object-optional-more",
    "object",
    "another member, while one is missing",
    object({ b: optional(int()) }),
    { c: 1 },
    false,
  ],
  ["object-absent", "object", "a member that must be missing is", object({ a: int(), b: absent }), { a: 1 }, true],
  [
    "object-absent-there",
    "object",
    "a member that must be missing is there",
    object({ b: absent }),
    { b: null },
    false,
  ],
  [
    "object-nested-optional",
    "object",
    "in an object in a list",
    each(object({ a: object({ b: optional(int()) }) })),
    [{ a: {} }],
    true,
  ],
  ["object-empty", "object", "a member where none is named", object({}), { a: 1 }, false],
  ["object-array", "object", "an array", object({}), [], false],
  [
    "object-prototype",
    "object",
    "a member that every JavaScript object has",
    object({ toString: wildcard }),
    { a: 1 },
    false,
  ],
  ["optional-missing", "optional", "a missing argument", optional(int()), MISSING, true],
  ["optional-there", "optional", "an argument that passes inside", optional(int()), 1, true],
  ["optional-wrong", "optional", "an argument that does not", optional(int()), "1", false],
  ["optional-null", "optional", "null is not missing", optional(int()), null, false],
  ["absent-missing", "absent", "a missing argument", absent, MISSING, true],
  ["absent-null", "absent", "null", absent, null, false],
];

/** A constraint that is none, and where: below the constraint, or below its tool's entry with a leading `..`. */
const forms: [string, string, string, Json, string][] = [
  ["array", "F1", "a constraint that is an array", [], ""],
  ["text", "F1", "a constraint that is a text", "INV-7", ""],
  ["properties-array", "F1", "properties that are an array", object([]), "/properties"],
  ["clause-null", "F1", "a clause that is null", any(null), "/constraints/0"],
  ["type-unknown", "F5", "a type that nobody knows", c("regex", { pattern: ".*" }), "/constraint_type"],
  ["type-missing", "F5", "no type", { value: 1 }, "/constraint_type"],
  ["type-prototype", "F5", "a type that every JavaScript object has", c("constructor"), "/constraint_type"],
  [
    "type-nested",
    "F5",
    "an unknown type deep inside",
    each(any(c("regex"))),
    "/constraint/constraints/0/constraint_type",
  ],
  ["member-unknown", "F6", "a member that is unknown", c("exact", { value: 1, values: [1] }), "/values"],
  ["member-of-range", "F6", "a misspelt bound", range({ maximum: 5 }), "/maximum"],
  ["member-missing", "F6", "exact without its value", c("exact"), "/value"],
  ["member-missing-inner", "F6", "each without its constraint", c("each"), "/constraint"],
  ["value-long", "F7", "exact with a list whose canonical text is too long", exact(["x".repeat(4093)]), "/value"],
  ["value-long-escaped", "F7", "and with one that is too long by its escapes", exact(["\n".repeat(2047)]), "/value"],
  ["values-array", "F7", "one_of with an array in it", oneOf(1, [2]), "/values/1"],
  ["one-of-empty", "F8", "one_of without values", oneOf(), "/values"],
  ["one-of-65", "F8", "one_of with 65 values", oneOf(...Array(65).keys()), "/values"],
  ["not-one-of-empty", "F8", "not_one_of without values", notOneOf(), "/excluded"],
  ["contains-empty", "F8", "contains without elements", contains(), "/required"],
  ["subset-65", "F8", "subset with 65 elements", subset(...Array(65).keys()), "/allowed"],
  ["any-empty", "F8", "any without clauses", any(), "/constraints"],
  ["any-9", "F8", "any with nine clauses", any(...Array(9).fill(wildcard)), "/constraints"],
  ["all-1", "F8", "all with one clause", all(wildcard), "/constraints"],
  ["url-no-origin", "F8", "url without origins", url([]), "/origins"],
  ["values-text", "F8", "one_of with a text for its values", c("one_of", { values: "ab" }), "/values"],
  ["range-text", "F9", "a bound that is a text", range({ max: "10" }), "/max"],
  ["range-flag", "F9", "a flag that is a number", range({ max: 10, max_inclusive: 0 }), "/max_inclusive"],
  ["range-null", "F9", "a bound that is null", range({ min: null }), "/min"],
  ["int-fraction", "F9", "an int with a fraction as its bound", int({ min: 0.5 }), "/min"],
  ["prefix-empty", "F9", "an empty prefix", prefix(""), "/value"],
  ["suffix-number", "F9", "a suffix that is a number", suffix(5), "/value"],
  ["path-relative", "F9", "a root that is relative", path("data"), "/root"],
  ["path-trailing", "F9", "a root with a slash at its end", path("/data/"), "/root"],
  ["path-dots", "F9", "a root with ..", path("/data/.."), "/root"],
  ["url-origin-slash", "F9", "an origin with a slash at its end", url([SITE, `${SITE}/`]), "/origins/1"],
  ["url-origin-port", "F9", "an origin with its default port", url([`${SITE}:443`]), "/origins/0"],
  ["url-origin-case", "F9", "an origin in upper case", url(["HTTPS://docs.example"]), "/origins/0"],
  ["url-origin-null", "F9", "an origin without a host", url(["file://"]), "/origins/0"],
  ["url-under", "F9", "a path with %", url([SITE], "/a%20b"), "/under"],
  ["cidr-none", "F8", "cidr without ranges", cidr(), "/ranges"],
  ["cidr-65", "F8", "cidr with 65 ranges", cidr(...Array(65).fill("::/0")), "/ranges"],
  ["cidr-number", "F9", "a range that is a number", cidr(10), "/ranges/0"],
  ["cidr-no-bits", "F9", "an address without bits", cidr("::/0", "10.0.0.0"), "/ranges/1"],
  ["cidr-bits-zero", "F9", "bits with a leading zero", cidr("10.0.0.0/08"), "/ranges/0"],
  ["cidr-bits-33", "F9", "33 bits of IPv4", cidr("0.0.0.0/33"), "/ranges/0"],
  ["cidr-bits-129", "F9", "129 bits of IPv6", cidr("::/129"), "/ranges/0"],
  ["cidr-host", "F9", "a bit set behind the first so many", cidr("10.0.0.1/8"), "/ranges/0"],
  ["cidr-host-v6", "F9", "such a bit of IPv6", cidr("2001:db8::1/127"), "/ranges/0"],
  ["cidr-spelling", "F9", "an address in another spelling", cidr("10.0/8"), "/ranges/0"],
  ["cidr-spelling-v6", "F9", "an address of IPv6 in another spelling", cidr("2001:db8:0::/32"), "/ranges/0"],
  ["cidr-mapped", "F9", "an address of IPv4 in one of IPv6", cidr("::ffff:a00:0/104"), "/ranges/0"],
  ["cidr-missing", "F6", "cidr without its ranges", c("cidr"), "/ranges"],
  ["length-negative", "F9", "a length below 0", length(-1), "/max"],
  ["length-missing", "F6", "length without max", c("length"), "/max"],
  ["range-crossed", "F10", "min above max", range({ min: 2, max: 1 }), ""],
  ["int-crossed", "F10", "min above max inside each", each(int({ min: 2, max: 1 })), "/constraint"],
  ["optional-nested", "F11", "optional in any", any(optional(int())), "/constraints/0"],
  ["optional-optional", "F11", "optional in optional", optional(optional(int())), "/constraint"],
  [
    "optional-property-twice",
    "F11",
    "optional in an optional member",
    object({ a: optional(optional(int())) }),
    "/properties/a/constraint",
  ],
  ["absent-clause", "F11", "absent in a clause of a member", object({ a: any(absent) }), "/properties/a/constraints/0"],
  ["absent-each", "F11", "absent in each", each(absent), "/constraint"],
  ["absent-nested", "F11", "absent in all", all(wildcard, absent), "/constraints/1"],
];

export const grants = collect("grants", (add) => {
  for (const [slug, type, description, constraint, value, good] of checks) {
    const args: { [name: string]: Json } = value === MISSING ? {} : { a: value as Json };
    add(
      `check-${slug}`,
      `${type}: ${description}`,
      {
        rule: `check ${type}`,
        root: { grant: { t: { a: constraint } } },
        tool: "t",
        arguments: args,
      },
      good ? accept : refuse(value === MISSING ? "grant_argument_missing" : "grant_argument_refused", "/a"),
    );
  }
  for (const [slug, rule, description, constraint, pointer] of forms) {
    add(
      `form-${slug}`,
      description,
      { rule, root: { grant: { t: { a: constraint } } }, tool: "t", arguments: { a: 1 } },
      refuse("token_malformed", `${TOOLS}/t/a${pointer}`),
    );
  }
  const form = (slug: string, rule: string, description: string, grant: Json, pointer: string): void =>
    add(
      `form-${slug}`,
      description,
      { rule, root: { grant }, tool: "t", arguments: {} },
      refuse("token_malformed", TOOLS + pointer),
    );
  form("entry-null", "F1", "a tool whose entry is null", { t: null }, "/t");
  form("tool-empty", "F3", "a tool without a name", { "": {} }, "/");
  form("uri-prefix", "F12", "prefix for an argument called uri", { t: { uri: prefix("docs://") } }, "/t/uri");
  form(
    "uri-suffix-nested",
    "F12",
    "suffix deep in the constraint of uri",
    { t: { uri: optional(any(suffix(".pdf"))) } },
    "/t/uri/constraint/constraints/0",
  );
  add(
    "form-uri-elsewhere",
    "a tool called uri, and a member called uri, may have a prefix",
    {
      rule: "F12",
      root: { grant: { uri: { a: object({ uri: prefix("docs://") }) } } },
      tool: "uri",
      arguments: { a: { uri: "docs://a" } },
    },
    accept,
  );
  add(
    "form-derived",
    "a broken constraint in a derived token",
    { rule: "F5", root: { grant: { t: { a: wildcard } } }, links: [{ grant: { t: { a: c("regex") } } }], tool: "t" },
    refuse("token_malformed", `${TOOLS}/t/a/constraint_type`),
  );

  const call = (
    slug: string,
    description: string,
    rule: string,
    scenario: Omit<Scenario, "rule">,
    expect = accept,
  ): void => add(slug, description, { rule, ...scenario }, expect);
  const refused = (pointer: string) => refuse("grant_argument_refused", pointer);
  call("any-arguments", "{} under a tool: any arguments", "V11.2", {
    root: { grant: { t: {} } },
    tool: "t",
    arguments: { x: [1], y: null },
  });
  call("any-arguments-none", "{} under a tool: no arguments", "V11.2", {
    root: { grant: { t: {} } },
    tool: "t",
    arguments: {},
  });
  call("no-arguments", "a tool that takes no arguments", "V11.2", {
    root: { grant: { t: { "": absent } } },
    tool: "t",
    arguments: {},
  });
  call(
    "no-arguments-one",
    "an argument where none is granted",
    "V11.2",
    { root: { grant: { t: { "": absent } } }, tool: "t", arguments: { a: 1 } },
    refused("/a"),
  );
  call(
    "no-arguments-empty-name",
    "an argument without a name where none is granted",
    "V11.3",
    { root: { grant: { t: { "": absent } } }, tool: "t", arguments: { "": 1 } },
    refused("/"),
  );
  call(
    "argument-unknown",
    "an argument that the grant does not name",
    "V11.2",
    { arguments: { id: "INV-7", force: true } },
    refused("/force"),
  );
  call(
    "argument-unknown-escaped",
    "such an argument whose name needs escaping in a pointer",
    "V11.2",
    { arguments: { id: "INV-7", "a/b~": 1 } },
    refused("/a~1b~0"),
  );
  call(
    "argument-prototype",
    "an argument that every JavaScript object has",
    "V11.2",
    { arguments: { id: "INV-7", constructor: 1 } },
    refused("/constructor"),
  );
  call(
    "argument-missing",
    "a granted argument is missing",
    "V11.6",
    { arguments: {} },
    refuse("grant_argument_missing", "/id"),
  );
  call(
    "tool-missing",
    "a tool that the grant does not name",
    "V11.1",
    { tool: "delete_all", arguments: {} },
    refuse("grant_tool_missing", ""),
  );
  call(
    "tool-prototype",
    "a tool that every JavaScript object has",
    "V11.1",
    { tool: "toString", arguments: {} },
    refuse("grant_tool_missing", ""),
  );
  call("tool-case", "a tool in another case", "V11.1", { tool: "Read_Invoice" }, refuse("grant_tool_missing", ""));
  call(
    "tool-given-up",
    "a tool that the root has and the leaf does not",
    "V11.1",
    { links: [{}], tool: "send_payment", arguments: { to: "Globex", amount: 1, currency: "EUR" } },
    refuse("grant_tool_missing", ""),
  );
  call(
    "leaf-narrower",
    "an argument that passes the root's grant and not the leaf's",
    "V11.3",
    { links: [{}], arguments: { id: "INV-9" } },
    refused("/id"),
  );
  call("three-arguments", "three arguments, each passing", "V11.3", {
    tool: "send_payment",
    arguments: { to: "Globex", amount: 1000, currency: "EUR" },
  });
  call(
    "third-argument",
    "the second of three arguments does not pass",
    "V11.3",
    { tool: "send_payment", arguments: { to: "Globex", amount: 1001, currency: "EUR" } },
    refused("/amount"),
  );
  call("listing", "a listing needs no grant", "V11.1", {
    root: { grant: {} },
    tool: "mcp:prompts/list",
    arguments: {},
  });
  call(
    "list-of-its-own",
    "a tool whose name ends as a listing's does, which nobody granted",
    "V11.1",
    { tool: "invoices/list", arguments: {} },
    refuse("grant_tool_missing", ""),
  );
  call(
    "two-audiences-other",
    "a tool granted at one audience, called at the other",
    "V11.1",
    {
      root: { claims: { aud: [PAY, DOCS] }, grant: { [`${DOCS}#t`]: {} } },
      anchor: { audiences: [PAY, DOCS] },
      tool: "t",
      proof: { claims: { aat_tool: `${PAY}#t` } },
      arguments: {},
    },
    refuse("grant_tool_missing", ""),
  );
  const EVERY = "mcp:tools/*";
  const every = { grant: { [EVERY]: {} } };
  const anchor = { everyTool: true };
  const both = { claims: { aud: [PAY, DOCS] }, grant: { [`${PAY}#${EVERY}`]: {} } };
  const twice = { everyTool: true, audiences: [PAY, DOCS] };
  const missing = refuse("grant_tool_missing", "");
  form("every-tool-beside", "F13", "every tool beside a tool", { [EVERY]: {}, t: {} }, "/mcp:tools~1*");
  form("every-tool-narrowed", "F13", "every tool with an argument", { [EVERY]: { a: wildcard } }, "/mcp:tools~1*");
  add(
    "form-every-tool-derived",
    "every tool beside a tool, in a derived token",
    {
      rule: "F13",
      root: every,
      anchor,
      links: [{ grant: { [EVERY]: {}, t: {} } }],
      tool: "t",
      tools: ["t"],
      arguments: {},
    },
    refuse("token_malformed", `${TOOLS}/mcp:tools~1*`),
  );
  const everyTool = (slug: string, description: string, scenario: Omit<Scenario, "rule">, expect = accept): void =>
    add(
      `every-tool-${slug}`,
      description,
      { rule: "V11.1", root: every, anchor, tool: "t", tools: ["t"], arguments: { x: [1] }, ...scenario },
      expect,
    );
  everyTool("called", "a tool that the enforcement point names, with any arguments", {});
  everyTool("unnamed", "a tool that it does not name", { tools: ["u"] }, missing);
  everyTool("none-named", "a tool of one that names none", { tools: [] }, missing);
  everyTool("star", "a tool called *, which stands for those that are not named", { tool: "*", tools: ["*"] }, missing);
  everyTool("adds", "a tool of which it says what its author adds, and so names it", { tools: [], adds: { t: ["a"] } });
  everyTool("itself", "the word for every tool, as a tool", { tool: EVERY }, missing);
  everyTool(
    "resource",
    "a resource, which is no tool",
    { tool: "mcp:resources/read", arguments: { uri: "a:b" } },
    missing,
  );
  everyTool("prototype", "a tool that every JavaScript object has", { tool: "toString" }, missing);
  everyTool("handed-on", "a tool that a derived token names", { links: [{ grant: { t: { x: each(int()) } } }] });
  everyTool("handed-on-whole", "every tool, handed on", { links: [{ grant: { [EVERY]: {} } }] });
  everyTool("handed-on-other", "another tool than the derived token names", { links: [{ grant: { u: {} } }] }, missing);
  everyTool(
    "handed-on-argument",
    "an argument that the derived token refuses",
    { links: [{ grant: { t: { x: int() } } }] },
    refused("/x"),
  );
  everyTool(
    "handed-on-unnamed",
    "a tool that the derived token names and the enforcement point does not",
    { tools: [], links: [{ grant: { t: {} } }] },
    missing,
  );
  everyTool("audience", "every tool of one of two audiences", {
    root: both,
    anchor: twice,
    proof: { claims: { aat_tool: `${PAY}#t` } },
  });
  everyTool(
    "audience-other",
    "every tool of the other audience",
    {
      root: { ...both, grant: { [`${DOCS}#${EVERY}`]: {} } },
      anchor: twice,
      proof: { claims: { aat_tool: `${PAY}#t` } },
    },
    missing,
  );
  call("long-value", "exactly a list of just the longest canonical text", "F7", {
    root: { grant: { t: { a: exact([pad(4092)]) } } },
    tool: "t",
    arguments: { a: [pad(4092)] },
  });
  call("long-names", "a constraint on a long text", "V11.3", {
    root: { grant: { t: { a: exact(pad(300)) } } },
    tool: "t",
    arguments: { a: pad(300) },
  });
});
