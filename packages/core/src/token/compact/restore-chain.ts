import { encodeBase64url } from "../../crypto/index.ts";
import { HopwiseError } from "../../errors.ts";
import type { Limits, LongForm } from "../keys/index.ts";
import { DICTIONARY, SEPARATOR } from "./compact-dictionary.ts";
import { checkLength, tooLong, tooManyTokens } from "./refuse-size.ts";

/** How the compact form of a chain begins. No token begins with its first character. */
export const COMPACT = "*hw1";

/** What begins a step that is not a character for itself. */
export const COPY = "*";
export const ESCAPE = "%";

/** The digits of numbers, in the order of their values: base64url. */
export const DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
/** Digits of the place that a copy begins at, and of its length. */
export const PLACE_DIGITS = 3;
export const LENGTH_DIGITS = 2;

type Bounds = Pick<Limits, "chainBytes" | "chainTokens">;

/**
 * The text of a chain in its long form, in whichever form it came. All that is read, hashed, remembered or compared of a
 * chain is what this gives: one chain has many compact texts, and none of them means anything itself.
 *
 * It takes no longer than the text and what it makes of it are, and that has a bound before a byte of it is written:
 * anybody may send what this reads.
 *
 * @throws {HopwiseError} `token_too_large`, `token_malformed`, `token_version_unsupported`, `chain_depth_exceeded`
 */
export function restoreChain(text: string, bounds: Bounds): LongForm {
  checkLength("the chain", text, "chainBytes", bounds);
  if (text[0] !== COMPACT[0]) return text as LongForm;
  if (!text.startsWith(COMPACT)) {
    throw new HopwiseError(
      "token_version_unsupported",
      `the chain came in a compact form other than ${COMPACT}; send its long form`,
    );
  }
  return joined(partsOf(bytesOf(text, bounds.chainBytes), bounds.chainTokens), bounds.chainBytes) as LongForm;
}

const bytesOfDictionary = new TextEncoder().encode(DICTIONARY);
const START = bytesOfDictionary.length;
/** What a character of a compact text stands for in most chains; where it is more, more room is made. */
const USUAL = 3;

const [COPY_CODE, ESCAPE_CODE, QUOTE_CODE, BACKSLASH_CODE] = [...`${COPY}${ESCAPE}"\\`].map((c) => c.charCodeAt(0));

/** Takes step by step: a copy of what is there already, a byte in hexadecimal digits, or a character for itself. */
function bytesOf(text: string, most: number): Uint8Array {
  let history = roomFor(Math.min(most, USUAL * text.length), bytesOfDictionary);
  let end = START;
  for (let at = COMPACT.length; at < text.length; ) {
    const code = text.charCodeAt(at);
    if (code === COPY_CODE) {
      const from = numberAt(text, at + 1, PLACE_DIGITS);
      const length = numberAt(text, at + 1 + PLACE_DIGITS, LENGTH_DIGITS);
      if (from + length > end) malformed("it copies what is not there yet");
      if (end + length > history.length) history = larger(history, end + length, most);
      history.copyWithin(end, from, from + length);
      end += length;
      at += 1 + PLACE_DIGITS + LENGTH_DIGITS;
    } else {
      const byte = code === ESCAPE_CODE ? escapedAt(text, at + 1) : itself(code);
      if (end === history.length) history = larger(history, end + 1, most);
      history[end] = byte;
      end += 1;
      at += code === ESCAPE_CODE ? 3 : 1;
    }
  }
  return history.subarray(START, end);
}

/** The one place that takes more memory: never for more than a chain may have. */
function larger(history: Uint8Array, needed: number, most: number): Uint8Array {
  if (needed > START + most) tooLong(RESTORED, "chainBytes", most);
  return roomFor(Math.min(most, 2 * needed), history);
}

/** Room for so many bytes after the dictionary, beginning with these. */
function roomFor(size: number, bytes: Uint8Array): Uint8Array {
  const room = new Uint8Array(START + size);
  room.set(bytes);
  return room;
}

/** The value of a digit by the code of its character. */
const VALUES: readonly (number | undefined)[] = Array.from({ length: 128 }, (_, code) => {
  const value = DIGITS.indexOf(String.fromCharCode(code));
  return value < 0 ? undefined : value;
});

function numberAt(text: string, at: number, digits: number): number {
  let number = 0;
  for (let i = at; i < at + digits; i++) {
    number = 64 * number + (VALUES[text.charCodeAt(i)] ?? malformed("a copy lacks a digit"));
  }
  return number;
}

function escapedAt(text: string, at: number): number {
  const digits = text.slice(at, at + 2);
  return /^[0-9A-F]{2}$/.test(digits) ? Number.parseInt(digits, 16) : malformed("a byte lacks a digit");
}

function itself(code: number): number {
  const stands = code > 0x20 && code < 0x7f && code !== QUOTE_CODE && code !== BACKSLASH_CODE;
  return stands ? code : malformed("a character that must be escaped");
}

const SEPARATOR_CODE = SEPARATOR.charCodeAt(0);

/** Header, payload and signature of one token after the other. */
function partsOf(bytes: Uint8Array, chainTokens: number): readonly Uint8Array[] {
  const parts: Uint8Array[] = [];
  for (let from = 0; from <= bytes.length; ) {
    if (parts.length === 3 * chainTokens) tooManyTokens(chainTokens);
    const next = bytes.indexOf(SEPARATOR_CODE, from);
    const part = bytes.subarray(from, next < 0 ? bytes.length : next);
    parts.push(part);
    from += part.length + 1;
  }
  return parts.length % 3 === 0 ? parts : malformed("a token is not of three parts");
}

/** As in the long form, whose length is known before it is made. */
function joined(parts: readonly Uint8Array[], most: number): string {
  const segments = parts.map((part, i) => (i % 3 === 2 ? signatureOf(part) : part));
  const size = segments.reduce(
    (sum, part) => sum + 1 + (typeof part === "string" ? part.length : Math.ceil((4 * part.length) / 3)),
    -1,
  );
  if (size > most) tooLong(RESTORED, "chainBytes", most);
  return segments.reduce<string>((text, part, i) => {
    const joint = i === 0 ? "" : i % 3 === 0 ? "~" : ".";
    return text + joint + (typeof part === "string" ? part : encodeBase64url(part));
  }, "");
}

const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** The characters of a signature, which stand in the compact form as in the long one. */
function signatureOf(part: Uint8Array): string {
  const text = decoder.decode(part);
  return /^[\x21-\x7e]*$/.test(text) ? text : malformed("a signature is not printable ASCII");
}

function malformed(problem: string): never {
  throw new HopwiseError(
    "token_malformed",
    `the chain is not in the compact form that ${COMPACT} begins: ${problem}; send its long form`,
  );
}

const RESTORED = "the chain, restored,";
