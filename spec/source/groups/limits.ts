import { all, any, c, exact, object, optional, subset, wildcard } from "../constraints.ts";
import { accept, type Json, NOW, planner, refuse, researcher, type TokenDifferences, vector } from "../forge.ts";
import { collect } from "../group.ts";
import type { Expect } from "../vector.ts";
import { addSteps } from "./limits-steps.ts";

const TOOLS = "/authorization_details/0/tools";
const tooLarge = refuse("token_too_large");
const numbered = (count: number, value: Json): { [name: string]: Json } =>
  Object.fromEntries(Array.from({ length: count }, (_, i) => [`n${i}`, value]));
const nested = (depth: number, inner: Json = wildcard): Json =>
  depth === 0 ? inner : c("each", { constraint: nested(depth - 1, inner) });
const arrays = (depth: number): Json => (depth === 0 ? 1 : [arrays(depth - 1)]);
const any1 = { t: {} };

/** Costs 9 steps, and 520 for each sixteen elements that were begun. */
const HEAVY = all(...Array.from({ length: 8 }, () => subset(...Array.from({ length: 64 }, (_, i) => i))));

export const limits = collect("limits", (add) => {
  const tokenOf = (size: number): TokenDifferences => ({ grant: filled(size) });
  for (const [slug, size, expect] of [
    ["at", 8191, accept],
    ["above", 8193, tooLarge],
  ] as const) {
    add(
      `token-bytes-${slug}`,
      `a token of ${size} bytes, by default`,
      { rule: "V1.4", root: tokenOf(size), tool: "t", arguments: {} },
      expect,
    );
  }
  const one = vector("limits/own", "", { rule: "", root: { grant: any1 }, tool: "t" }, accept).input.chain.length;
  const small = (slug: string, description: string, limits: { [name: string]: number }, expect = accept): void =>
    add(slug, description, { rule: "V1.1", root: { grant: any1 }, tool: "t", arguments: {}, limits }, expect);
  small("chain-bytes-at", "a chain that is just as long as a verifier reads", { chainBytes: one });
  small("chain-bytes-above", "a chain that is a byte longer", { chainBytes: one - 1 }, tooLarge);
  const token = (slug: string, description: string, limits: { [name: string]: number }, expect = accept): void =>
    add(slug, description, { rule: "V1.4", root: { grant: any1 }, tool: "t", arguments: {}, limits }, expect);
  token("token-bytes-own-at", "a token that is just as long as a verifier reads", { tokenBytes: one });
  token("token-bytes-own-above", "a token that is a byte longer", { tokenBytes: one - 1 }, tooLarge);
  const chain = vector("limits/pair", "", { rule: "", root: { grant: any1 }, links: [{ grant: any1 }] }, accept).input
    .chain;
  add(
    "token-bytes-own-one",
    "one token of two that is longer than a verifier reads",
    {
      rule: "V1.4",
      root: { grant: any1 },
      links: [{ grant: any1 }],
      tool: "t",
      arguments: {},
      limits: { tokenBytes: Math.min(...chain.split("~").map(({ length }) => length)) },
    },
    tooLarge,
  );
  const wide = Array.from({ length: 3 }, (_, i) => ({
    grant: filled(8001),
    holder: i % 2 ? planner : researcher,
    agent: "planner",
  }));
  add(
    "chain-bytes-default",
    "five tokens of some 8,000 bytes: above the default",
    {
      rule: "V1.1",
      root: { grant: filled(8001), claims: { del_max_depth: 4 } },
      links: [...wide, { grant: filled(8001), holder: planner, agent: "planner", claims: { iat: NOW - 27 } }].map(
        (link) => ({ ...link, claims: { del_max_depth: 4 } }),
      ),
      anchor: { maxDepth: 4 },
      agents: { planner: { keys: [planner.thumbprint, researcher.thumbprint] } },
      tool: "t",
      arguments: {},
    },
    tooLarge,
  );
  const link = (i: number): TokenDifferences => ({
    grant: any1,
    holder: i % 2 ? planner : researcher,
    agent: "planner",
    claims: { del_max_depth: 16, iat: NOW - 30 },
  });
  for (const [slug, count, expect] of [
    ["at", 17, accept],
    ["above", 18, refuse("chain_depth_exceeded")],
  ] as const) {
    add(
      `chain-tokens-${slug}`,
      `${count} tokens`,
      {
        rule: "V1.3",
        root: { grant: any1, claims: { del_max_depth: 16 } },
        links: Array.from({ length: count - 1 }, (_, i) => link(i)),
        anchor: { maxDepth: 16 },
        agents: { planner: { keys: [planner.thumbprint, researcher.thumbprint] } },
        tool: "t",
        arguments: {},
      },
      expect,
    );
  }
  add("chain-text-empty", "an empty chain", { rule: "V1.2", chain: () => "" }, refuse("token_malformed"));
  add(
    "chain-text-space",
    "a space at the end of a chain",
    { rule: "V1.2", chain: (text) => `${text} ` },
    refuse("token_malformed"),
  );
  add(
    "chain-text-line",
    "a line break at the end of a chain",
    { rule: "V1.2", chain: (text) => `${text}\n` },
    refuse("token_malformed"),
  );
  add(
    "chain-text-umlaut",
    "a character that is not ASCII",
    { rule: "V1.2", chain: (text) => text.replace("e", "é") },
    refuse("token_malformed"),
  );

  const grant = (
    slug: string,
    rule: string,
    description: string,
    of: Json,
    pointer: string | undefined,
    args: Json = {},
    tool = "t",
  ): void =>
    add(
      slug,
      description,
      { rule, root: { grant: of }, tool, arguments: args },
      pointer === undefined ? accept : refuse("token_malformed", TOOLS + pointer),
    );
  grant("tools-at", "F2", "256 tools", numbered(256, {}), undefined, {}, "n255");
  grant("tools-above", "F2", "257 tools", numbered(257, {}), "", {}, "n0");
  grant("arguments-at", "F2", "64 arguments", { t: numbered(64, wildcard) }, undefined, numbered(64, 1));
  grant("arguments-above", "F2", "65 arguments", { t: numbered(65, wildcard) }, "/t");
  grant("properties-at", "F2", "64 members in an object", { t: { a: object(numbered(64, wildcard)) } }, undefined, {
    a: numbered(64, 1),
  });
  grant(
    "properties-above",
    "F2",
    "65 members in an object",
    { t: { a: object(numbered(65, wildcard)) } },
    "/t/a/properties",
  );
  grant("tool-name-at", "F3", "a tool id of 256 code units", { ["t".repeat(256)]: {} }, undefined, {}, "t".repeat(256));
  grant("tool-name-above", "F3", "a tool id of 257 code units", { ["t".repeat(257)]: {} }, "", {}, "t".repeat(257));
  grant(
    "tool-name-astral",
    "F3",
    "a tool id of 129 characters that are two code units each",
    { ["\u{1F600}".repeat(129)]: {} },
    "",
  );
  grant(
    "argument-name-above",
    "F3",
    "an argument's name of 257 code units",
    { t: { ["a".repeat(257)]: wildcard } },
    "/t",
  );
  grant(
    "property-name-above",
    "F3",
    "a member's name of 257 code units",
    { t: { a: object({ ["a".repeat(257)]: wildcard }) } },
    "/t/a/properties",
  );
  grant("depth-at", "F4", "a constraint at depth 8", { t: { a: nested(8) } }, undefined, { a: arrays(8) });
  grant("depth-above", "F4", "a constraint at depth 9", { t: { a: nested(9) } }, `/t/a${"/constraint".repeat(9)}`);
  grant("depth-clauses-at", "F4", "clauses in clauses down to depth 8", { t: { a: clauses(8) } }, undefined, { a: 1 });
  grant(
    "depth-clauses-above",
    "F4",
    "clauses in clauses down to depth 9",
    { t: { a: clauses(9) } },
    `/t/a${"/constraints/0".repeat(9)}`,
  );
  grant(
    "depth-optional-at",
    "F4",
    "optional counts as a level: depth 8",
    { t: { a: optional(nested(7)) } },
    undefined,
    {},
  );
  grant(
    "depth-optional-above",
    "F4",
    "optional counts as a level: depth 9",
    { t: { a: optional(nested(8)) } },
    `/t/a${"/constraint".repeat(9)}`,
  );
  add(
    "depth-payload",
    "a payload nested beyond any constraint",
    { rule: "V4.1", root: { claims: { act: arrays(24) } } },
    refuse("token_malformed"),
  );
  add(
    "depth-payload-at",
    "a payload nested just as deep as is read: it fails later",
    { rule: "V4.5", root: { claims: { act: arrays(23) } } },
    refuse("token_malformed", "/act"),
  );
  grant("value-at", "F7", "a text of 4,096 code units", { t: { a: exact("x".repeat(4096)) } }, undefined, {
    a: "x".repeat(4096),
  });
  grant("value-above", "F7", "a text of 4,097 code units", { t: { a: exact("x".repeat(4097)) } }, "/t/a/value");
  grant("values-at", "F8", "64 values", { t: { a: c("one_of", { values: [...Array(64).keys()] }) } }, undefined, {
    a: 63,
  });
  grant("clauses-at", "F8", "eight clauses", { t: { a: all(...Array(8).fill(wildcard)) } }, undefined, { a: 1 });

  const life = (slug: string, seconds: number, expect = accept): void =>
    add(
      slug,
      `a root that lives ${seconds} seconds`,
      { rule: "V5.5", root: { claims: { exp: NOW - 60 + seconds } }, anchor: { lifetimeSeconds: 1_000_000 } },
      expect,
    );
  life("lifetime-at", 86_400);
  life("lifetime-above", 86_401, refuse("token_untrusted_issuer", "/exp"));
  add(
    "skew-own",
    "an iat 5 seconds ahead, where the verifier allows 5",
    { rule: "V5.11", root: { claims: { iat: NOW + 5 } }, limits: { skewSeconds: 5 } },
    accept,
  );
  add(
    "skew-own-above",
    "an iat 6 seconds ahead, where the verifier allows 5",
    { rule: "V5.11", root: { claims: { iat: NOW + 6 } }, limits: { skewSeconds: 5 } },
    refuse("token_not_yet_valid", "/iat"),
  );
  add(
    "window-own",
    "a proof of 6 seconds ago, where the verifier allows 5",
    { rule: "V8.16", proof: { claims: { iat: NOW - 6 } }, limits: { proofWindowSeconds: 5 } },
    refuse("proof_invalid"),
  );

  const size = (slug: string, description: string, args: Json, argumentsSize: number, pointer?: string): void =>
    add(
      slug,
      description,
      { rule: "V0.3", root: { grant: any1 }, tool: "t", arguments: args, limits: { argumentsSize } },
      pointer === undefined ? accept : refuse("arguments_malformed", pointer),
    );
  size(
    "arguments-size-at",
    "a canonical text of just so many code units: 2 + 3 + 1 + 994",
    { a: "x".repeat(992) },
    1000,
  );
  size("arguments-size-above", "one code unit more", { a: "x".repeat(993) }, 1000, "/a");
  const mixed = { a: [...Array(100).fill(0), true, null, {}, "x"] };
  size(
    "arguments-size-mixed",
    "an array of 100 numbers, a boolean, null, an object, a text: 6 + 105 + 100 + 4 + 4 + 2 + 3",
    mixed,
    224,
  );
  size("arguments-size-mixed-above", "the same with one less allowed: the text passes the limit", mixed, 223, "/a/103");
  size("arguments-size-name", "a name that passes the limit", { a: "x".repeat(500), ["b".repeat(50)]: 1 }, 550, "");
  add(
    "arguments-size-default",
    "a text of 65,530 code units: 6 + 65,532 is above the default",
    { rule: "V0.3", root: { grant: any1 }, tool: "t", arguments: { a: "x".repeat(65_530) } },
    refuse("arguments_malformed", "/a"),
  );
  add(
    "arguments-depth-at",
    "arguments nested 16 deep",
    { rule: "V0.1", root: { grant: any1 }, tool: "t", arguments: { a: arrays(15) } },
    accept,
  );
  add(
    "arguments-depth-above",
    "arguments nested 17 deep",
    { rule: "V0.1", root: { grant: any1 }, tool: "t", arguments: { a: arrays(16) } },
    refuse("arguments_malformed"),
  );
  add(
    "proof-depth-above",
    "hta nested 17 deep, and arguments that are not",
    { rule: "V8.5", root: { grant: any1 }, tool: "t", arguments: {}, proof: { claims: { hta: { a: arrays(16) } } } },
    refuse("proof_invalid"),
  );
  const proof = (slug: string, description: string, length: number, expect: Expect): void =>
    add(
      slug,
      description,
      {
        rule: "V8.1",
        root: { grant: any1 },
        tool: "t",
        arguments: {},
        limits: { argumentsSize: 10 },
        proof: { claims: { hta: { a: "x".repeat(length) } } },
      },
      expect,
    );
  proof(
    "proof-size-at",
    "a proof of 4,096 + 4 x 10 characters, of other arguments",
    2778,
    refuse("proof_arguments_mismatch", "/hta"),
  );
  proof("proof-size-above", "a proof longer than that", 2779, refuse("proof_invalid"));
  add(
    "own-tools",
    "two tools where a verifier reads one",
    { rule: "F2", limits: { tools: 1 } },
    refuse("token_malformed", TOOLS),
  );
  add(
    "own-depth-ceiling",
    "a depth ceiling of 3 where a verifier reads three tokens",
    { rule: "V5.8", limits: { chainTokens: 3 } },
    refuse("chain_depth_exceeded", "/del_max_depth"),
  );

  const zeros = (count: number): Json => Array.from({ length: count }, () => 0);
  const stepsOf = (
    constraint: Json,
    slug: string,
    about: string,
    rule: string,
    sent: Json,
    read?: Json,
    expect = accept,
  ) =>
    add(
      `steps-${slug}`,
      about,
      {
        rule,
        root: { grant: { t: { a: constraint } } },
        links: [{ grant: { t: { a: constraint } } }],
        tool: "t",
        arguments: { a: sent },
        ...(read !== undefined && { parsed: { a: read } }),
      },
      expect,
    );
  const spent = refuse("grant_argument_refused", "/a");
  const steps = stepsOf.bind(null, HEAVY);
  steps("at", "99,858 steps for two tokens", "V11.3", zeros(16 * 96));
  steps("above", "100,898 steps for two tokens", "V11.3", zeros(16 * 96 + 1), undefined, spent);
  steps(
    "read",
    "99,858 steps for what was read, and nearly as many for what was sent",
    "V11.4",
    zeros(16 * 95),
    zeros(16 * 96),
  );
  steps("read-above", "100,898 steps for what was read", "V11.4", zeros(1), zeros(16 * 96 + 1), spent);

  // Costs 95 steps, of which 91 are behind a member that does not pass.
  const member = any(object({ a: exact(1), b: exact(zeros(90)) }), wildcard);
  const members = stepsOf.bind(null, c("each", { constraint: member }));
  const objects = (count: number): Json => Array.from({ length: count }, () => ({ a: 0, b: 0 }));
  members("members-at", "99,942 steps for all members of many objects", "V11.3", objects(526));
  members("members-above", "100,132 steps for all members of many objects", "V11.3", objects(527), undefined, spent);
  addSteps(add);
});

function clauses(depth: number): Json {
  return depth === 0 ? wildcard : any(clauses(depth - 1));
}

/** A grant that makes a root token of just this many bytes; a derived one is somewhat longer. */
function filled(size: number): Json {
  const grantOf = (fill: number): Json => ({
    t: {},
    u: { a: c("one_of", { values: ["x".repeat(Math.min(fill, 4000)), "y".repeat(Math.max(0, fill - 4000))] }) },
  });
  const sizeOf = (fill: number): number =>
    vector("limits/filled", "", { rule: "", root: { grant: grantOf(fill) }, tool: "t" }, accept).input.chain.length;
  const base = sizeOf(0);
  for (let fill = Math.floor(((size - base) * 3) / 4) - 4; ; fill++) {
    const now = sizeOf(fill);
    if (now === size) return grantOf(fill);
    if (now > size) throw new Error(`no token of ${size} bytes`);
  }
}
