import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { encodeBase64url } from "../../crypto/index.ts";
import { readGrant } from "../../grant/index.ts";
import { ALGORITHMS, createWorld, details, NOW } from "../../world.fixture.ts";
import { DEFAULT_LIMITS } from "../keys/limits.ts";
import { generateSigner } from "../keys/signer.ts";
import { delegate } from "../make/delegate.ts";
import { hold, parseDelegation, serialize } from "../make/delegation.ts";
import { DICTIONARY } from "./compact-dictionary.ts";
import { restoreChain } from "./restore-chain.ts";
import { shortenChain } from "./shorten-chain.ts";

const LARGE = { chainBytes: 16 * 1024 * 1024, chainTokens: 65 };
/** Bytes that each need three characters, and do not repeat. */
const noise = (length: number): Uint8Array =>
  Uint8Array.from({ length }, (_, i) => 128 | (Math.imul(i + 1, 0x9e3779b1) >>> 20));
const encode = (text: string): string => encodeBase64url(new TextEncoder().encode(text));
const worlds = await Promise.all(ALGORITHMS.map((algorithm) => createWorld(algorithm)));

describe.each(worlds)("a chain of $algorithm keys, shortened,", (world) => {
  it("is less than half as long, the same each time, and restored byte for byte", async () => {
    const root = await world.root();
    const child = `${root}~${await world.child(root)}`;
    for (const long of [root, child, `${child}~${await world.grandchild(child)}`]) {
      const short = shortenChain(long);
      expect(short.length).toBeLessThan(long.length / 2);
      expect(shortenChain(long)).toBe(short);
      expect(restoreChain(short, DEFAULT_LIMITS)).toBe(long);
    }
  });

  it("has no character that JSON or a header must escape, whatever its texts say", async () => {
    const long = await world.root({ sub: 'Zoë "the\\key" 🔑\u2028~.*%', txn: "\u007f\u0000" });
    const short = shortenChain(long);
    expect(short).toMatch(/^\*hw1[!#-[\]-~]+$/);
    expect(JSON.stringify(short)).toBe(`"${short}"`);
    expect(restoreChain(short, DEFAULT_LIMITS)).toBe(long);
  });
});

const world = worlds[0] as (typeof worlds)[number];

it("a lean chain of three tokens takes at most 1,200 characters", async () => {
  const grants = [{ get_transactions: {}, read_invoice: {} }, { read_invoice: {} }, { read_invoice: {} }];
  const clock = (): number => NOW * 1000;
  let held = await hold(await parseDelegation(await world.root(details(grants[0] as object))), world.planner);
  for (const grant of grants.slice(1)) {
    held = await delegate(held, { to: "a", holder: await generateSigner(), grant: readGrant(grant as never), clock });
  }
  const short = shortenChain(serialize(held));
  expect(short.length).toBeLessThanOrEqual(1200);
  expect(restoreChain(short, DEFAULT_LIMITS)).toBe(serialize(held));
});

it("a chain far beyond what a copy can name is restored, too", async () => {
  const rootOf = (first: number): Promise<string> =>
    world.root(details(Object.fromEntries(Array.from({ length: 9000 }, (_, i) => [`tool_${first + i}`, {}]))));
  const long = (await Promise.all([0, 10_000, 0, 20_000, 10_000].map(rootOf))).join("~");
  expect(long.length).toBeGreaterThan(2 * 64 ** 3);
  const short = shortenChain(long);
  expect(short.length).toBeLessThan((long.length * 3) / 4);
  expect(restoreChain(short, LARGE)).toBe(long);
});

describe("what was said before is named where that is shorter:", () => {
  const DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  const copy = (from: number, length: number): string =>
    `*${[from >> 12, from >> 6, from, length >> 6, length].map((n) => DIGITS[n & 63]).join("")}`;
  const START = DICTIONARY.length;
  const own = "(here-only-and-nowhere-else)";

  const budget = '"budget":{';
  const known = ',"del_depth":0,"del_max_depth":3,"hw":1,';

  it.each<[string, header: string, payload: string, steps: string]>([
    ["in the dictionary", known, "", `${copy(DICTIONARY.indexOf(known), known.length)}%1F`],
    ["in the chain itself", own, `${own}!`, `${own}%1F${copy(START, 28)}!`],
    ["more than once", own.repeat(3), "", `${own}${copy(START, 28)}${copy(START, 28)}%1F`],
    [
      "in both: the longer of two",
      budget + own,
      `${budget + own}!`,
      `${copy(DICTIONARY.indexOf(budget), budget.length)}${own}%1F${copy(START, budget.length + own.length)}!`,
    ],
  ])("%s", (_, header, payload, steps) => {
    const long = `${encode(header)}.${encode(payload)}.AAAA`;
    expect(shortenChain(long)).toBe(`*hw1${steps}%1FAAAA`);
    expect(restoreChain(shortenChain(long), LARGE)).toBe(long);
  });

  it("up to what two digits can say", () => {
    const long = `${encode(own.repeat(400))}..AAAA`;
    const short = shortenChain(long);
    expect(short.length).toBeLessThan(200);
    expect(restoreChain(short, LARGE)).toBe(long);
  });
});

describe("the long form stays", () => {
  const header = encode('{"alg":"Ed25519","typ":"aat+jwt"}');
  const payload = encode(`{"jti":"${"A".repeat(300)}"}`);
  it.each([
    ["nothing", ""],
    ["a joint alone", "~"],
    ["no token", "e30"],
    ["a token of two segments", `${header}.${payload}`],
    ["a token of four segments", `${header}.${payload}.AAAA.AAAA`],
    ["tokens of two and of four segments", `${header}.${payload}~${header}.${payload}.AAAA.AAAA`],
    ["base64url with a stray bit", `${header}.${payload.slice(0, -1)}B.AAAA`],
    ["base64url with padding", `${header}.${payload}==.AAAA`],
    ["the byte that parts the parts, in a payload", `${header}.${encode(`\u001f${"A".repeat(300)}`)}.AAAA`],
    ["and in a signature", `${header}.${payload}.\u001f`],
    ["a signature that is not ASCII", `${header}.${payload}.é`],
    ["a text as short as its compact form", `${encode("abcdefghijklmnopqrstuvwx")}..A`],
    ["a signature of what is no byte, again and again", `${header}.${payload}.${"\u0100".repeat(50)}`],
    ["a payload of bytes alone", `${header}.${encodeBase64url(noise(300))}.A`],
    ["a signature that is no byte", `${header}.${payload}.\u0100`],
    ["a compact form", shortenChain(`${header}.${payload}.AAAA`)],
  ])("of %s", (_, long) => {
    expect(shortenChain(long)).toBe(long);
  });

  it("or what is sent instead says the same, whatever the text is", () => {
    const piece = fc.oneof(fc.constantFrom("~", ".", "eyJ", header, payload, "*hw1", "AAAA", "\u001f"), fc.string());
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
        const long = pieces.join("");
        const short = shortenChain(long);
        expect(short === long || restoreChain(short, LARGE) === long).toBe(true);
      }),
    );
  });
});
