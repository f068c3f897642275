const FOR_MORE = "for more, set limits: ";

/** What to do where one of `limits` refused what was meant. Each side has limits of its own, so raising one of them helps nobody. */
export function forMore(limit: string, sides = "issuer and verifiers"): string {
  return `${FOR_MORE}{ ${limit} } of ${sides} alike`;
}

/** Whether a text says that. */
export function saysForMore(text: string): boolean {
  return text.includes(FOR_MORE);
}
