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
