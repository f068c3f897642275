/** Edits of a token's claims, as somebody would make them who wants more, or who wants to confuse. */
import type { JsonObject, JsonValue } from "@hopwise/core/adapter";
import type { Constraint } from "@hopwise/core/grant";
import fc from "fast-check";
import { anyConstraint } from "../random/constraints.ts";
import { edit } from "../random/edits.ts";
import { editJson, randomJson } from "../random/json.ts";
import { SEED } from "../random/runs.ts";
import type { Source } from "../random/source.ts";
import { ACME, DOCS, HONEST_CONSTRAINTS, type Honest, NOW, PARTNER, PAY, thumbprint } from "./honest.ts";

type Grant = { readonly [tool: string]: { readonly [argument: string]: Constraint } };
type Edit = (claims: JsonObject, honest: Honest, source: Source) => JsonObject;

const CONSTRAINTS: readonly Constraint[] = [
  ...HONEST_CONSTRAINTS,
  ...fc.sample(anyConstraint, { numRuns: 400, seed: SEED | 0 }),
];
const TOOLS = [
  "read",
  "send",
  "store",
  "search",
  "anything",
  "list",
  `${DOCS}#read`,
  `${PAY}#read`,
  "mcp:resources/read",
  "mcp:tools/*",
  `${DOCS}#mcp:tools/*`,
  "mcp:x",
  "",
];

/** One to three edits of the claims. */
export function editClaims(claims: JsonObject, honest: Honest, source: Source): JsonObject {
  let edited = claims;
  const times = 1 + (source.oneIn(3) ? source.below(3) : 0);
  for (let i = 0; i < times && isObject(edited); i++) edited = source.pick(EDITS)(edited, honest, source);
  return edited;
}

/** An edit may leave no object at all. */
function isObject(value: JsonValue): boolean {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

const grantEdit =
  (change: (grant: Grant, source: Source) => Grant): Edit =>
  (claims, _, source) => {
    const details = claims["authorization_details"];
    const [entry] = Array.isArray(details) ? (details as JsonObject[]) : [];
    const tools = entry?.["tools"];
    if (typeof tools !== "object" || tools === null || Array.isArray(tools)) return claims;
    const changed = change(tools as unknown as Grant, source) as unknown as JsonValue;
    return { ...claims, authorization_details: [{ ...entry, tools: changed }] };
  };

/** Another constraint for one argument: mostly what an edit of the present one gives. */
const constraintEdit = grantEdit((grant, source) => {
  const tool = source.pick([...Object.keys(grant), "read"]);
  const own = grant[tool] ?? {};
  const name = source.pick([...Object.keys(own), "id"]);
  const present = own[name];
  const other = source.pick(CONSTRAINTS);
  const next = (): number => source.below(256);
  const changed = present === undefined || source.oneIn(8) ? other : edit(present, next, other);
  return { ...grant, [tool]: { ...own, [name]: changed } };
});

const toolGone = grantEdit((grant, source) => {
  const [gone, ...kept] = Object.entries(grant);
  const all = gone === undefined ? [] : [...kept, gone];
  return Object.fromEntries(all.slice(source.below(2)));
});

const toolMore = grantEdit((grant, source) => ({
  ...grant,
  [source.pick(TOOLS)]: source.pick([
    {},
    { id: source.pick(CONSTRAINTS) },
    { "": { constraint_type: "absent" } as const },
  ]),
}));

const argumentGone = grantEdit((grant, source) => {
  const tool = source.pick([...Object.keys(grant), "read"]);
  const members = Object.entries(grant[tool] ?? {});
  return { ...grant, [tool]: Object.fromEntries(members.toSpliced(source.below(members.length + 1), 1)) };
});

const everyTool = grantEdit((grant, source) => {
  const [id = ""] = Object.keys(grant);
  const audience = id.slice(0, id.indexOf("#") + 1);
  const every = { [`${source.pick([audience, audience, "", `${PAY}#`, `${DOCS}#`])}mcp:tools/*`]: {} };
  return source.oneIn(4) ? { ...grant, ...every } : every;
});

/** One tool or operation of MCP in the place of all that there is, with the audience that is named there. */
const oneOfAll = grantEdit((grant, source) => {
  const [id = ""] = Object.keys(grant);
  const name = source.pick(["read", "mcp:resources/read", "mcp:prompts/get", "mcp:tools/list"]);
  return { [id.slice(0, id.indexOf("#") + 1) + name]: {} };
});

const anyArguments = grantEdit((grant, source) => ({ ...grant, [source.pick([...Object.keys(grant), "read"])]: {} }));

/** A claim with another value, one of several that are made from the present one. */
const claim =
  (name: string, values: (own: JsonValue | undefined, honest: Honest, source: Source) => readonly JsonValue[]): Edit =>
  (claims, honest, source) => ({ ...claims, [name]: source.pick(values(claims[name], honest, source)) });

const near = (own: JsonValue | undefined): readonly JsonValue[] => {
  const n = typeof own === "number" ? own : 0;
  return [n + 1, n - 1, n, n + 0.5, -n, String(n), n + 3600, n - 60, 2 ** 53 - 1];
};

/** Budgets near those that there are, and what is none. */
function budgets(own: JsonValue | undefined, _: Honest, source: Source): readonly JsonValue[] {
  const frame = { id: "2027-01", from: NOW - 3600, until: NOW + source.pick([7200, 3300, 60, -3600]) };
  const bound = (of: number): JsonValue => source.pick<JsonValue>([of, of - 1, of + 1, 0, -1, 0.5, String(of)]);
  const bounds: JsonObject = {
    ...(source.oneIn(2) && { calls: bound(source.pick([5, 10])) }),
    ...(source.oneIn(2) && { sums: { [source.pick(TOOLS)]: { [source.pick(["amount", "fee"])]: bound(5000) } } }),
    ...(source.oneIn(3) && { sums: { send: { amount: bound(5000), fee: bound(7) } } }),
  };
  return [bounds, { ...frame, ...bounds }, { ...Object(own), ...bounds }, { ...frame, sums: {} }, {}, null, 1];
}

const EDITS: readonly Edit[] = [
  ...Array<Edit>(5).fill(constraintEdit),
  toolGone,
  toolMore,
  everyTool,
  oneOfAll,
  argumentGone,
  anyArguments,
  claim("exp", (own) => [...near(own), NOW, NOW + 1]),
  claim("iat", (own) => [...near(own), NOW + 31, NOW + 30, NOW - 1]),
  claim("del_depth", near),
  claim("del_max_depth", near),
  claim("sub", () => ["alice", "bob", "p1", "", "agent:planner", null, ["alice"]]),
  claim("txn", () => ["t-1", "t-2", "", 1]),
  claim("hw_src", () => [
    { kind: "local", iss: "i", sub: "s" },
    { kind: "local" },
    { kind: 1, iss: "i", sub: "s" },
    null,
  ]),
  claim("aud", () => [
    [PAY],
    [DOCS],
    [PAY, DOCS],
    [],
    [PAY, PAY],
    PAY,
    [`${PAY}/`],
    [`${PAY}#x`],
    ["https://evil.example/"],
  ]),
  claim("act", () => [
    { sub: "planner" },
    { sub: "closer" },
    { sub: "nobody" },
    { sub: "a", act: { sub: "b" } },
    { sub: "" },
    {},
  ]),
  claim("cnf", (_, { agents, stranger }, source) => [
    { jwk: { ...source.pick(Object.values(agents)).publicJwk } },
    { jwk: { ...stranger.publicJwk } },
    { jwk: { ...stranger.publicJwk, d: "AAAA" } },
    { jwk: { kty: "OKP", crv: "Ed25519", x: "A".repeat(43) } },
    { jwk: { kty: "oct", k: "AAAA" } },
    { kid: "planner" },
  ]),
  claim("iss", (_, { agents }, source) => [
    ACME,
    PARTNER,
    `urn:ietf:params:oauth:jwk-thumbprint:sha-256:${thumbprint({ ...source.pick(Object.values(agents)).publicJwk })}`,
  ]),
  claim("par_hash", (own) => [own ?? "", "A".repeat(43), ""]),
  claim("jti", () => ["A".repeat(22), "A".repeat(21), "", "AAAAAAAAAAAAAAAAAAAAAB"]),
  claim("hw", () => [1, 2, "1", null, 1.5]),
  claim("budget", budgets),
  claim("budget", budgets),
  claim("nbf", () => [NOW + 60]),
  (claims, _, source) => {
    const members = Object.entries(claims);
    return Object.fromEntries(members.toSpliced(source.below(members.length), 1));
  },
  (claims, _, source) => editJson(claims, source) as JsonObject,
  (claims, _, source) => editJson(claims, source) as JsonObject,
  (claims, _, source) => ({ ...claims, [source.pick(["x", "constructor", "toString"])]: randomJson(source, 2) }),
];
