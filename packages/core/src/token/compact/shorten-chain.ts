import { decodeBase64url } from "../../crypto/index.ts";
import { DICTIONARY, SEPARATOR } from "./compact-dictionary.ts";
import { COMPACT, COPY, DIGITS, ESCAPE, LENGTH_DIGITS, PLACE_DIGITS, restoreChain } from "./restore-chain.ts";

/**
 * The text of a chain in its compact form: what the dictionary has, and what stood before, is named instead of said
 * again. The long form where it cannot be restored byte for byte, or is not longer. The same each time.
 */
export function shortenChain(long: string): string {
  const plain = plainOf(long);
  if (plain === undefined) return long;
  const text = COMPACT + stepsFor(plain);
  return text.length < long.length && restores(text, long) ? text : long;
}

const ASCII = /^[\x21-\x7e]+$/;

/** The parts of all tokens, a character for each byte. */
function plainOf(long: string): string | undefined {
  if (!ASCII.test(long)) return undefined;
  const parts = long.split(/[~.]/);
  const texts = parts.map((part, i) => (i % 3 === 2 ? part : latin1Of(decodeBase64url(part))));
  return texts.includes(undefined) ? undefined : texts.join(SEPARATOR);
}

function latin1Of(bytes: Uint8Array | undefined): string | undefined {
  return bytes && Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");
}

/** The proof of it: whatever went wrong before, what is sent says what was meant. */
function restores(text: string, long: string): boolean {
  try {
    return restoreChain(text, { chainBytes: long.length, chainTokens: long.length }) === long;
  } catch {
    return false;
  }
}

const ITSELF = /^[!#$&-)+-[\]-~]$/;

/** How a byte is written that nothing is copied for. */
function written(byte: string): string {
  if (ITSELF.test(byte)) return byte;
  return ESCAPE + byte.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0");
}

const WRITTEN: readonly string[] = Array.from({ length: 256 }, (_, byte) => written(String.fromCharCode(byte)));
/** No copy begins further on: three digits cannot name the place. */
const REACH = 64 ** PLACE_DIGITS;
const COPY_LENGTH = 1 + PLACE_DIGITS + LENGTH_DIGITS;

/**
 * Where to look for what comes next: at the last place where this many bytes were the same, and at the last where fewer
 * were. None is shorter than what a copy can save anything of.
 */
const WIDTHS = [24, 7] as const;

/** By each text of a width, the last place that it stood at. */
type Places = ReadonlyMap<string, number>;

const inDictionary: readonly { readonly width: number; readonly known: Places }[] = WIDTHS.map((width) => ({
  width,
  known: new Map(Array.from(DICTIONARY, (_, at) => [DICTIONARY.slice(at, at + width), at])),
}));

interface Match {
  readonly from: number;
  readonly length: number;
  /** The characters that a copy saves. */
  readonly saved: number;
}

/** Takes at each place the copy that saves most, of few; in time linear in the text. */
function stepsFor(plain: string): string {
  const history = DICTIONARY + plain;
  const places = inDictionary.map((of) => ({ ...of, since: new Map<string, number>() }));
  let noted = DICTIONARY.length;
  let steps = "";
  for (let at = noted; at < history.length; ) {
    // What was copied is noted where it was copied from, except where it ends.
    noted = Math.max(noted, at - WIDTHS[0]);
    for (; noted < Math.min(at, REACH); noted++) {
      for (const { width, since } of places) since.set(history.slice(noted, noted + width), noted);
    }
    let best: Match | undefined;
    for (const { width, since, known } of places) {
      const next = history.slice(at, at + width);
      for (const from of [since.get(next), known.get(next)]) {
        const match = from === undefined ? undefined : matchOf(history, from, at);
        if (match !== undefined && match.saved > (best?.saved ?? 0)) best = match;
      }
    }
    steps += best === undefined ? WRITTEN[history.charCodeAt(at)] : copyOf(best);
    at += best?.length ?? 1;
  }
  return steps;
}

function matchOf(history: string, from: number, at: number): Match {
  let length = 0;
  let saved = -COPY_LENGTH;
  while (length < 64 ** LENGTH_DIGITS - 1 && from + length < at && history[from + length] === history[at + length]) {
    saved += (WRITTEN[history.charCodeAt(at + length)] as string).length;
    length++;
  }
  return { from, length, saved };
}

function copyOf({ from, length }: Match): string {
  return COPY + digitsOf(from, PLACE_DIGITS) + digitsOf(length, LENGTH_DIGITS);
}

function digitsOf(number: number, count: number): string {
  return Array.from({ length: count }, (_, i) => DIGITS[Math.floor(number / 64 ** (count - 1 - i)) % 64]).join("");
}
