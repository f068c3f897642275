/** Addresses and ranges of them, as texts of bits: of the model, and no code of the library. */

/** "The first so many bits are those of the range": of texts of 0 and 1. */
export function isInRange(text: string, range: string): boolean {
  const [start = "", bits] = range.split("/");
  const [own, its] = [bitsOf(text), bitsOf(start)];
  const length = own?.length === its?.length ? Number(bits) : Number.NaN;
  return own !== undefined && own.slice(0, length) === its?.slice(0, length) && !Number.isNaN(length);
}

/** "In the one spelling of the WHATWG URL parser, never an address of IPv4 in one of IPv6." */
function bitsOf(text: string): string | undefined {
  const url = text.includes(":") ? `http://[${text}]/` : `http://${text}/`;
  if (!/^[0-9a-f.:]+$/.test(text) || !URL.canParse(url) || new URL(url).href !== url) return undefined;
  if (!text.includes(":"))
    return text
      .split(".")
      .map((byte) => Number(byte).toString(2).padStart(8, "0"))
      .join("");
  const [head = [], tail = []] = text.split("::").map((half) => half.split(":").filter((group) => group !== ""));
  const gap = Array<string>(8 - head.length - tail.length).fill("0");
  const groups = [...head, ...gap, ...tail].map((group) => Number.parseInt(group, 16).toString(2).padStart(16, "0"));
  const bits = groups.join("");
  return bits.startsWith(`${"0".repeat(80)}${"1".repeat(16)}`) ? undefined : bits;
}
