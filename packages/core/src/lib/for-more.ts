/** What to do where one of `limits` refused what was meant. Each side has limits of its own, so raising one of them helps nobody. */
export function forMore(limit: string, sides = "issuer and verifiers"): string {
  return `for more, set limits: { ${limit} } of ${sides} alike`;
}
