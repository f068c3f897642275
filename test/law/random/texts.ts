/** Mutations of text: of its characters, of compact tokens and their segments, of JSON as it is spelled. */
import type { Source } from "./source.ts";

const CHARACTERS = [...'abzABZ019-_.~=+/{}[]",:\\ \t\n\r\u0000\u0001\u007fé\u2028\ufeff\ud800\udfff😀'];
const LONGEST = 80_000;

/** Changes characters: one or a few of them, or a piece of the text. */
export function mutateText(text: string, source: Source): string {
  if (text === "") return source.pick(CHARACTERS);
  const at = source.below(text.length);
  const to = Math.min(text.length, at + 1 + source.below(source.oneIn(3) ? 40 : 3));
  const head = text.slice(0, at);
  const piece = text.slice(at, to);
  switch (source.below(9)) {
    case 0:
      return head + text.slice(to);
    case 1:
      return head + piece + piece + text.slice(to);
    case 2:
      return head + source.pick(CHARACTERS) + text.slice(at);
    case 3:
      return head + source.pick(CHARACTERS) + text.slice(at + 1);
    case 4:
      return head + String.fromCharCode(text.charCodeAt(at) ^ (1 << source.below(8))) + text.slice(at + 1);
    case 5:
      return head;
    case 6:
      return (
        head +
        text
          .slice(at, at + 2)
          .split("")
          .reverse()
          .join("") +
        text.slice(at + 2)
      );
    case 7:
      return head + piece.toUpperCase() + text.slice(to);
    default: {
      // Now and then far beyond every limit.
      const times = source.oneIn(20) ? Math.floor(LONGEST / (piece.length + 1)) : 1 + source.below(20);
      return (head + piece.repeat(times) + text.slice(to)).slice(0, LONGEST);
    }
  }
}

export function encodeText(text: string | Uint8Array): string {
  return Buffer.from(text as string).toString("base64url");
}

export function decodeText(segment: string): string {
  return Buffer.from(segment, "base64url").toString();
}

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/** Another spelling of a base64url segment: padding, the other alphabet, white space, stray bits. */
function respell(segment: string, source: Source): string {
  switch (source.below(6)) {
    case 0:
      return `${segment}${"=".repeat(1 + source.below(3))}`;
    case 1:
      return segment.replaceAll("-", "+").replaceAll("_", "/");
    case 2:
      return `${segment.slice(0, 5)}${source.pick([" ", "\n", "\r\n", "\t"])}${segment.slice(5)}`;
    case 3: {
      // The last character has bits that no byte takes; others than zero are another spelling of the same bytes.
      const last = ALPHABET.indexOf(segment.at(-1) ?? "A");
      return segment.slice(0, -1) + (ALPHABET[(last ^ (1 + source.below(3))) % 64] ?? "A");
    }
    case 4:
      return encodeText(segment);
    default:
      return segment.slice(0, segment.length - 1 - source.below(3));
  }
}

/** Moves, drops, doubles and respells the three segments of a compact token, or takes one of another token. */
export function mutateSegments(token: string, others: readonly string[], source: Source): string {
  const segments = token.split(".");
  const at = source.below(segments.length);
  const own = segments[at] as string;
  switch (source.below(6)) {
    case 0:
      return segments.toSpliced(at, 1, source.pick(source.pick(others).split("."))).join(".");
    case 1:
      return segments.toSpliced(at, 1, source.pick(others).split(".")[at] ?? "").join(".");
    case 2:
      return segments.toSpliced(at, 1).toSpliced(source.below(3), 0, own).join(".");
    case 3:
      return segments.toSpliced(at, source.below(2), own, source.pick(["", own])).join(".");
    case 4:
      return segments.toSpliced(at, 1).join(".");
    default:
      return segments.toSpliced(at, 1, respell(own, source)).join(".");
  }
}

const NUMBERS = [
  "1.0",
  "1e0",
  "10e-1",
  "-0",
  "0.0",
  "1e400",
  "-1e400",
  "9007199254740993",
  "1e309",
  "01",
  "+1",
  "1.",
  ".5",
];
const OTHERS = [
  "NaN",
  "Infinity",
  "undefined",
  "null",
  "True",
  "'a'",
  '"\\u0000"',
  '"\\ud800"',
  '"\\udc00\\ud800"',
  "0x10",
  "1_000",
];

/** Spells JSON in another way, or in a way that only some readers let pass. */
export function respellJson(text: string, source: Source): string {
  const members = [...text.matchAll(/"(?:[^"\\]|\\.)*":/g)];
  const member = members.length === 0 ? undefined : source.pick(members);
  const at = member?.index ?? 0;
  const name = member?.[0] ?? '"a":';
  switch (source.below(14)) {
    case 0: // a second member of the same name, before or after
      return `${text.slice(0, at)}${name}${source.pick(["1", '"x"', "{}", "null"])},${text.slice(at)}`;
    case 1: // the same name, spelled with an escape
      return text.slice(0, at) + escapeOne(name, source) + text.slice(at + name.length);
    case 2:
      return `${text.slice(0, at)}"__proto__":${source.pick(["{}", '{"alg":"none"}', "null"])},${text.slice(at)}`;
    case 3:
      return `\ufeff${text}`;
    case 4:
      return text.replace(/-?\d+/, source.pick(NUMBERS));
    case 5:
      return text.replace(/:(?:\d+|"[^"]*"|true|false|null)/, `:${source.pick([...NUMBERS, ...OTHERS])}`);
    case 6: // white space, that of JSON and that of others
      return text.replaceAll(
        source.pick([",", ":", "{", "}"]),
        (c) => `${c}${source.pick([" ", "\n", "\t", "\u00a0", "\v"])}`,
      );
    case 7:
      return text + source.pick([" ", "\n", "\0", "{}", ",", "//", "/**/"]);
    case 8:
      return text.replace(/[,]([}\]])|([}\]])/, ",$1$2");
    case 9: {
      const depth = source.oneIn(2) ? 11 + source.below(8) : 1 + source.below(source.oneIn(8) ? 20_000 : 40);
      return text.replace(/:/, `:${"[".repeat(depth)}1${source.oneIn(3) ? "" : "]".repeat(depth)},"deep":`);
    }
    case 10: // an object within an object within an object
      return `${'{"a":'.repeat(1 + source.below(40))}${text}`;
    case 11:
      return escapeOne(text, source);
    case 12:
      return text.replace(
        /"([^"]*)"/,
        `"$1${source.pick(["\\u0000", "\\u200b", "\\ud83d\\ude00", "\\ud83d", "é", "e\\u0301"])}"`,
      );
    default:
      return mutateText(text, source);
  }
}

/** Spells one letter as a unicode escape: the same text to every reader of JSON. */
function escapeOne(text: string, source: Source): string {
  const letters = [...text.matchAll(/[A-Za-z_]/g)];
  if (letters.length === 0) return text;
  const { index } = source.pick(letters);
  const code = text.charCodeAt(index).toString(16).padStart(4, "0");
  return `${text.slice(0, index)}\\u${source.oneIn(2) ? code : code.toUpperCase()}${text.slice(index + 1)}`;
}
