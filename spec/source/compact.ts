/** Writes the compact form of a chain (section 13.1), and wrong ones. Shares no code with what writes and reads it. */
import { readFileSync } from "node:fs";

export const DICTIONARY: string = (
  JSON.parse(readFileSync(new URL("../compact-dictionary.json", import.meta.url), "utf8")) as readonly string[]
).join("");

export const MARK = "*hw1";
export const SEPARATOR = "\u001f";

/** What the steps of a chain must add, a character for each byte. */
export function partsOf(chain: string): string {
  return chain
    .split(/[~.]/)
    .map((segment, i) => (i % 3 === 2 ? segment : Buffer.from(segment, "base64url").toString("latin1")))
    .join(SEPARATOR);
}

/** Bytes said one by one. */
export function spelled(bytes: string): string {
  return bytes.replace(/[^!#$&-)+-[\]-~]/g, escaped);
}

export function escaped(byte: string): string {
  return `%${byte.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}`;
}

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
const digits = (n: number, count: number): string =>
  count === 0 ? "" : digits(n >> 6, count - 1) + (ALPHABET[n & 63] as string);

export function copy(from: number, length: number): string {
  return `*${digits(from, 3)}${digits(length, 2)}`;
}

const SHORTEST = 8;
const LONGEST = 4095;

/** Bytes said by copies of what stands earliest, as long as they can be. */
export function copied(bytes: string, start: string = DICTIONARY): string {
  const history = start + bytes;
  let steps = "";
  for (let at = start.length; at < history.length; ) {
    let length = SHORTEST;
    let from = -1;
    for (let next: number; length <= LONGEST && at + length <= history.length; length++) {
      next = history.indexOf(history.slice(at, at + length), Math.max(0, from));
      if (next + length > at) break;
      from = next;
    }
    steps += from < 0 ? spelled(history[at] as string) : copy(from, length - 1);
    at += from < 0 ? 1 : length - 1;
  }
  return steps;
}

/** A chain in the compact form. */
export function compactOf(chain: string): string {
  return MARK + copied(partsOf(chain));
}
