import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { encodeBase64url } from "../../crypto/index.ts";
import { errorOf, refusalOf } from "../../world.fixture.ts";
import { DEFAULT_LIMITS } from "../keys/limits.ts";
import { DICTIONARY } from "./compact-dictionary.ts";
import { restoreChain } from "./restore-chain.ts";

const START = DICTIONARY.length;
const DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
const digits = (n: number, count: number): string =>
  count === 0 ? "" : digits(Math.floor(n / 64), count - 1) + (DIGITS[n % 64] as string);
const copy = (from: number, length: number): string => `*${digits(from, 3)}${digits(length, 2)}`;
const encode = (text: string): string => encodeBase64url(new TextEncoder().encode(text));
const restore = (steps: string, bounds = {}): string => restoreChain(`*hw1${steps}`, { ...DEFAULT_LIMITS, ...bounds });
const refused = (steps: string, bounds = {}): Promise<string> => refusalOf(() => restore(steps, bounds));

describe("a text that is not compact", () => {
  it("is the long form as it is, whatever it says", () => {
    for (const text of ["", "~", "eyJ.e30.A~eyJ", "\u0000", "é", "hw1*"]) {
      expect(restoreChain(text, DEFAULT_LIMITS)).toBe(text);
    }
  });

  it("is no longer than a chain may be", async () => {
    expect(restoreChain("A".repeat(300), { chainBytes: 300, chainTokens: 1 })).toHaveLength(300);
    expect(await refusalOf(() => restoreChain("A".repeat(301), { chainBytes: 300, chainTokens: 1 }))).toBe(
      "token_too_large",
    );
  });
});

describe("a compact text", () => {
  it("is header, payload and signature of each token, byte by byte", () => {
    expect(restore("{%22a%22:1}%1F[]%1FAB-_%1F%00%FF%1F{}%1F")).toBe(
      `${encode('{"a":1}')}.${encode("[]")}.AB-_~${encodeBase64url(Uint8Array.of(0, 255))}.${encode("{}")}.`,
    );
  });

  it("copies from the dictionary, from what it restored, and across", () => {
    const head = DICTIONARY.slice(0, 15);
    expect(restore(`${copy(0, 15)}%1F%1F`)).toBe(`${encode(head)}..`);
    expect(restore(`abc${copy(START, 3)}${copy(START + 1, 4)}%1F%1F`)).toBe(`${encode("abcabcbcab")}..`);
    expect(restore(`abc${copy(START - 1, 2)}%1F%1F`)).toBe(`${encode(`abc${DICTIONARY.at(-1)}a`)}..`);
    expect(restore(`a${copy(START + 1, 0)}%1F%1F`)).toBe(`${encode("a")}..`);
    const much = `abcdefgh${copy(START, 8)}${copy(START, 16).repeat(400)}`;
    expect(restore(`${much}%1F%1F`)).toBe(`${encode("abcdefgh".repeat(802))}..`);
  });

  it.each([
    ["of no version", "*", "token_version_unsupported"],
    ["of another version", "*hw2A%1F%1F", "token_version_unsupported"],
    ["without a step", "*hw1", "token_malformed"],
    ["with a copy that ends too soon", "*hw1a%1F%1F*AAAA", "token_malformed"],
    ["with a copy of letters that are no digits", "*hw1a%1F%1F*AA=AA", "token_malformed"],
    ["with a copy of what comes later", `*hw1a%1F%1F${copy(START + 3, 1)}`, "token_malformed"],
    ["with a copy that overlaps what it writes", `*hw1a%1F%1F${copy(START, 4)}`, "token_malformed"],
    ["with an escape that ends too soon", "*hw1a%1F%1F%4", "token_malformed"],
    ["with an escape in small letters", "*hw1a%1F%1F%4a", "token_malformed"],
    ["with an escape that a number would hide", "*hw1a%1F%1F%+1", "token_malformed"],
    ...['"', "\\", " ", "\n", "\u007f", "é", "\ud800"].map((c) => [
      `with ${JSON.stringify(c)}`,
      `*hw1a%1F%1F${c}`,
      "token_malformed",
    ]),
    ["with a signature that is no text", "*hw1a%1F%1F%00", "token_malformed"],
    ["with a signature that is not ASCII", "*hw1a%1F%1F%87", "token_malformed"],
    ["with a signature behind a byte order mark", "*hw1a%1F%1F%EF%BB%BFAAAA", "token_malformed"],
    ["of two parts", "*hw1a%1F", "token_malformed"],
    ["of four parts", "*hw1a%1F%1F%1F", "token_malformed"],
  ])("%s is refused", async (_, text = "", code = "") => {
    expect(await refusalOf(() => restoreChain(text, DEFAULT_LIMITS))).toBe(code);
  });

  it.each([
    ["it copies what is not there yet", copy(START + 1, 1)],
    ["it copies what is not there yet", `a${copy(START, 2)}`],
    ["a copy lacks a digit", "*AAAA"],
    ["a copy lacks a digit", "*AA=AA"],
    ["a copy lacks a digit", "*AA\u0100AA"],
    ["a byte lacks a digit", "%4"],
    ["a byte lacks a digit", "%4g"],
    ...['"', "\\", " ", "\n", "\u007f", "\u0080", "é"].map((c) => ["a character that must be escaped", `${c}%1F%1F`]),
    ["a token is not of three parts", "a%1F"],
    ["a signature is not printable ASCII", "a%1F%1F%7F"],
    ["a signature is not printable ASCII", "a%1F%1F%20"],
  ])("is refused with what is wrong: %s, of %j", async (problem = "", steps = "") => {
    const error = await errorOf(() => restore(steps));
    expect(error.code).toBe("token_malformed");
    expect(error.message).toBe(`the chain is not in the compact form that *hw1 begins: ${problem}; send its long form`);
  });

  it("that cannot be taken is refused with what would be", async () => {
    const messageOf = async (steps: string, bounds: object): Promise<string> =>
      (await errorOf(() => restore(steps, bounds))).message;
    const alike = "of issuer and verifiers alike";
    const shorter = `hand over fewer tools, or shorter constraints; for more, set limits: { chainBytes } ${alike}`;
    expect(await messageOf("a".repeat(253), { chainBytes: 256 })).toBe(
      `the chain is longer than 256 bytes; ${shorter}`,
    );
    expect(await messageOf(`a${copy(0, 300)}`, { chainBytes: 256 })).toBe(
      `the chain, restored, is longer than 256 bytes; ${shorter}`,
    );
    // As bytes it has room, and not as the text that it stands for.
    expect(await messageOf(`${"a".repeat(200)}%1F%1F`, { chainBytes: 256 })).toBe(
      `the chain, restored, is longer than 256 bytes; ${shorter}`,
    );
    expect(await messageOf("%1F".repeat(6), { chainTokens: 2 })).toBe(
      `the chain has more than 2 tokens; for more, set limits: { chainTokens } ${alike}`,
    );
    const other = await errorOf(() => restoreChain("*hw2", DEFAULT_LIMITS));
    expect(other.message).toBe("the chain came in a compact form other than *hw1; send its long form");
  });

  it("of more parts than tokens may be is refused before they are joined", async () => {
    expect(restore("%1F".repeat(5), { chainTokens: 2 })).toBe("..~..");
    expect(await refused("%1F".repeat(6), { chainTokens: 2 })).toBe("chain_depth_exceeded");
    expect(await refused("%1F".repeat(8), { chainTokens: 2 })).toBe("chain_depth_exceeded");
  });

  it("is restored up to the limit, and not a byte beyond: neither its steps nor the long form", async () => {
    const bounds = { chainBytes: 256 };
    const aaa = (count: number): string => `${"a".repeat(100)}${copy(START + 2, count - 100)}`;
    expect(restore(`%1F%1F${aaa(200)}${copy(START + 2, 54)}`, bounds)).toHaveLength(256);
    expect(await refused(`%1F%1F${aaa(200)}${copy(START + 2, 55)}`, bounds)).toBe("token_too_large");
    expect(await refused(`%1F%1F${aaa(200)}${copy(START + 2, 54)}a`, bounds)).toBe("token_too_large");
    // At once, from less than half of it.
    const doubled = [1, 2, 4, 8, 16, 32, 64].map((length) => copy(START + 2, length)).join("");
    expect(restore(`%1F%1Fa${doubled}${copy(START + 2, 126)}`, bounds)).toHaveLength(256);
    expect(await refused(`%1F%1Fa${doubled}${copy(START + 2, 127)}`, bounds)).toBe("token_too_large");
    // Step by step, the form first.
    expect(await refused(`%1F%1F${aaa(200)}${copy(START + 2, 54)}%4`, bounds)).toBe("token_malformed");
    expect(await refused(`%1F%1F${aaa(200)}${copy(START + 2, 4000)}`, bounds)).toBe("token_malformed");
    // Less than the limit, and more than it in base64url.
    expect(restore(`${"a".repeat(100)}${copy(START, 90)}%1F%1F`, bounds)).toHaveLength(256);
    expect(await refused(`${"a".repeat(100)}${copy(START, 91)}%1F%1F`, bounds)).toBe("token_too_large");
    expect(await refused(`a%1F%1F${copy(0, 0).repeat(50)}`, bounds)).toBe("token_too_large");
  });

  it("cannot make more of itself than a chain may be, however it doubles", async () => {
    const doubled = Array.from({ length: 12 }, (_, i) => copy(START, 2 ** i)).join("");
    const bomb = `a${doubled}${copy(START, 4095).repeat(7)}`;
    expect(await refused(`${bomb}${copy(START, 4095)}`)).toBe("token_too_large");
    expect(restore(`${bomb}%1F%1F`, { chainBytes: 65_536 })).toBe(`${encode("a".repeat(4096 + 7 * 4095))}..`);
  });

  it("is refused by a code of its own, or gives no more than the limit, whatever it is", async () => {
    const step = fc.oneof(
      fc.tuple(fc.nat(START + 400), fc.nat(300)).map(([from, length]) => copy(from, length)),
      fc.constantFrom("%1F", "%00", "%ff", "*", "*AAA", "%", "a", "~", ".", "é", '"', "{"),
      fc.string({ maxLength: 4 }),
    );
    const CODES = ["token_malformed", "token_too_large", "chain_depth_exceeded"];
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { maxLength: 40 }),
        fc.integer({ min: 256, max: 3000 }),
        async (steps, chainBytes) => {
          const outcome = await refused(steps.join(""), { chainBytes });
          if (outcome !== "accepted") {
            expect(CODES).toContain(outcome);
            return;
          }
          expect(restore(steps.join(""), { chainBytes }).length).toBeLessThanOrEqual(chainBytes);
        },
      ),
      { numRuns: 2000 },
    );
  });
});
