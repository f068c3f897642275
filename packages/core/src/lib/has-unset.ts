/**
 * Whether an address or a path was put together with an environment variable that is not set, as
 * `https://${process.env.HOST}/mcp` is then. Whoever starts such a program means another one.
 */
export function hasUnset(text: string): boolean {
  return /(?<![A-Za-z0-9])undefined(?![A-Za-z0-9])/.test(text);
}
