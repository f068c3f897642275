const MAX_LENGTH = 500;

/**
 * Text that came from elsewhere (a model's arguments in a policy's reason, a tool's name in a request) made safe to
 * print: no control characters, no line breaks, no invisible direction marks reach a terminal, a log or a prompt. What is no text at
 * all is shown as `?`.
 */
export function plainText(text: string): string {
  if (typeof text !== "string") return "?";
  const safe = text.replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]+/gu, " ").trim();
  if (safe.length <= MAX_LENGTH) return safe;
  return `${safe.slice(0, MAX_LENGTH).replace(/\p{Cs}$/u, "")}…`; // not half of a character
}

/** A compact chain, or the beginning of one. */
const COMPACT = /\*hw\d[!#-[\]-~]{8,}/g;
/** What tokens are made of, with the dots between their segments. */
const SEGMENTS = /[\w.-]+/g;

/** A text in which a word stands for each token; what is no text at all is shown as `?`. */
export function withoutTokens(text: string): string {
  if (typeof text !== "string") return "?";
  return text.replace(COMPACT, A_TOKEN).replace(SEGMENTS, withoutToken);
}

const A_TOKEN = "(a token)";
const OBJECT = "eyJ";

/**
 * A token, or the beginning of one, is up to three segments of base64url, of which the first is a JSON object. One expression for
 * it would read on from each place where one could begin: a minute of work for 64 KB that somebody chose.
 */
function withoutToken(written: string): string {
  const kept: string[] = [];
  const segments = written.split(".");
  for (let i = 0; i < segments.length; i++) {
    const segment = segments[i] as string;
    const at = segment.indexOf(OBJECT);
    const isToken = at !== -1 && segment.length - at >= OBJECT.length + 8 && i + 1 < segments.length;
    kept.push(isToken ? segment.slice(0, at) + A_TOKEN : segment);
    if (isToken) i += 2;
  }
  return kept.join(".");
}

/**
 * What nobody sees in a name, or sees as another: control and direction marks, letters without a shape, odd spaces. Unicode
 * counts four signs without a shape elsewhere: the empty braille cell, what stands for an object, a filler, an empty note.
 */
const HIDDEN =
  /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\u2800\ufffc\u{16fe4}\u{1d159}]|(?! )\p{Zs}/u;

/** Why a name looks like another one; undefined where it is what it looks like. */
export function hiddenInName(name: string): string | undefined {
  // Before it is searched: it may be of megabytes, and would be so in every record.
  if (name.length > MAX_LENGTH) return `it is longer than ${MAX_LENGTH} characters, and no more of it is shown`;
  const isHidden = HIDDEN.test(name) || name.startsWith(" ") || name.endsWith(" ");
  return isHidden ? "it has a character that nobody sees, or a space at an end" : undefined;
}

const ESCAPED = new RegExp(`${HIDDEN.source}|^ +| +$|\\\\(?=u)`, "gu");

/**
 * A name that came from elsewhere, safe to print, in which two names stay two: what nobody would see in it is written as
 * `\u200b`.
 */
export function plainName(name: string): string {
  // No more than is shown: who chose the name may have chosen a megabyte.
  const shown = name.slice(0, MAX_LENGTH + 1);
  return plainText(shown.replace(ESCAPED, inUnits));
}

const EVERY_HIDDEN = new RegExp(HIDDEN.source, "gu");

/**
 * What somebody signs, safe to print: nothing of it is cut off or left out, and what nobody would see in it is written as
 * `\u200b`, as JSON has it. What is no text at all is shown as `?`.
 */
export function wholeText(text: string): string {
  return typeof text === "string" ? text.replace(EVERY_HIDDEN, inUnits) : "?";
}

function inUnits(hidden: string): string {
  const units = hidden.split("").map((unit) => unit.charCodeAt(0).toString(16).padStart(4, "0"));
  return units.map((unit) => `\\u${unit}`).join("");
}
