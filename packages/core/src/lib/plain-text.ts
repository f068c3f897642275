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

/** A token, or the beginning of one: three segments of base64url, of which the first is a JSON object. Or compact. */
const TOKEN = /eyJ[\w-]{8,}(?:\.[\w-]*){1,2}|\*hw\d[!#-[\]-~]{8,}/g;

/** A text in which a word stands for each token; what is no text at all is shown as `?`. */
export function withoutTokens(text: string): string {
  if (typeof text !== "string") return "?";
  return text.replace(TOKEN, "(a token)");
}

/**
 * What nobody sees in a name, or sees as another: control and direction marks, letters without a shape, odd spaces. Unicode
 * counts four signs without a shape elsewhere: the empty braille cell, what stands for an object, a filler, an empty note.
 */
const HIDDEN =
  /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\u2800\ufffc\u{16fe4}\u{1d159}]|(?! )\p{Zs}/u;

/** Why a name looks like another one; undefined where it is what it looks like. */
export function hiddenInName(name: string): string | undefined {
  const isHidden = HIDDEN.test(name) || name.startsWith(" ") || name.endsWith(" ");
  return isHidden ? "it has a character that nobody sees, or a space at an end" : undefined;
}

const ESCAPED = new RegExp(`${HIDDEN.source}|^ +| +$|\\\\(?=u)`, "gu");

/**
 * A name that came from elsewhere, safe to print, in which two names stay two: what nobody would see in it is written as
 * `\u200b`.
 */
export function plainName(name: string): string {
  return plainText(name.replace(ESCAPED, (hidden) => hidden.split("").map(unitOf).join("")));
}

function unitOf(unit: string): string {
  return `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`;
}
