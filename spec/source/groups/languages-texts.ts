/** Texts that one language reads or measures in another way than the next: numbers, escapes, lengths, names, line ends. */

import { MARK, partsOf, spelled } from "../compact.ts";
import { exact, object, optional, wildcard } from "../constraints.ts";
import { accept, cloudIssuer, cloudPlanner, type Json, PAY, refuse, type Scenario } from "../forge.ts";
import type { Expect } from "../vector.ts";

export type Add = (slug: string, description: string, scenario: Scenario, expect: Expect) => void;

const TOOLS = "/authorization_details/0/tools";
const malformed = (pointer?: string): Expect => refuse("token_malformed", pointer);
/** One character, two code units, four bytes. */
const PAIR = "\u{1f600}";

export function addTexts(add: Add): void {
  addCanonicals(add);
  addSizes(add);
  addLengths(add);
  addLineEnds(add);
  addNames(add);
  addAudiences(add);
  addReferences(add);
}

/** Texts of which another language's JSON, or its own numbers, would make another canonical form. */
const canonicals: readonly [slug: string, about: string, text: string][] = [
  ["exponents", "numbers on both sides of the one where an exponent begins", "[0.000001,0.0000011,1e-7,0.00000123]"],
  ["small", "small numbers, and the smallest", "[1.5e-9,2.2250738585072014e-308,5e-324,1e-400,-1e-10]"],
  ["fractions", "fractions with as many digits as a double has", "[4503599627370495.5,123456789012345.67,0.1,1E-2]"],
  ["integers", "integers that are written as something else", "[1.0,1e3,-0,-0.0,1e15,0e5,100E-2]"],
  ["html", "what some writers escape", '"<a href=\\u0027/\\u0027>&\\u2028\\u2029\\u007f\\u00a0\\/"'],
  ["controls", "control characters, with and without a short escape", '"\\u0000\\b\\t\\n\\u000b\\f\\r\\u001f"'],
  [
    "order",
    "names whose order by code unit is another one by code point",
    '{"\\ufb33":1,"\\ud83d\\ude00":2,"\\u20ac":3}',
  ],
  ["order-numbers", "names that are numbers", '{"10":1,"9":2,"1":3,"-1":4,"":5,"01":6}'],
  ["marks", "a letter in one code point, and in two, as two names", '{"\\u00e9":1,"e\\u0301":2}'],
];

function addCanonicals(add: Add): void {
  const t = { grant: { t: {} } };
  for (const [slug, about, text] of canonicals) {
    const sent = { rule: "V8.13", root: t, tool: "t", arguments: { text: `{"a":${text}}` } };
    add(`canonical-${slug}`, about, sent, accept);
  }
  const spaces = { "vertical-tab": "\v", "next-line": "\u0085", "no-break": "\u00a0", "line-separator": "\u2028" };
  for (const [slug, space] of Object.entries(spaces)) {
    const sent = { rule: "J2", root: t, tool: "t", arguments: { text: `{}${space}` } };
    add(
      `space-${slug}`,
      `U+${space.charCodeAt(0).toString(16)} behind the arguments`,
      sent,
      refuse("arguments_malformed"),
    );
  }
}

function addSizes(add: Add): void {
  const t = { grant: { t: {} } };
  // {"a":"…"} is 8 code units and what is in the text: 6 for a control, 2 for a pair, 1 for what is not escaped.
  const sizes = { pairs: PAIR.repeat(3), escapes: "\u0001", short: '\n"\\', plain: "\u2028\u007f\u00e9/<'" };
  for (const [slug, value] of Object.entries(sizes)) {
    const sized = (argumentsSize: number): Scenario => ({
      rule: "V0.3",
      root: t,
      tool: "t",
      arguments: { a: value },
      limits: { argumentsSize },
    });
    add(`size-${slug}`, "arguments of just the size", sized(14), accept);
    add(`size-${slug}-above`, "arguments one unit too long", sized(13), refuse("arguments_malformed", "/a"));
  }
  const named = { [PAIR.repeat(2)]: 1 };
  const sized = (argumentsSize: number): Scenario => ({
    rule: "V0.3",
    root: t,
    tool: "t",
    arguments: named,
    limits: { argumentsSize },
  });
  add("size-name", "a name of just the size", sized(10), accept);
  const above = refuse("arguments_malformed", `/${PAIR.repeat(2)}`);
  add("size-name-above", "a name with which the value is too long", sized(9), above);
}

/** 256 code units, and 257: 128 pairs, and one letter more. */
const LONG = PAIR.repeat(128);

function addLengths(add: Add): void {
  const names: readonly [slug: string, about: string, grant: (name: string) => Json, pointer: string][] = [
    ["tool", "a tool's name", (name) => ({ t: {}, [name]: {} }), ""],
    ["argument", "an argument's name", (name) => ({ t: { [name]: optional(wildcard) } }), "/t"],
    [
      "property",
      "a property's name",
      (name) => ({ t: { a: optional(object({ [name]: wildcard })) } }),
      "/t/a/constraint/properties",
    ],
  ];
  for (const [slug, about, grant, pointer] of names) {
    const scenario = (name: string): Scenario => ({
      rule: "F3",
      root: { grant: grant(name) },
      tool: "t",
      arguments: {},
    });
    add(`length-${slug}`, `${about} of 128 pairs of surrogates`, scenario(LONG), accept);
    add(`length-${slug}-above`, `${about} of one unit more`, scenario(`${LONG}a`), malformed(TOOLS + pointer));
  }
  const values: readonly [slug: string, about: string, value: Json, more: Json][] = [
    ["value", "a value", PAIR.repeat(8), `${PAIR.repeat(8)}a`],
    ["object", "an object's text", { a: PAIR.repeat(4) }, { a: `${PAIR.repeat(4)}a` }],
  ];
  for (const [slug, about, value, more] of values) {
    const scenario = (own: Json): Scenario => ({
      rule: "F7",
      root: { grant: { t: { a: optional(exact(own)) } } },
      tool: "t",
      arguments: {},
      limits: { valueLength: 16 },
    });
    add(`length-${slug}`, `${about} of 16 code units`, scenario(value), accept);
    add(`length-${slug}-above`, `${about} of 17`, scenario(more), malformed(`${TOOLS}/t/a/constraint/value`));
  }
  const subject = (sub: string): Scenario => ({ rule: "V4.5", root: { claims: { sub } }, anchor: { subjects: "any" } });
  add("length-sub", "a sub of 128 pairs of surrogates", subject(LONG), accept);
  add("length-sub-above", "a sub of one unit more", subject(`${LONG}a`), malformed("/sub"));
}

/** 22 and 43 characters of base64url, and a line end: what `$` of some regular expressions, and some decoders, let pass. */
const ID = `${"A".repeat(22)}\n`;
const HASH = `${"A".repeat(43)}\n`;

function addLineEnds(add: Add): void {
  const root = (slug: string, rule: string, about: string, root: NonNullable<Scenario["root"]>, expect: Expect): void =>
    add(`line-end-${slug}`, `a line end behind ${about}`, { rule, root }, expect);
  root("kid", "V2.6", "kid", { header: { kid: "k1\n" } }, malformed());
  root("typ", "V2.4", "typ", { header: { typ: "aat+jwt\n" } }, malformed());
  root("jti", "V4.5", "jti", { claims: { jti: ID } }, malformed("/jti"));
  root("agent", "V4.5", "an agent's name", { agent: "planner\n" }, malformed("/act/sub"));
  root("aud", "V4.5", "an audience", { claims: { aud: ["https://pay.acme.example/mcp\n"] } }, malformed("/aud/0"));
  const jwk = { kty: "OKP", crv: "Ed25519", x: HASH };
  root("key", "K2", "a coordinate", { claims: { cnf: { jwk } } }, malformed("/cnf/jwk"));
  const links = [{ claims: { par_hash: HASH } }];
  add("line-end-par-hash", "a line end behind par_hash", { rule: "V4.5", links }, malformed("/par_hash"));
  const chain = (text: string): string => `${text}\n`;
  add("line-end-chain", "a line end behind the chain", { rule: "V1.2", chain }, malformed());
  const invalid = refuse("proof_invalid");
  add("line-end-proof", "a line end behind the proof", { rule: "V8.2", proofText: chain }, invalid);
  add(
    "line-end-proof-jti",
    "a line end behind the proof's jti",
    { rule: "V8.9", proof: { claims: { jti: ID } } },
    invalid,
  );
}

function addNames(add: Add): void {
  add(
    "letter-kid",
    "a kid with a letter beyond ASCII",
    { rule: "V2.6", root: { header: { kid: "\u00e9" } } },
    malformed(),
  );
  for (const [slug, agent] of Object.entries({ letter: "plann\u00e9r", digit: "planner\u0661" })) {
    const scenario = { rule: "V4.5", root: { agent } };
    add(`${slug}-agent`, `an agent's name with a ${slug} beyond ASCII`, scenario, malformed("/act/sub"));
  }
  const composed = { rule: "V11.1", root: { grant: { "caf\u00e9": {} } }, tool: "cafe\u0301", arguments: {} };
  add("composed-tool", "a tool's name in two code points for one", composed, refuse("grant_tool_missing", ""));
  const Sub = { rule: "V4.4", root: { claims: { sub: undefined, Sub: "alice" } } };
  add("case-claim", "a claim's name with an upper-case letter", Sub, malformed("/Sub"));
  const Kid = { rule: "V2.5", root: { header: { kid: undefined, Kid: "k1" } } };
  add("case-header", "a parameter's name with an upper-case letter", Kid, malformed());
  const JTI = { rule: "V8.6", proof: { claims: { jti: undefined, JTI: ID.slice(0, 22) } } };
  add("case-proof", "a name of the proof in upper case", JTI, refuse("proof_invalid"));
  const points = (text: string): string =>
    text.replace(/"(iat|exp)":(\d)(\d+)/g, '"$1":$2.$3e9').replace(/"(hw|del_depth)":(\d)/g, '"$1":$2.0');
  add(
    "integers-claims",
    "integers that have a point or an exponent",
    { rule: "J6", root: { payload: points } },
    accept,
  );
  const depth = { rule: "V4.5", root: { claims: { del_depth: false } } };
  add("flag-depth", "false for a depth of 0", depth, malformed("/del_depth"));
  const version = { rule: "V4.3", root: { claims: { hw: true } } };
  add("flag-version", "true for version 1", version, refuse("token_version_unsupported", "/hw"));
  const moment = { rule: "V8.9", proof: { claims: { hw_ms: false } } };
  add("flag-millisecond", "false for a millisecond of 0", moment, refuse("proof_invalid"));
  const root = { signer: cloudIssuer, holder: cloudPlanner };
  const long = { rule: "V3.3", root: { ...root, signature: widened } };
  add("es256-wide", "r and s of 33 bytes each", long, refuse("token_signature_invalid"));
  const proof = { rule: "V8.4", root, proof: { signature: widened } };
  add("es256-wide-proof", "r and s of 33 bytes each, in a proof", proof, refuse("proof_invalid"));
  const lower = (text: string): string => MARK + spelled(partsOf(text)).replaceAll("%1F", "%1f");
  add("compact-lower", "hexadecimal digits in lower case", { rule: "C3", links: [{}], chain: lower }, malformed());
}

/** What the WHATWG URL parser takes for an absolute URL, and what it does not: other parsers of URLs differ there. */
function addAudiences(add: Add): void {
  const names: readonly [slug: string, about: string, name: string][] = [
    ["number", "a host that ends in a number and is no address", "https://1.2.3.4.5/mcp"],
    ["octet", "an address with a number above 255", "https://1.2.3.256/mcp"],
    ["port", "a port above 65535", "https://pay.acme.example:65536/mcp"],
    ["host", "a host with <", "https://pay<acme.example/mcp"],
    ["host-percent", "a host with % and no digits behind it", "https://pay%zz.example/mcp"],
    ["no-host", "no host", "https:///"],
    ["relative", "no scheme", "pay.acme.example/mcp"],
    ["scheme", "a scheme that begins with a digit", "1s://pay.acme.example"],
  ];
  for (const [slug, about, name] of names) {
    add(`audience-${slug}`, about, { rule: "V4.5", root: { claims: { aud: [name] } } }, malformed("/aud/0"));
  }
  const others = {
    urn: "urn:acme:pay",
    slashes: "https:docs.acme.example",
    hex: "https://0x7f.1/mcp",
    path: "mcp:/pay",
  };
  for (const [slug, name] of Object.entries(others)) {
    const scenario: Scenario = {
      rule: "V4.5",
      root: { claims: { aud: [PAY, name] }, grant: { [`${PAY}#t`]: {} } },
      anchor: { audiences: [PAY, name] },
      tool: "t",
      arguments: {},
      proof: { claims: { aat_tool: `${PAY}#t` } },
    };
    add(`audience-${slug}`, `beside the usual one, ${name}`, scenario, accept);
  }
  const upper = { rule: "V5.3", root: { claims: { aud: [PAY.replace("pay", "PAY")] } } };
  add("audience-case", "a host in upper case is another name", upper, refuse("token_untrusted_issuer", "/aud"));
}

/** As some libraries write numbers: with a zero in front. */
const widened = (signature: Buffer): Buffer =>
  Buffer.concat([Buffer.alloc(1), signature.subarray(0, 32), Buffer.alloc(1), signature.subarray(32)]);

/** A schema whose member leads to its default by so many references, which `top` more come before. */
function leading(references: number, top = 0): object {
  const steps = Array.from({ length: references }, (_, i) => [`r${i}`, i + 1 < references ? `#/$defs/r${i + 1}` : ""]);
  const $defs = Object.fromEntries(steps.map(([name, $ref]) => [name, $ref === "" ? { default: 1 } : { $ref }]));
  const tops = Array.from({ length: top }, (_, i) => [
    `t${i}`,
    i + 1 < top ? { $ref: `#/$defs/t${i + 1}` } : undefined,
  ]);
  const properties = { n: { $ref: "#/$defs/r0" } };
  const all = Object.fromEntries(tops.map(([name, to]) => [name, to ?? { properties }]));
  return { ...(top > 0 ? { $ref: "#/$defs/t0" } : { properties }), $defs: { ...$defs, ...all } };
}

function addReferences(add: Add): void {
  const refused = refuse("grant_argument_refused", "/n");
  const call = (slug: string, about: string, inputSchema: object, expect: Expect): void => {
    const root = { grant: { t: { to: wildcard } } };
    add(
      `reference-${slug}`,
      about,
      { rule: "V11.5", root, tool: "t", arguments: { to: "x" }, parsed: { to: "x", n: 1 }, inputSchema },
      expect,
    );
  };
  call("eighth", "a default behind eight references in a row", leading(8), accept);
  call("ninth", "a default behind nine", leading(9), refused);
  call("rows", "eight references to properties, and eight from the member on", leading(8, 8), accept);
  call("rows-ninth", "nine references to properties", leading(1, 9), refused);
  const named = (name: string, $ref: string): object => ({
    properties: { n: { $ref } },
    $defs: { [name]: { default: 1 } },
  });
  call("plus", "a plus sign, which is no space", named("a+b", "#/$defs/a+b"), accept);
  call("plus-space", "a plus sign for a space", named("a b", "#/$defs/a+b"), refused);
  call("tilde", "~01, which is ~1", named("a~1b", "#/$defs/a~01b"), accept);
  call("tilde-slash", "~01, which is no slash", named("a/b", "#/$defs/a~01b"), refused);
  call("tilde-encoded", "a tilde that is percent-encoded", named("a/b", "#/$defs/a%7e1b"), accept);
}
