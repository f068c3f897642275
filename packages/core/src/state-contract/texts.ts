/** Texts that a store may mix up, cut or refuse. Each is another one than all others. */
export const ODD_TEXTS: readonly string[] = [
  "",
  " ",
  "a",
  "A",
  "a ",
  "a\0",
  "a\0b",
  "a'b",
  'a"b',
  "a;b--",
  "a:b",
  "{a}b",
  "a\\b",
  "a%_*?[b]",
  "a\r\nb",
  "null",
  "0",
  "00",
  "\u00e9", // one character
  "e\u0301", // two, which look the same
  "\u2028",
  "\ud83d\ude00",
  "x".repeat(1000),
  `${"x".repeat(999)}y`,
  "\uffff".repeat(1000),
];

/** Texts with half a character, which many stores cannot keep, and would make the same. */
export const HALF_TEXTS: readonly string[] = ["a\ud800", "a\ud801", "\udc00a"];

/** A name that nobody had before. */
export function newName(): string {
  return crypto.randomUUID();
}
