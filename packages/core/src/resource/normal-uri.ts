/**
 * Whether a URI is written in the one way in which URL parsers write it, and no character is percent-encoded that RFC 3986
 * (section 2.3) leaves as it is, or in other letters than RFC 6570's. `file:///a/../b` and `file:///%62` are `file:///b`: who is
 * denied the one must not get it as the other.
 */
export function isNormalUri(uri: string): boolean {
  if (typeof uri !== "string") return false;
  if (URL.canParse(uri) && new URL(uri).href !== uri) return false;
  return !uri.replace(CODES, (codes) => (decodedOnce(codes) === undefined ? codes : "")).includes("%");
}

const CODES = /(?:%..)+/gs;

/** Undefined for what RFC 6570 would not have written for the decoded text, so that no two texts mean the same. */
export function decodedOnce(written: string): string | undefined {
  try {
    const value = decodeURIComponent(written);
    const again = encodeURIComponent(value).replace(
      /[!'()*]/g,
      (it) => `%${it.charCodeAt(0).toString(16).toUpperCase()}`,
    );
    return again === written ? value : undefined;
  } catch {
    return undefined;
  }
}
