/**
 * The headers that a function of the host's gives, by their names in small letters: an object, or what `fetch` takes besides. Of a
 * `Headers` nothing would be seen as an object, and a text has a member for each character: the request would go out without
 * the host's credentials, and nobody would be told.
 *
 * @throws what the function throws, and a `TypeError` for what can be no headers
 */
export async function hostHeaders(headers: (() => unknown) | undefined): Promise<{ readonly [name: string]: string }> {
  const given = await headers?.();
  try {
    return Object.fromEntries(new Headers(given as Record<string, string> | undefined));
  } catch {
    // Its own words would quote the credentials.
    throw new TypeError("what it gave can be no headers");
  }
}
