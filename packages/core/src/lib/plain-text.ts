const MAX_LENGTH = 500;

/**
 * Text that came from elsewhere (a model's arguments in a policy's reason, a tool's name in a request) made safe to
 * print: no control characters, no line breaks, no invisible direction marks reach a terminal, a log or a prompt.
 */
export function plainText(text: string): string {
  const safe = text.replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]+/gu, " ").trim();
  if (safe.length <= MAX_LENGTH) return safe;
  return `${safe.slice(0, MAX_LENGTH).replace(/\p{Cs}$/u, "")}…`; // not half of a character
}
