#!/usr/bin/env node
/**
 * A second reader of the specification: checks spec/vectors/*.json with nothing but node:crypto.
 *
 * It shares no code with packages/core and was written from delegation-token.md and constraints.md; the names of rules
 * in it are theirs. Clear before fast. Run: node spec/verify-vectors.mjs [file …]
 */
import { createHash, createPublicKey, verify } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath, pathToFileURL } from "node:url";

class Refused extends Error {
  constructor(code, pointer) {
    super(`${code} ${pointer ?? ""}`);
    this.code = code;
    this.pointer = pointer;
  }
}

const refuse = (code, pointer) => {
  throw new Refused(code, pointer);
};
const demand = (holds, code, pointer) => holds || refuse(code, pointer);
const step = (pointer, name) => `${pointer}/${`${name}`.replace(/~/g, "~0").replace(/\//g, "~1")}`;

const LIMITS = {
  tokenBytes: 8192,
  chainBytes: 32768,
  chainTokens: 17,
  tools: 256,
  argumentsPerTool: 64,
  constraintDepth: 8,
  nameLength: 256,
  valueLength: 4096,
  argumentsSize: 65536,
  argumentsDepth: 16,
  lifetimeSeconds: 86400,
  skewSeconds: 30,
  proofWindowSeconds: 30,
};

// ---------------------------------------------------------------------------------------------- 1 Reading JSON

const TOKEN =
  /[ \t\r\n]*(?:([[\]{}:,])|("(?:[ !#-[\]-\uffff]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*")|(-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?)|(true|false|null))/y;
const ESCAPED = { b: "\b", f: "\f", n: "\n", r: "\r", t: "\t" };

/** Objects become Maps: no prototype, no reordering. */
function readJson(text, depth, code) {
  let at = 0;
  const next = () => {
    TOKEN.lastIndex = at;
    const found = TOKEN.exec(text) ?? refuse(code);
    at = TOKEN.lastIndex;
    return found;
  };
  const string = (literal) => {
    const value = literal
      .slice(1, -1)
      .replace(/\\(u[0-9a-fA-F]{4}|.)/g, (_, e) =>
        e.length === 5 ? String.fromCharCode(Number.parseInt(e.slice(1), 16)) : (ESCAPED[e] ?? e),
      );
    demand(!/\p{Surrogate}/u.test(value), code); // J4
    return value;
  };
  const value = ([, mark, literal, number, word], level) => {
    if (literal !== undefined) return string(literal);
    if (word !== undefined) return { true: true, false: false, null: null }[word];
    if (number !== undefined) {
      const n = Number(number);
      demand(Number.isFinite(n) && (n % 1 !== 0 || Math.abs(n) <= 2 ** 53 - 1), code); // J6
      return n;
    }
    demand((mark === "{" || mark === "[") && level < depth, code); // J2, J7
    return mark === "{" ? object(level + 1) : array(level + 1);
  };
  const array = (level) => {
    const items = [];
    let token = next();
    if (token[1] === "]") return items;
    for (;;) {
      items.push(value(token, level));
      const mark = next()[1];
      if (mark === "]") return items;
      demand(mark === ",", code);
      token = next();
    }
  };
  const object = (level) => {
    const members = new Map();
    let token = next();
    if (token[1] === "}") return members;
    for (;;) {
      const name = string(token[2] ?? refuse(code));
      demand(!members.has(name) && name !== "__proto__", code); // J3, J5
      demand(next()[1] === ":", code);
      members.set(name, value(next(), level));
      const mark = next()[1];
      if (mark === "}") return members;
      demand(mark === ",", code);
      token = next();
    }
  };
  const result = value(next(), 0);
  demand(/^[ \t\r\n]*$/.test(text.slice(at)), code);
  return result;
}

function readJsonBytes(bytes, depth, code) {
  const text = Buffer.from(bytes).toString("utf8");
  demand(Buffer.from(text, "utf8").equals(Buffer.from(bytes)), code); // J1; a byte order mark is no token, so J2
  return readJson(text, depth, code);
}

const isObject = (v) => v instanceof Map;
/** Name by name: joined, two names are the text of one name with the joint in it. */
const hasExactly = (object, names) => object.size === names.length && names.every((name) => object.has(name));
const isScalar = (v) => v === null || ["string", "number", "boolean"].includes(typeof v);
const isInteger = (v) => typeof v === "number" && v % 1 === 0;

function canonical(v) {
  if (Array.isArray(v)) return `[${v.map(canonical)}]`;
  if (isObject(v)) {
    const names = [...v.keys()].sort((a, b) => (a < b ? -1 : 1));
    return `{${names.map((name) => `${JSON.stringify(name)}:${canonical(v.get(name))}`)}}`;
  }
  return typeof v === "number" ? String(v) : JSON.stringify(v); // String(-0) is "0"
}

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/** The bytes, or undefined where the text is not the one that encoding them gives. */
function base64url(text) {
  if (typeof text !== "string" || text.length % 4 === 1) return undefined;
  const bytes = [];
  let bits = 0;
  let held = 0;
  for (const c of text) {
    const six = ALPHABET.indexOf(c);
    if (six < 0) return undefined;
    held = (held << 6) | six;
    bits += 6;
    if (bits >= 8) {
      bits -= 8;
      bytes.push((held >> bits) & 0xff);
      held &= (1 << bits) - 1;
    }
  }
  return held === 0 ? Uint8Array.from(bytes) : undefined;
}

const hashOf = (text) => createHash("sha256").update(text).digest("base64url");

// ---------------------------------------------------------------------------------------------- 2 Keys

const bigEndian = (bytes) => bytes.reduce((n, byte) => (n << 8n) | BigInt(byte), 0n);

function field(p) {
  const mod = (n) => ((n % p) + p) % p;
  const power = (base, e) => {
    let result = 1n;
    for (let b = mod(base), i = e; i > 0n; i >>= 1n, b = mod(b * b)) if (i & 1n) result = mod(result * b);
    return result;
  };
  return { p, mod, over: (a, b) => mod(a * power(b, p - 2n)) };
}

const F25519 = field(2n ** 255n - 19n);
const P256 = field(2n ** 256n - 2n ** 224n + 2n ** 192n + 2n ** 96n - 1n);
const P256_B = 0x5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604bn;

/** K3: eight times the point is the neutral one exactly for the points of small order. Doubling needs only y. */
function isUsableEd25519(bytes) {
  const { p, mod, over } = F25519;
  let y = bigEndian([...bytes].reverse()) & (2n ** 255n - 1n);
  if (y >= p) return false;
  const d = over(-121665n, 121666n);
  for (let i = 0; i < 3; i++) {
    const yy = mod(y * y);
    const xx = over(yy - 1n, d * yy + 1n);
    y = over(yy + xx, 2n + xx - yy);
  }
  return y !== 1n;
}

/** K4 */
function isOnP256(xBytes, yBytes) {
  const { p, mod } = P256;
  const [x, y] = [bigEndian(xBytes), bigEndian(yBytes)];
  return x < p && y < p && mod(y * y - x * x * x + 3n * x - P256_B) === 0n;
}

/** K1, K2 */
function readJwk(value, pointer, code = "token_malformed") {
  const members = isObject(value) ? [...value.keys()].sort() : [];
  const kind = isObject(value) && `${value.get("kty")} ${value.get("crv")} ${members.length}`;
  demand(
    (kind === "OKP Ed25519 3" && value.has("x")) || (kind === "EC P-256 4" && value.has("x") && value.has("y")),
    code,
    pointer,
  );
  const jwk = Object.fromEntries(members.map((name) => [name, value.get(name)]));
  for (const name of ["x", "y"]) {
    demand(!value.has(name) || base64url(jwk[name])?.length === 32, code, pointer);
  }
  return jwk;
}

const keysUsed = new Map();

/** K3, K4, once for each key */
function useKey(jwk) {
  const name = JSON.stringify([jwk.kty, jwk.x, jwk.y]);
  if (!keysUsed.has(name)) keysUsed.set(name, importKey(jwk));
  return keysUsed.get(name);
}

function importKey(jwk) {
  const good = jwk.kty === "OKP" ? isUsableEd25519(base64url(jwk.x)) : isOnP256(base64url(jwk.x), base64url(jwk.y));
  demand(good, "token_key_refused");
  const sorted = Object.fromEntries(Object.entries(jwk).sort(([a], [b]) => (a < b ? -1 : 1)));
  return {
    alg: jwk.kty === "OKP" ? "Ed25519" : "ES256",
    thumbprint: hashOf(JSON.stringify(sorted)),
    handle: createPublicKey({ key: jwk, format: "jwk" }),
  };
}

function isSignedBy({ alg, handle }, { input, signature }) {
  if (signature.length !== 64) return false;
  const key = { key: handle, dsaEncoding: "ieee-p1363" };
  return verify(alg === "Ed25519" ? null : "sha256", Buffer.from(input), key, signature);
}

// ---------------------------------------------------------------------------------------------- constraints.md

const segments = (path) => (path === "/" ? [] : path.slice(1).split("/"));
const isCleanPath = (v) =>
  typeof v === "string" &&
  v[0] === "/" &&
  !["%", "\\", "\0"].some((c) => v.includes(c)) &&
  segments(v).every((s) => s !== "" && s !== "." && s !== "..");
const isBelow = (path, root) => segments(root).every((s, i) => segments(path)[i] === s);

/** Scheme with authority, and path, as they stand in a URL's serialisation; undefined where there is no other spelling. */
function placeOf(text) {
  if (!URL.canParse(text)) return undefined;
  const parts = /^([a-z][a-z0-9+.-]*:\/\/([^/?#]*))([^?#]*)/.exec(new URL(text).href);
  if (parts === null || parts[2].includes("@")) return undefined;
  return { origin: parts[1], host: parts[2], path: parts[3] === "" ? "/" : parts[3], href: new URL(text).href };
}

const isOrigin = (v) => {
  const place = typeof v === "string" ? placeOf(v) : undefined;
  return place !== undefined && place.host !== "" && place.origin === v;
};

const isAudience = (v) => typeof v === "string" && /^[!-~]{1,512}$/.test(v) && !v.includes("#") && URL.canParse(v);

/** The bits of an address in the one spelling that stands in a URL's host; undefined where it is none. */
function bitsOfAddress(text) {
  const v4 = /^[0-9]+(\.[0-9]+){3}$/.test(text);
  const url = v4 ? `http://${text}/` : `http://[${text}]/`;
  if (!(v4 || /^[0-9a-f:]+$/.test(text)) || !URL.canParse(url) || new URL(url).href !== url) return undefined;
  const binary = (n, width) => n.toString(2).padStart(width, "0");
  if (v4)
    return text
      .split(".")
      .map((n) => binary(Number(n), 8))
      .join("");
  const [head, tail = []] = text.split("::").map((half) => half.split(":").filter((g) => g !== ""));
  const zeros = Array(8 - head.length - tail.length).fill("0");
  const bits = [...head, ...zeros, ...tail].map((g) => binary(Number.parseInt(g, 16), 16)).join("");
  return bits.indexOf("1") === 80 && !bits.slice(80, 96).includes("0") ? undefined : bits; // ::ffff:0:0/96
}

/** The first bits that a range fixes, and how many bits an address of it has. */
function rangeOf(text) {
  const [address, count, ...more] = text.split("/");
  const bits = bitsOfAddress(address);
  if (bits === undefined || more.length > 0 || !/^(0|[1-9][0-9]*)$/.test(count ?? "") || count > bits.length)
    return undefined;
  return bits.slice(count).includes("1") ? undefined : { fixed: bits.slice(0, count), size: bits.length };
}
const isInRange = (range, { fixed, size }) => range.size === size && range.fixed.startsWith(fixed);

const inList = (list, v) => list.some((item) => item === v);
const isScalarArray = (v) => Array.isArray(v) && v.every(isScalar);
const most = 2 ** 53 - 1;

/** How members are read: each takes (value, pointer, context) and refuses, or gives what is kept. */
const malformed = (pointer) => refuse("token_malformed", pointer);
const kinds = {
  scalar: (v, at, { limits }) =>
    isScalar(v) && !(typeof v === "string" && v.length > limits.valueLength) ? v : malformed(at),
  text: (v, at, context) => (typeof v === "string" && v !== "" ? kinds.scalar(v, at, context) : malformed(at)),
  number: (v, at) => (typeof v === "number" ? v : malformed(at)),
  integer: (v, at) => (isInteger(v) ? v : malformed(at)),
  count: (v, at) => (isInteger(v) && v >= 0 ? v : malformed(at)),
  any: (v, at, { limits }) => {
    if (v !== undefined && !isScalar(v) && canonical(v).length <= limits.valueLength) return v;
    return kinds.scalar(v, at, { limits });
  },
  range: (v, at, context) => (rangeOf(kinds.text(v, at, context)) === undefined ? malformed(at) : v),
  flag: (v, at) => (typeof v === "boolean" ? v : malformed(at)),
  path: (v, at, context) => (isCleanPath(v) ? kinds.text(v, at, context) : malformed(at)),
  origin: (v, at, context) => (isOrigin(v) ? kinds.text(v, at, context) : malformed(at)),
  constraint: (v, at, context) => readConstraint(v, at, { ...context, depth: context.depth + 1, named: false }),
  properties: (v, at, context) =>
    new Map(
      entriesOf(v, at, context.limits.argumentsPerTool, context).map(([n, c]) => [
        n,
        readConstraint(c, step(at, n), { ...context, depth: context.depth + 1, named: true }),
      ]),
    ),
};
const list = (min, max, kind) => (v, at, context) =>
  Array.isArray(v) && v.length >= min && v.length <= max
    ? v.map((item, i) => kinds[kind](item, step(at, i), context))
    : malformed(at);

/** F1 to F3 */
function entriesOf(v, at, max, { limits }) {
  if (!isObject(v) || v.size > max || [...v.keys()].some((name) => name.length > limits.nameLength)) malformed(at);
  return [...v];
}

const atLeast = (c) => (n) => n > c.min || c.min === undefined || (n === c.min && c.min_inclusive !== false);
const atMost = (c) => (n) => n < c.max || c.max === undefined || (n === c.max && c.max_inclusive !== false);
const inRange = (c, v) => typeof v === "number" && atLeast(c)(v) && atMost(c)(v);
const asRange = ({ min = -most, max = most }) => ({ type: "range", min, max });

function rangeUnder(child, parent, at) {
  if (parent.min !== undefined) {
    if (child.min === undefined || child.min < parent.min) return `${at}/min`;
    if (child.min === parent.min && parent.min_inclusive === false && child.min_inclusive !== false)
      return `${at}/min_inclusive`;
  }
  if (parent.max !== undefined) {
    if (child.max === undefined || child.max > parent.max) return `${at}/max`;
    if (child.max === parent.max && parent.max_inclusive === false && child.max_inclusive !== false)
      return `${at}/max_inclusive`;
  }
  return null;
}

/** N7: which sets of the child's clauses can have been taken after each clause of the parent. */
function allUnder(child, parent, at) {
  let taken = new Set([0]);
  for (const wide of parent.constraints) {
    const fits = child.constraints.flatMap((narrow, i) => (under(narrow, wide, "") === null ? [1 << i] : []));
    taken = new Set([...taken].flatMap((set) => fits.filter((bit) => !(set & bit)).map((bit) => set | bit)));
  }
  return taken.size > 0 ? null : `${at}/constraints`;
}

function anyUnder(child, parent, at) {
  const wide = child.constraints.findIndex((c) => parent.constraints.every((p) => under(c, p, "") !== null));
  return wide < 0 ? null : `${at}/constraints/${wide}`;
}

const holds = (condition, at) => (condition ? null : at);
const covers = (more, less) => less.every((item) => inList(more, item));

/** Section 4. `under` gives null, or the pointer of what is wider. */
const TYPES = {
  exact: { members: { value: kinds.any }, passes: (c, v) => canonical(v) === canonical(c.value) },
  one_of: { members: { values: list(1, 64, "scalar") }, passes: (c, v) => inList(c.values, v) },
  not_one_of: {
    members: { excluded: list(1, 64, "scalar") },
    passes: (c, v) => !inList(c.excluded, v),
    under: (c, p, at) => holds(covers(c.excluded, p.excluded), `${at}/excluded`),
  },
  range: {
    members: { "min?": kinds.number, "max?": kinds.number, "min_inclusive?": kinds.flag, "max_inclusive?": kinds.flag },
    passes: inRange,
    under: rangeUnder,
  },
  contains: {
    members: { required: list(1, 64, "scalar") },
    passes: (c, v) => isScalarArray(v) && covers(v, c.required),
    under: (c, p, at) => holds(covers(c.required, p.required), `${at}/required`),
  },
  subset: {
    members: { allowed: list(0, 64, "scalar") },
    passes: (c, v) => isScalarArray(v) && covers(c.allowed, v),
    under: (c, p, at) => holds(covers(p.allowed, c.allowed), `${at}/allowed`),
  },
  all: {
    members: { constraints: list(2, 8, "constraint") },
    passes: (c, v, work) => c.constraints.every((clause) => passes(clause, v, work)),
    under: allUnder,
  },
  any: {
    members: { constraints: list(1, 8, "constraint") },
    passes: (c, v, work) => c.constraints.some((clause) => passes(clause, v, work)),
    under: anyUnder,
  },
  wildcard: { members: {}, passes: () => true },
  int: {
    members: { "min?": kinds.integer, "max?": kinds.integer },
    passes: (c, v) => isInteger(v) && inRange(asRange(c), v),
    under: (c, p, at) => rangeUnder(asRange(c), asRange(p), at),
  },
  prefix: {
    members: { value: kinds.text },
    passes: (c, v) => typeof v === "string" && v.slice(0, c.value.length) === c.value,
    under: (c, p, at) => holds(c.value.slice(0, p.value.length) === p.value, `${at}/value`),
  },
  suffix: {
    members: { value: kinds.text },
    passes: (c, v) => typeof v === "string" && v.slice(-c.value.length) === c.value,
    under: (c, p, at) => holds(c.value.slice(-p.value.length) === p.value, `${at}/value`),
  },
  path: {
    members: { root: kinds.path },
    passes: (c, v) => isCleanPath(v) && isBelow(v, c.root),
    under: (c, p, at) => holds(isBelow(c.root, p.root), `${at}/root`),
  },
  url: {
    members: { origins: list(1, 64, "origin"), "under?": kinds.path },
    passes: ({ origins, under = "/" }, v) => {
      const place = typeof v === "string" ? placeOf(v) : undefined;
      if (place?.href !== v || /#|\\|%2e|%2f|%5c|%00|^[^?]*(\^|\/\.\.?(;|%3b))/i.test(v)) return false;
      return inList(origins, place.origin) && isBelow(place.path, under);
    },
    under: (c, p, at) =>
      holds(covers(p.origins, c.origins), `${at}/origins`) ??
      holds(isBelow(c.under ?? "/", p.under ?? "/"), `${at}/under`),
  },
  cidr: {
    members: { ranges: list(1, 64, "range") },
    passes: ({ ranges }, v) => {
      const bits = typeof v === "string" ? bitsOfAddress(v) : undefined;
      return (
        bits !== undefined && ranges.some((range) => isInRange({ fixed: bits, size: bits.length }, rangeOf(range)))
      );
    },
    under: (c, p, at) =>
      holds(
        c.ranges.every((narrow) => p.ranges.some((wide) => isInRange(rangeOf(narrow), rangeOf(wide)))),
        `${at}/ranges`,
      ),
  },
  length: {
    members: { max: kinds.count },
    passes: (c, v) => (typeof v === "string" || Array.isArray(v)) && v.length <= c.max,
    under: (c, p, at) => holds(c.max <= p.max, `${at}/max`),
  },
  each: {
    members: { constraint: kinds.constraint },
    passes: (c, v, work) => Array.isArray(v) && v.every((item) => passes(c.constraint, item, work)),
    under: (c, p, at) => under(c.constraint, p.constraint, `${at}/constraint`),
  },
  object: {
    members: { properties: kinds.properties },
    passes: ({ properties }, v, work) =>
      isObject(v) &&
      [...v.keys()].every((n) => properties.has(n)) &&
      [...properties].filter(([n, c]) => !passes(c, v.get(n), work)).length === 0, // all: section 11
    under: (c, p, at) => {
      const missing = { type: "absent" };
      for (const n of new Set([...p.properties.keys(), ...c.properties.keys()])) {
        const place = step(`${at}/properties`, n);
        const wider = under(c.properties.get(n) ?? missing, p.properties.get(n) ?? missing, place);
        if (wider !== null) return wider;
      }
      return null;
    },
  },
  optional: {
    members: { constraint: kinds.constraint },
    passes: (c, v, work) => v === undefined || passes(c.constraint, v, work),
  },
  absent: { members: {}, passes: (_, v) => v === undefined },
};

/** F4 to F12 */
function readConstraint(v, at, context) {
  const { limits, depth, argument, named } = context;
  demand(depth <= limits.constraintDepth && isObject(v), "token_malformed", at);
  const name = v.get("constraint_type");
  const type = typeof name === "string" && Object.hasOwn(TYPES, name) ? TYPES[name] : undefined;
  demand(type !== undefined, "token_malformed", `${at}/constraint_type`);
  const readers = new Map(Object.entries(type.members));
  for (const member of v.keys()) {
    const known = member === "constraint_type" || readers.has(member) || readers.has(`${member}?`);
    demand(known && !member.endsWith("?"), "token_malformed", step(at, member));
  }
  demand(named || !(name === "optional" || name === "absent"), "token_malformed", at); // F11
  demand(!((name === "prefix" || name === "suffix") && argument === "uri"), "token_malformed", at); // F12
  const read = { type: name };
  for (const [member, reader] of readers) {
    const own = member.replace("?", "");
    if (own !== member && !v.has(own)) continue;
    read[own] = reader(v.get(own), step(at, own), context);
  }
  demand(!(read.min > read.max), "token_malformed", at); // F10
  return read;
}

/** `mcp:tools/*`, alone or behind an audience. Neither an audience nor a name has a `#`. */
const EVERY_TOOL = "mcp:tools/*";
const isEveryTool = (id) => id.split("#").at(-1) === EVERY_TOOL;
const everyToolBeside = (id) => [...id.split("#").slice(0, -1), EVERY_TOOL].join("#");
const hasOwnName = (id) => !["", "mcp:"].some((wrong) => (id.split("#").at(-1) || "").slice(0, 4) === wrong);

function readGrant(v, at, limits) {
  const grant = new Map();
  for (const [tool, entry] of entriesOf(v, at, limits.tools, { limits })) {
    const pointer = step(at, tool);
    demand(tool !== "", "token_malformed", pointer);
    const own = new Map();
    for (const [argument, c] of entriesOf(entry, pointer, limits.argumentsPerTool, { limits })) {
      own.set(argument, readConstraint(c, step(pointer, argument), { limits, depth: 0, argument, named: true }));
    }
    grant.set(tool, own);
  }
  for (const [tool, own] of grant) {
    const alone = own.size === 0 && [...grant.keys()].every(isEveryTool);
    demand(!isEveryTool(tool) || alone, "token_malformed", step(at, tool)); // F13
  }
  return grant;
}

/** Section 11: the steps of a call, and of each listed value of N2. */
const newWork = () => ({ left: 100_000 });
const sixteenths = (v) => (typeof v === "string" || Array.isArray(v) ? Math.ceil(v.length / 16) : 0);
const sizeOf = (v) => (isObject(v) ? [...v.values()] : Array.isArray(v) ? v : []).reduce((n, x) => n + sizeOf(x), 1);
const COSTS = {
  path: (_, v) => 4 + sixteenths(v),
  url: (_, v) => 25 + sixteenths(v),
  contains: (c, v) => 1 + sixteenths(v) * (1 + c.required.length),
  subset: (c, v) => 1 + sixteenths(v) * (1 + c.allowed.length),
  cidr: (c) => 4 + c.ranges.length,
  exact: (c) => sizeOf(c.value),
};

/** Only `optional` and `absent` let a missing value pass. Where the steps are used up, nothing passes. */
function passes(c, v, work) {
  const mayBeMissing = c.type === "optional" || c.type === "absent";
  if (v === undefined && !mayBeMissing) return false;
  if (v === undefined || !mayBeMissing) work.left -= COSTS[c.type]?.(c, v) ?? 1;
  return work.left >= 0 && TYPES[c.type].passes(c, v, work);
}

/** N1 to N9. Asks some pairs more than once: section 6 says why one that reads strangers' tokens must not. */
function under(child, parent, at) {
  if (parent.type === "optional") {
    if (child.type === "absent") return null;
    const inner = child.type === "optional";
    return under(inner ? child.constraint : child, parent.constraint, inner ? `${at}/constraint` : at);
  }
  if (parent.type === "absent" || child.type === "absent") return holds(parent.type === child.type, at);
  if (child.type === "optional") return at;
  if (child.type === "exact" || child.type === "one_of") {
    const listed = child.type === "exact" ? [child.value] : child.values;
    return holds(
      listed.every((v) => passes(parent, v, newWork())),
      at,
    );
  }
  if (parent.type === "wildcard") return null;
  if (parent.type === "range" && child.type === "int") return rangeUnder(asRange(child), parent, at);
  if (parent.type === "not_one_of" && ["contains", "subset", "each", "object"].includes(child.type)) return null; // N4
  const stands = (c, p) => under(c, p, at) === null;
  if (parent.type === "any" && parent.constraints.some((p) => stands(child, p))) return null; // N5
  if (child.type === "any" && child.constraints.every((c) => stands(c, parent))) return null; // N5
  if (child.type === "all" && child.constraints.some((c) => stands(c, parent))) return null; // N6
  const rule = parent.type === child.type ? TYPES[child.type].under : undefined;
  return rule === undefined ? at : rule(child, parent, at);
}

function sameNamesUnder(child, parent, at) {
  for (const name of parent.keys()) if (!child.has(name)) return step(at, name);
  for (const [name, c] of child) {
    const wider = parent.has(name) ? under(c, parent.get(name), step(at, name)) : step(at, name);
    if (wider !== null) return wider;
  }
  return null;
}

/** N0: null, or the pointer of what is wider. */
function grantUnder(child, parent, at) {
  for (const [tool, own] of child) {
    const every = hasOwnName(tool) && parent.has(everyToolBeside(tool));
    if (every) continue;
    if (!parent.has(tool)) return step(at, tool);
    const wider = parent.get(tool).size === 0 ? null : sameNamesUnder(own, parent.get(tool), step(at, tool));
    if (wider !== null) return wider;
  }
  return null;
}

// ---------------------------------------------------------------------------------------------- 10 Verifying

/** V2 */
/** `kidRule`: true where a kid is required, false where it is forbidden, "or jkt" where a thumbprint may stand for it. */
function openJws(text, typ, kidRule, code, algCode = code) {
  const parts = text.split(".");
  const [head, payload, signature] = parts.map(base64url);
  demand(parts.length === 3 && parts[0] !== "" && head && payload && signature, code);
  const header = readJsonBytes(head, 1, code);
  demand(isObject(header), code);
  const algorithms = kidRule === true ? ["Ed25519", "ES256", "EdDSA"] : ["Ed25519", "ES256"];
  demand(algorithms.includes(header.get("alg")), algCode);
  demand(header.get("typ") === typ, code);
  demand(
    [...header.keys()].every((name) => ["alg", "typ", "kid", ...(kidRule === "or jkt" ? ["jkt"] : [])].includes(name)),
    code,
  );
  const kid = header.get("kid");
  const jkt = header.get("jkt");
  const needsKid = kidRule !== false && !header.has("jkt");
  demand(needsKid ? typeof kid === "string" && /^[A-Za-z0-9_-]{1,64}$/.test(kid) : !header.has("kid"), code);
  demand(!header.has("jkt") || base64url(jkt)?.length === 32, code);
  return {
    alg: header.get("alg"),
    kid,
    jkt,
    payload,
    signature,
    input: `${parts[0]}.${parts[1]}`,
    hash: hashOf(`${parts[0]}.${parts[1]}`),
  };
}

const isText = (max) => (v) => typeof v === "string" && v.length >= 1 && v.length <= max;
const isCount = (v) => isInteger(v) && v >= 0;
const AGENT = /^(?=.{1,128}$)[A-Za-z0-9](?:[A-Za-z0-9._/-]*[A-Za-z0-9])?$/;
const OPERATIONS = [
  "tools/list resources/list resources/templates/list resources/read prompts/list prompts/get",
  "resources/subscribe resources/unsubscribe completion/complete",
].flatMap((names) => names.split(" ").map((name) => `mcp:${name}`));
const isToolName = (v) => (v.startsWith("mcp:") ? OPERATIONS.includes(v) : v !== "" && !v.includes("#"));

/** Section 4: claim → [in a root, in a derived token, how it is read]. R required, O optional, - forbidden. */
const is = (holdsFor) => (v, at) => (holdsFor(v) ? v : malformed(at));
const CLAIMS = {
  jti: ["R", "R", is((v) => isText(64)(v) && base64url(v)?.length === 16)],
  iss: ["R", "R", is(isText(512))],
  iat: ["R", "R", is(isCount)],
  exp: ["R", "R", is(isCount)],
  cnf: [
    "R",
    "R",
    (v, at) => (isObject(v) && v.size === 1 && v.has("jwk") ? readJwk(v.get("jwk"), `${at}/jwk`) : malformed(at)),
  ],
  del_depth: ["R", "R", is(isCount)],
  del_max_depth: ["R", "R", is(isCount)],
  par_hash: ["-", "R", is((v) => base64url(v)?.length === 32)],
  authorization_details: ["R", "R", readDetails],
  hw: ["R", "-", (v) => v],
  sub: ["R", "O", is(isText(256))],
  act: [
    "R",
    "R",
    (v, at) =>
      isObject(v) && v.size === 1 && v.has("sub")
        ? is((s) => typeof s === "string" && AGENT.test(s))(v.get("sub"), `${at}/sub`)
        : malformed(at),
  ],
  aud: ["R", "O", readAudience],
  txn: ["O", "O", is(isText(128))],
  hw_src: ["O", "-", readSource],
  budget: ["O", "O", readBudget],
};
const TOOLS = "/authorization_details/0/tools";

function readDetails(v, at, limits) {
  demand(Array.isArray(v) && v.length === 1, "token_malformed", at);
  const [entry] = v;
  const right =
    isObject(entry) && entry.size === 2 && entry.get("type") === "attenuating_agent_token" && entry.has("tools");
  demand(right, "token_malformed", `${at}/0`);
  return readGrant(entry.get("tools"), TOOLS, limits);
}

function readSource(v, at) {
  const members = {
    kind: (kind) => ["id_token", "access_token", "local"].includes(kind),
    iss: isText(512),
    sub: isText(256),
    acr: isText(256),
    auth_time: isCount,
  };
  const right =
    isObject(v) &&
    ["kind", "iss", "sub"].every((name) => v.has(name)) &&
    [...v.keys()].every((name) => Object.hasOwn(members, name));
  demand(right, "token_malformed", at);
  for (const [name, holdsFor] of Object.entries(members)) {
    demand(!v.has(name) || holdsFor(v.get(name)), "token_malformed", step(at, name));
  }
  return v;
}

/** In a root with id, from and until, in a derived token without. */
function readBudget(v, at, limits, isRoot) {
  const frame = isRoot ? ["id", "from", "until"] : [];
  const right =
    isObject(v) &&
    frame.every((name) => v.has(name)) &&
    (v.has("calls") || v.has("sums")) &&
    [...v.keys()].every((name) => [...frame, "calls", "sums"].includes(name));
  demand(right, "token_malformed", at);
  const count = (map, name, where) => demand(isCount(map.get(name)), "token_malformed", step(where, name));
  if (isRoot) {
    demand(typeof v.get("id") === "string" && AGENT.test(v.get("id")), "token_malformed", `${at}/id`);
    count(v, "from", at);
    count(v, "until", at);
    demand(v.get("from") < v.get("until"), "token_malformed", `${at}/until`);
  }
  if (v.has("calls")) count(v, "calls", at);
  const sums = v.has("sums") ? entriesOf(v.get("sums"), `${at}/sums`, limits.tools, { limits }) : [];
  demand(!v.has("sums") || sums.length > 0, "token_malformed", `${at}/sums`);
  for (const [tool, own] of sums) {
    const where = step(`${at}/sums`, tool);
    demand(entriesOf(own, where, limits.argumentsPerTool, { limits }).length > 0, "token_malformed", where);
    for (const name of own.keys()) count(own, name, where);
  }
  return v;
}

function readAudience(v, at) {
  demand(Array.isArray(v) && v.length >= 1 && v.length <= 8, "token_malformed", at);
  v.forEach((name, i) => {
    demand(isAudience(name), "token_malformed", step(at, i));
  });
  demand(new Set(v).size === v.length, "token_malformed", at);
  return v;
}

/** V4 */
function readClaims(payload, isRoot, limits) {
  const v = readJsonBytes(payload, 8 + 2 * limits.constraintDepth, "token_malformed");
  demand(isObject(v), "token_malformed", "");
  if (isRoot) demand(v.get("hw") === 1, "token_version_unsupported", "/hw");
  const need = (name) => CLAIMS[name][isRoot ? 0 : 1];
  for (const name of v.keys()) {
    demand(Object.hasOwn(CLAIMS, name) && need(name) !== "-", "token_malformed", step("", name));
  }
  const claims = {};
  for (const [name, [, , read]] of Object.entries(CLAIMS)) {
    if (v.has(name)) claims[name] = read(v.get(name), `/${name}`, limits, isRoot);
    else demand(need(name) !== "R", "token_malformed", `/${name}`);
  }
  if (isRoot) demand(claims.iss.startsWith("https://") && isAudience(claims.iss), "token_malformed", "/iss");
  return claims;
}

/** V5.9 to V5.11 */
function checkTimes({ iat, exp }, now, limits) {
  demand(exp > iat, "token_malformed", "/exp");
  demand(limits.evenExpired || exp > now, "token_expired", "/exp");
  demand(iat <= now + limits.skewSeconds, "token_not_yet_valid", "/iat");
}

function isToolId(id, aud) {
  const prefix = aud.length === 1 ? "" : aud.map((name) => `${name}#`).find((p) => id.startsWith(p));
  return prefix !== undefined && isToolName(id.slice(prefix.length));
}

/** V5.16, V6.15 */
function checkSums(budget, aud) {
  for (const id of budget.get("sums")?.keys() ?? []) demand(isToolId(id, aud), "token_malformed", "/budget/sums");
}

/** V6.14 to V6.16: against each token above, so that what one of them says nothing of is what those above it say. */
function checkBudget({ budget }, above) {
  if (budget === undefined) return;
  demand(above[0].budget !== undefined, "chain_link_broken", "/budget");
  checkSums(budget, above[0].aud);
  const own = above.flatMap((token) => token.budget ?? []);
  const within = (most, bounds, pointer) =>
    demand(
      bounds.every((bound) => bound === undefined || most <= bound),
      "chain_widened",
      pointer,
    );
  const calls = own.map((b) => b.get("calls"));
  if (budget.has("calls")) within(budget.get("calls"), calls, "/budget/calls");
  for (const [tool, sums] of budget.get("sums") ?? []) {
    for (const [name, most] of sums) {
      const bounds = own.map((b) => b.get("sums")?.get(tool)?.get(name));
      within(most, bounds, step(step("/budget/sums", tool), name));
    }
  }
}

/** V3: whoever has a key that verifies the signature. Whose text it is, its `iss` says. */
function signersOf(jws, trust) {
  const candidates = trust.flatMap((anchor) =>
    anchor.keys
      .filter(({ kid }) => kid === jws.kid)
      .slice(0, 4)
      .map(({ jwk }) => ({ anchor, key: useKey(jwk) })),
  );
  demand(candidates.length > 0, "token_untrusted_issuer", "/kid");
  const namesOf = ({ anchor, key }) => (anchor.foreign && key.alg === "Ed25519" ? ["Ed25519", "EdDSA"] : [key.alg]);
  const fitting = candidates.filter((candidate) => namesOf(candidate).includes(jws.alg));
  demand(fitting.length > 0, "token_alg_refused");
  const signers = fitting.filter(({ key }) => isSignedBy(key, jws));
  demand(signers.length > 0, "token_signature_invalid");
  return signers;
}

/** V2 to V5 */
function openRoot(text, { trust }, now, limits) {
  const jws = openJws(text, "aat+jwt", true, "token_malformed", "token_alg_refused");
  const signers = signersOf(jws, trust);
  const c = readClaims(jws.payload, true, limits);
  const untrusted = "token_untrusted_issuer";
  const tools = [...c.authorization_details.keys()];
  const { anchor } = signers.find((signer) => signer.anchor.issuer === c.iss) ?? refuse(untrusted, "/iss");
  demand(anchor.subjects === "any" || anchor.subjects.includes(c.sub), untrusted, "/sub");
  demand(
    c.aud.every((name) => anchor.audiences.includes(name)),
    untrusted,
    "/aud",
  );
  const named = tools.filter((id) => !isEveryTool(id));
  demand(named.length === tools.length || (anchor.everyTool === true && anchor.tools === "any"), untrusted, TOOLS);
  demand(anchor.tools === "any" || named.every((name) => anchor.tools.includes(name)), untrusted, TOOLS);
  const lifetime = Math.min(anchor.lifetimeSeconds ?? limits.lifetimeSeconds, limits.lifetimeSeconds);
  demand(c.exp - c.iat <= lifetime, untrusted, "/exp");
  demand(c.del_max_depth <= (anchor.maxDepth ?? 3), untrusted, "/del_max_depth");
  demand(c.del_depth === 0, "chain_link_broken", "/del_depth");
  demand(c.del_max_depth < limits.chainTokens, "chain_depth_exceeded", "/del_max_depth");
  checkTimes(c, now, limits);
  for (const id of tools) {
    const isGood = isToolId(id, c.aud) || (isEveryTool(id) && isToolId(`${id.slice(0, -EVERY_TOOL.length)}t`, c.aud));
    demand(isGood, "token_malformed", TOOLS);
  }
  const key = useKey(c.cnf);
  if (c.budget !== undefined) {
    demand(c.aud.length === 1 || anchor.sharedBudgets === true, untrusted, "/budget");
    demand(c.exp <= c.budget.get("until"), "token_malformed", "/exp");
    checkSums(c.budget, c.aud);
  }
  return { ...c, hash: jws.hash, key, audience: c.aud };
}

/** V2 to V4, V6 */
function openDerived(text, parent, root, now, limits) {
  const jws = openJws(text, "aat+jwt", false, "token_malformed", "token_alg_refused");
  demand(jws.alg === parent.key.alg, "token_alg_refused");
  demand(isSignedBy(parent.key, jws), "token_signature_invalid");
  const c = readClaims(jws.payload, false, limits);
  demand(
    c.iss === `urn:ietf:params:oauth:jwk-thumbprint:sha-256:${parent.key.thumbprint}`,
    "chain_link_broken",
    "/iss",
  );
  demand(c.par_hash === parent.hash, "chain_link_broken", "/par_hash");
  demand(c.del_depth === parent.del_depth + 1, "chain_link_broken", "/del_depth");
  demand(c.del_depth <= Math.min(parent.del_max_depth, c.del_max_depth), "chain_depth_exceeded", "/del_depth");
  demand(c.del_max_depth <= parent.del_max_depth, "chain_widened", "/del_max_depth");
  demand(c.exp <= parent.exp, "chain_widened", "/exp");
  demand(c.iat >= parent.iat, "chain_widened", "/iat");
  checkTimes(c, now, limits);
  demand(c.sub === undefined || c.sub === root.sub, "principal_changed", "/sub");
  demand(c.txn === undefined || c.txn === root.txn, "principal_changed", "/txn");
  demand(!c.aud || c.aud.every((name) => parent.audience.includes(name)), "chain_widened", "/aud");
  const wider = grantUnder(c.authorization_details, parent.authorization_details, TOOLS);
  demand(wider === null, "chain_widened", wider ?? undefined);
  return { ...c, hash: jws.hash, key: useKey(c.cnf), audience: c.aud ?? parent.audience };
}

const DICTIONARY = JSON.parse(readFileSync(new URL("compact-dictionary.json", import.meta.url), "utf8")).join("");

/** C1 to C6. A string here has one character for each byte. */
function restore(text, limits) {
  demand(text.length <= limits.chainBytes, "token_too_large");
  if (!text.startsWith("*")) return text;
  demand(text.startsWith("*hw1"), "token_version_unsupported");
  const history = [...DICTIONARY];
  const most = history.length + limits.chainBytes;
  const numberOf = (digits) => [...digits].reduce((n, digit) => 64 * n + ALPHABET.indexOf(digit), 0);
  const step = /\*([\w-]{3})([\w-]{2})|%([0-9A-F]{2})|([!#$&-)+-[\]-~])/y;
  for (step.lastIndex = 4; step.lastIndex < text.length; ) {
    const [, place, length, byte, itself] = step.exec(text) ?? refuse("token_malformed");
    if (place !== undefined) {
      const [from, count] = [numberOf(place), numberOf(length)];
      demand(from + count <= history.length, "token_malformed");
      demand(history.length + count <= most, "token_too_large");
      for (let i = 0; i < count; i++) history.push(history[from + i]);
    } else {
      demand(history.length < most, "token_too_large");
      history.push(itself ?? String.fromCharCode(Number.parseInt(byte, 16)));
    }
  }
  const pieces = history.slice(DICTIONARY.length).join("").split("\x1f");
  demand(pieces.length <= 3 * limits.chainTokens, "chain_depth_exceeded");
  demand(pieces.length % 3 === 0, "token_malformed");
  demand(
    pieces.every((piece, i) => i % 3 !== 2 || /^[!-~]*$/.test(piece)),
    "token_malformed",
  );
  const encoded = pieces.map((piece, i) => (i % 3 === 2 ? piece : Buffer.from(piece, "latin1").toString("base64url")));
  const long = encoded.map((segment, i) => (i === 0 ? "" : i % 3 === 0 ? "~" : ".") + segment).join("");
  demand(long.length <= limits.chainBytes, "token_too_large");
  return long;
}

/** V1 to V6 */
function openChain(received, config, now, limits) {
  const text = restore(received, limits);
  demand(text.length <= limits.chainBytes, "token_too_large");
  demand(/^[!-~]+$/.test(text), "token_malformed");
  const texts = text.split("~");
  demand(texts.length <= limits.chainTokens, "chain_depth_exceeded");
  demand(
    texts.every((token) => token.length <= limits.tokenBytes),
    "token_too_large",
  );
  const tokens = [openRoot(texts[0], config, now, limits)];
  for (const text of texts.slice(1)) {
    const token = openDerived(text, tokens.at(-1), tokens[0], now, limits);
    demand(!tokens.some(({ jti }) => jti === token.jti), "chain_link_broken", "/jti"); // V6.13
    checkBudget(token, tokens);
    tokens.push(token);
  }
  return tokens;
}

/** V10.1, V10.2 */
function checkAgents(tokens, agents) {
  let before;
  for (const [i, { act, key }] of tokens.entries()) {
    const own = Object.hasOwn(agents, act) ? agents[act] : undefined;
    if (own !== undefined) demand(own.keys.includes(key.thumbprint), "agent_unknown");
    before = own ?? ephemeral(act, tokens[i - 1]?.act, before) ?? refuse("agent_unknown");
  }
}

function ephemeral(name, delegator, before) {
  if (delegator === undefined || !name.startsWith(`${delegator}/`)) return undefined;
  const [, className, random] = /^([^/]*)\/([^/]*)$/.exec(name.slice(delegator.length + 1)) ?? [];
  const known =
    random !== undefined && /^[A-Za-z0-9_-]{8,64}$/.test(random) && Object.hasOwn(before.classes ?? {}, className);
  return known ? before.classes[className] : undefined;
}

/** V8 */
function checkProof(text, tokens, tool, args, { audience }, now, limits) {
  const code = "proof_invalid";
  const leaf = tokens.at(-1);
  demand(text.length <= 4096 + 4 * limits.argumentsSize, code);
  const jws = openJws(text, "aat-pop+jwt", false, code);
  demand(jws.alg === leaf.key.alg && isSignedBy(leaf.key, jws), code);
  const v = readJsonBytes(jws.payload, limits.argumentsDepth + 1, code);
  const names = ["aat_aud", "aat_id", "aat_tool", "hta", "hw_leaf", "hw_ms", "iat", "jti"];
  demand(isObject(v) && hasExactly(v, v.has("nonce") ? [...names, "nonce"] : names), code);
  demand(isObject(v.get("hta")), code);
  demand(canonical(v) === Buffer.from(jws.payload).toString("utf8"), code);
  demand(base64url(v.get("jti"))?.length === 16 && isInteger(v.get("iat")), code);
  const ms = v.get("hw_ms");
  demand(isCount(ms) && ms < 1000, code);
  demand(v.get("aat_id") === leaf.jti && v.get("hw_leaf") === leaf.hash, code);
  const aud = v.get("aat_aud");
  demand(audience.includes(aud) && leaf.audience.includes(aud), "proof_audience_mismatch", "/aat_aud");
  const id = tokens[0].aud.length === 1 ? tool : `${aud}#${tool}`;
  demand(v.get("aat_tool") === id, code);
  demand(canonical(v.get("hta")) === canonical(args), "proof_arguments_mismatch", "/hta");
  demand(!v.has("nonce"), code);
  demand(Math.abs((v.get("iat") - now) * 1000 + ms) <= limits.proofWindowSeconds * 1000, code);
  return id;
}

/** V11.1 to V11.3: what was sent. */
function checkSent(tokens, id, sent, isConfigured = true) {
  const work = newWork();
  demand(!isEveryTool(id), "grant_tool_missing", "");
  for (const { authorization_details: grant } of tokens) {
    const every = isConfigured && hasOwnName(id) ? grant.get(everyToolBeside(id)) : undefined;
    const constraints = grant.get(id) ?? every ?? refuse("grant_tool_missing", "");
    if (constraints.size === 0) continue;
    for (const name of sent.keys()) demand(constraints.has(name), "grant_argument_refused", step("", name));
    for (const [name, c] of constraints)
      demand(!sent.has(name) || passes(c, sent.get(name), work), "grant_argument_refused", step("", name));
  }
}

/** V11.7: what MCP itself names a resource and a prompt by. */
function checkName(tool, sent) {
  const name = new Map([
    ["mcp:resources/read", "uri"],
    ["mcp:prompts/get", "name"],
  ]).get(tool);
  const holds = name === undefined || (typeof sent.get(name) === "string" && sent.get(name) !== "");
  demand(holds, "arguments_malformed", `/${name}`);
}

/** V11.4 to V11.6: what the tool's own schema made of it, and whether all is there. */
function checkRead(tokens, id, sent, parsed, isOwn) {
  const work = newWork();
  for (const { authorization_details: grant } of tokens) {
    const constraints = grant.get(id) ?? new Map(); // of every tool: any arguments
    if (constraints.size === 0) continue;
    for (const [name, value] of parsed ?? []) {
      const c = constraints.get(name);
      if (!sent.has(name) && (c === undefined || c.type === "absent") && isOwn(name, value)) continue;
      demand(c !== undefined && passes(c, value, work), "grant_argument_refused", step("", name));
    }
    for (const [name, c] of constraints) {
      const isThere = sent.has(name) || parsed?.has(name);
      demand(isThere || c.type === "optional" || c.type === "absent", "grant_argument_missing", step("", name));
    }
  }
}

/** What a tool puts there by itself: an announced default of that value, or what its author vouches for. */
function ownOf({ adds = {} }, { tool, inputSchema }) {
  const properties = announcedAs("properties", inputSchema, inputSchema);
  return (name, value) => {
    if ((Object.hasOwn(adds, tool) ? adds[tool] : []).includes(name)) return true;
    const announced = announcedAs("default", inputSchema, ownMember(properties, name));
    if (announced === undefined) return false;
    try {
      return canonical(readJson(JSON.stringify(announced), 64, "arguments_malformed")) === canonical(value);
    } catch {
      return false; // no JSON by section 1, as no argument is
    }
  };
}

/** A member of an object, and nothing of a list. */
function ownMember(object, name) {
  const isOne = typeof object === "object" && object !== null && !Array.isArray(object);
  return isOne && Object.hasOwn(object, name) ? object[name] : undefined;
}

/** Where one step of a reference leads. */
function stepInto(place, name) {
  return Array.isArray(place) && /^(0|[1-9][0-9]*)$/.test(name) ? place[name] : ownMember(place, name);
}

/** A member of a schema, or else of what its reference leads to. */
function announcedAs(word, whole, schema, references = 8) {
  const here = ownMember(schema, word);
  const ref = ownMember(schema, "$ref");
  if (here !== undefined || references === 0 || typeof ref !== "string") return here;
  if (ref !== "#" && !ref.startsWith("#/")) return undefined;
  try {
    const steps = decodeURIComponent(ref).split("/").slice(1);
    const names = steps.map((part) => part.replace(/~1/g, "/").replace(/~0/g, "~"));
    return announcedAs(word, whole, names.reduce(stepInto, whole), references - 1);
  } catch {
    return undefined;
  }
}

/** V0.1 to V0.3 */
function readArguments(text, listing, limits) {
  const code = "arguments_malformed";
  const received = readJson(text, limits.argumentsDepth, code);
  const v = listing || received === null ? new Map() : received;
  let left = limits.argumentsSize;
  const spend = (size, at) => {
    left -= size;
    demand(left >= 0, code, at);
  };
  const measure = (item, at) => {
    if (!Array.isArray(item) && !isObject(item)) spend(canonical(item).length, at);
    if (Array.isArray(item)) {
      spend(2 + Math.max(0, item.length - 1), at);
      item.forEach((inner, i) => {
        measure(inner, step(at, i));
      });
    }
    if (!isObject(item)) return;
    spend(2, at);
    let comma = 0;
    for (const [name, inner] of item) {
      spend(canonical(name).length, at);
      spend(1 + comma, at);
      comma = 1;
      measure(inner, step(at, name));
    }
  };
  measure(v, "");
  demand(isObject(v), code, "");
  return v;
}

// ---------------------------------------------------------------------------------------------- statements.md

/** S1 */
function openForm(text, typ, limits) {
  demand(text.length <= limits.tokenBytes, "token_too_large");
  return openJws(text, typ, "or jkt", "token_malformed", "token_alg_refused");
}

/** S2 to S4: gives the claims, the thumbprint of the signing key and, where an issuer signed, its anchor. */
function openStatement(jws, members, keyOf, { trust }, depth = 2) {
  const signers = jws.jkt === undefined ? signersOf(jws, trust) : [signerBy(jws, keyOf(jws.jkt))];
  const malformedAt = (at, holds) => demand(holds, "token_malformed", at);
  const v = readJsonBytes(jws.payload, depth, "token_malformed");
  malformedAt("", isObject(v));
  demand(v.get("hw") === 1, "token_version_unsupported", "/hw");
  malformedAt("", canonical(v) === Buffer.from(jws.payload).toString("utf8"));
  const known = ["hw", "iss", "aud", "jti", "iat", "hw_ms", ...members(jws.jkt === undefined)];
  for (const name of v.keys()) malformedAt(step("", name), known.includes(name));
  for (const name of known) malformedAt(`/${name}`, v.has(name));
  malformedAt("/iss", isText(512)(v.get("iss")));
  malformedAt("/aud", isAudience(v.get("aud")));
  malformedAt("/jti", base64url(v.get("jti"))?.length === 16);
  malformedAt("/iat", isCount(v.get("iat")));
  malformedAt("/hw_ms", isCount(v.get("hw_ms")) && v.get("hw_ms") <= 999);
  const time = v.get("iat") + v.get("hw_ms") / 1000;
  if (jws.jkt !== undefined) {
    const { thumbprint } = signers[0].key;
    malformedAt("/iss", v.get("iss") === `urn:ietf:params:oauth:jwk-thumbprint:sha-256:${thumbprint}`);
    return { v, signer: thumbprint, time };
  }
  const own = signers.find(({ anchor }) => anchor.issuer === v.get("iss")) ?? refuse("token_untrusted_issuer", "/iss");
  return { v, signer: own.key.thumbprint, anchor: own.anchor, time };
}

/** S2.3, S2.4 */
function signerBy(jws, key) {
  demand(key.alg === jws.alg, "token_alg_refused");
  demand(isSignedBy(key, jws), "token_signature_invalid");
  return { key };
}

/** R1 */
function checkRevocation({ revocation, evidence }, config, now, limits) {
  const jws = openForm(revocation, "hw-revoke+jwt", limits);
  const tokens =
    evidence === undefined ? undefined : openChain(evidence, config, now, { ...limits, evenExpired: true });
  const keyOf = (jkt) => tokens?.find(({ key }) => key.thumbprint === jkt)?.key ?? refuse("revocation_refused", "/jkt");
  const { v, anchor, time } = openStatement(jws, () => ["target"], keyOf, config);
  const target = v.get("target");
  const forms = [["token"], ["key"], ["agent"], ["user", "not_before"]];
  const form = isObject(target) ? forms.find((names) => hasExactly(target, names)) : undefined;
  demand(form !== undefined, "token_malformed", "/target");
  const right = {
    token: (value) => base64url(value)?.length === 32,
    key: (value) => base64url(value)?.length === 32,
    agent: (value) => typeof value === "string" && AGENT.test(value),
    user: isText(256),
    not_before: (value) => isCount(value) && value <= v.get("iat") + 1,
  };
  for (const [name, value] of target) demand(right[name](value), "token_malformed", `/target/${name}`);
  if (target.has("token")) {
    demand(tokens?.at(-1).hash === target.get("token"), "revocation_refused", "/target/token");
    demand(anchor === undefined || tokens[0].iss === anchor.issuer, "revocation_refused", "/iss");
  } else {
    demand(anchor !== undefined && tokens === undefined, "revocation_refused", "/target");
  }
  demand(config.audience.includes(v.get("aud")), "audience_mismatch", "/aud");
  demand(now - time <= limits.proofWindowSeconds, "token_expired", "/iat");
  demand(time - now <= limits.proofWindowSeconds, "token_not_yet_valid", "/iat");
}

/** A1, with the hash of section 4 */
function checkApproval({ approval, request }, config, now, limits) {
  const keyOf = (jkt) => {
    const all = (config.approvers ?? []).flatMap(({ keys }) => keys.map(useKey));
    return all.find(({ thumbprint }) => thumbprint === jkt) ?? refuse("approval_refused", "/jkt");
  };
  const members = (byIssuer) => ["answer", "exp", "request", ...(byIssuer ? ["sub"] : [])];
  const { v, signer, anchor, time } = openStatement(
    openForm(approval, "hw-approval+jwt", limits),
    members,
    keyOf,
    config,
  );
  demand(["yes", "no"].includes(v.get("answer")), "token_malformed", "/answer");
  demand(base64url(v.get("request"))?.length === 32, "token_malformed", "/request");
  demand(!v.has("sub") || isText(256)(v.get("sub")), "token_malformed", "/sub");
  demand(isCount(v.get("exp")), "token_malformed", "/exp");
  demand(!request.agents.some(({ jkt }) => jkt === signer), "approval_refused", "/iss");
  if (anchor !== undefined) {
    demand(anchor.approvals === true, "token_untrusted_issuer", "/iss");
    demand(anchor.subjects === "any" || anchor.subjects.includes(v.get("sub")), "token_untrusted_issuer", "/sub");
  }
  demand(v.get("aud") === request.aud, "audience_mismatch", "/aud");
  const text = canonical(readJson(JSON.stringify(request), 64, "token_malformed"));
  demand(v.get("request") === hashOf(text), "approval_refused", "/request");
  demand(v.get("exp") > v.get("iat"), "token_malformed", "/exp");
  demand(v.get("exp") <= request.until, "approval_refused", "/exp");
  demand(v.get("exp") > now, "token_expired", "/exp");
  demand(time <= now + limits.skewSeconds, "token_not_yet_valid", "/iat");
}

/** F1 */
function checkPage({ page, since }, config, now, limits) {
  const keyOf = (jkt) =>
    config.feed.map(useKey).find(({ thumbprint }) => thumbprint === jkt) ?? refuse("token_untrusted_issuer", "/jkt");
  const members = () => ["epoch", "since", "head", "complete", "entries"];
  const { v, time } = openStatement(openForm(page, "hw-revocations+jwt", limits), members, keyOf, config, 5);
  const right = {
    epoch: isText(512),
    since: (value) => value === "" || isText(512)(value),
    head: isText(512),
    complete: (value) => typeof value === "boolean",
    entries: (value) => Array.isArray(value) && value.length <= 1000,
  };
  for (const [name, holds] of Object.entries(right)) demand(holds(v.get(name)), "token_malformed", `/${name}`);
  for (const [i, entry] of v.get("entries").entries()) checkEntry(entry, `/entries/${i}`);
  demand(config.audience.includes(v.get("aud")), "audience_mismatch", "/aud");
  demand(["", since].includes(v.get("since")), "token_malformed", "/since");
  demand(time <= now + limits.skewSeconds, "token_not_yet_valid", "/iat");
}

function checkEntry(entry, at) {
  const names = (value) => Array.isArray(value) && value.every(isText(512));
  const rules = { id: isText(512), at: isCount, "lifts?": names, "until?": isCount };
  checkMembers(entry, at, { ...rules, target: () => true });
  const target = entry.get("target");
  const kinds = ["token", "key", "agent", "user"].filter((name) => isObject(target) && target.has(name));
  demand(kinds.length > 0, "token_malformed", `${at}/target`);
  const digest = (value) => typeof value === "string" && /^[\w-]{43}$/.test(value);
  const issuer = { "iss?": isText(65536) };
  const forms = {
    token: { token: digest },
    key: { key: digest, ...issuer },
    agent: { agent: (value) => typeof value === "string" && AGENT.test(value), ...issuer },
    user: { user: isObject, not_before: isCount },
  };
  checkMembers(target, `${at}/target`, forms[kinds[0]]);
  if (kinds[0] !== "user") return;
  checkMembers(target.get("user"), `${at}/target/user`, { iss: isText(65536), sub: isText(65536) });
}

/** An object of these members and no other; those with a question mark may be left out. */
function checkMembers(object, at, rules) {
  demand(isObject(object), "token_malformed", at);
  for (const name of object.keys()) {
    demand(name in rules || `${name}?` in rules, "token_malformed", step(at, name));
  }
  for (const [rule, holds] of Object.entries(rules)) {
    const name = rule.replace("?", "");
    if (rule !== name && !object.has(name)) continue;
    demand(object.has(name) && holds(object.get(name)), "token_malformed", step(at, name));
  }
}

/** Q1 to Q5 */
function checkHolder({ holder, challenge }) {
  const code = "proof_invalid";
  const jws = openJws(holder, "hopwise-request+jwt", false, code);
  const v = readJsonBytes(jws.payload, 3, code);
  demand(isObject(v) && hasExactly(v, ["challenge", "jwk"]), code);
  demand(v.get("challenge") === challenge, code);
  const key = useKey(readJwk(v.get("jwk"), "/jwk", code));
  demand(jws.alg === key.alg && isSignedBy(key, jws), code);
}

const STATEMENTS = {
  revocation: checkRevocation,
  approval: checkApproval,
  page: checkPage,
  holder: checkHolder,
};

/** What a vector's call, or its statement, comes to: `{result: "accept"}`, or `{result: "refuse", code, pointer}`. */
export function judge({ now, config, input }) {
  const limits = { ...LIMITS, ...config.limits };
  try {
    const check = Object.entries(STATEMENTS).find(([name]) => input[name] !== undefined)?.[1];
    if (check !== undefined) {
      check(input, config, now, limits);
      return { result: "accept" };
    }
    const listing = input.tool.startsWith("mcp:") && input.tool.endsWith("/list");
    const args = readArguments(input.arguments, listing, limits);
    demand(input.proof !== undefined, "proof_missing");
    const tokens = openChain(input.chain, config, now, limits);
    demand(
      config.audience.some((name) => tokens.at(-1).audience.includes(name)),
      "audience_mismatch",
      "/aud",
    );
    const id = checkProof(input.proof, tokens, input.tool, args, config, now, limits);
    demand(tokens[0].budget === undefined, "budget_unsupported", "/budget"); // V9.4
    checkAgents(tokens, config.agents);
    if (listing) return { result: "accept" };
    const named = [...(config.tools ?? []), ...Object.keys(config.adds ?? {})];
    const isConfigured = named.includes(input.tool) && input.tool !== "*";
    checkSent(tokens, id, args, isConfigured);
    checkName(input.tool, args);
    const parsed = input.parsed === undefined ? undefined : readArguments(input.parsed, false, limits);
    checkRead(tokens, id, args, parsed, ownOf(config, input));
    return { result: "accept" };
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    return { result: "refuse", code: error.code, ...(error.pointer !== undefined && { pointer: error.pointer }) };
  }
}

/** For comparing readers, piece by piece. */
export const parts = {
  canonical,
  restore: (text, limits) => restore(text, { ...LIMITS, ...limits }),
  json: (text) => readJson(text, 64, "token_malformed"),
  form: (grant) => void readGrant(grant, "", LIMITS),
  narrower: (parent, child) => {
    const wide = readGrant(parent, "", LIMITS);
    return grantUnder(readGrant(child, "", LIMITS), wide, "");
  },
  covers: (grant, id, args) => {
    const tokens = [{ authorization_details: readGrant(grant, "", LIMITS) }];
    checkSent(tokens, id, args);
    checkRead(tokens, id, args, undefined, () => false);
  },
  /** V11.1 to V11.6, of a chain with these grants. `parsed` is undefined where no schema follows. */
  runs: (grants, config, input) => {
    const tokens = grants.map((grant) => ({ authorization_details: readGrant(grant, "", LIMITS) }));
    checkSent(tokens, input.tool, input.sent);
    checkRead(tokens, input.tool, input.sent, input.parsed, ownOf(config, input));
  },
};

function main(files) {
  const folder = new URL("vectors/", import.meta.url);
  const paths =
    files.length > 0
      ? files
      : readdirSync(folder)
          .sort()
          .map((name) => fileURLToPath(new URL(name, folder)));
  let passed = 0;
  let failed = 0;
  for (const path of paths) {
    for (const vector of JSON.parse(readFileSync(path, "utf8")).vectors) {
      const [wanted, got] = [vector.expect, judge(vector)];
      const same = ["result", "code", "pointer"].every((member) => wanted[member] === got[member]);
      if (same) passed++;
      else failed++;
      if (!same)
        console.log(
          `${vector.id}: ${vector.description}\n  expected ${JSON.stringify(wanted)}\n  got      ${JSON.stringify(got)}`,
        );
    }
  }
  console.log(`${passed} passed, ${failed} failed`);
  process.exitCode = failed === 0 && passed > 0 ? 0 : 1;
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href)
  main(process.argv.slice(2));
