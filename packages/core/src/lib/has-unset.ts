/**
 * Whether an address or a path was put together with an environment variable that is not set, as
 * `https://${process.env.HOST}/mcp` is then. Whoever starts such a program means another one.
 */
export function hasUnset(text: string): boolean {
  return /(?<![A-Za-z0-9])undefined(?![A-Za-z0-9])/.test(text);
}

/** Whether something invisible stands around an address or a path, as where it was read from a file that ends with a line. */
export function hasSpaceAround(text: string): boolean {
  return text.trim() !== text;
}
