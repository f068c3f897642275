import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseAddress } from "./address.ts";

/** What the URL parser of the platform writes for a host, if that is an address. */
function spelledByUrl(text: string): string | undefined {
  const host = text.includes(":") ? `[${text}]` : text;
  if (!URL.canParse(`http://${host}/`)) return undefined;
  const { hostname } = new URL(`http://${host}/`);
  return /^(?:\[.*\]|[0-9]+(?:\.[0-9]+){3})$/.test(hostname) ? hostname.replace(/^\[|\]$/g, "") : undefined;
}

const group = fc.oneof(
  fc.constantFrom("0", "0", "1", "00", "ffff", "FFFF", "abc", "10000", ""),
  fc.nat(0xffff).map((n) => n.toString(16)),
);
const six = fc
  .tuple(fc.array(group, { maxLength: 8 }), fc.array(group, { maxLength: 8 }), fc.boolean())
  .map(([head, tail, gap]) => (gap ? `${head.join(":")}::${tail.join(":")}` : [...head, ...tail].join(":")));
const decimal = fc.oneof(fc.nat(300).map(String), fc.constantFrom("0", "00", "01", "0x1", "", "255", "1e1"));
const four = fc.array(decimal, { minLength: 1, maxLength: 5 }).map((parts) => parts.join("."));
const whole = fc.oneof(fc.ipV4(), fc.ipV6());

describe("an address", () => {
  it("is read in the one spelling in which the platform's URL parser writes it, and in no other", () => {
    let read = 0;
    const property = fc.property(fc.oneof(six, four, whole), (text) => {
      const spelled = spelledByUrl(text);
      const mapped = spelled?.startsWith("::ffff:") && spelled.split(":").length === 5;
      expect(parseAddress(text) !== undefined, text).toBe(spelled === text && !mapped);
      if (spelled === undefined || mapped) return;
      read++;
      const address = parseAddress(spelled);
      expect(address?.size, spelled).toBe(spelled.includes(":") ? 128 : 32);
    });
    fc.assert(property, { numRuns: 5000 });
    expect(read).toBeGreaterThan(1000);
  });

  it("is the number that its bits are", () => {
    expect(parseAddress("1.2.3.4")).toEqual({ size: 32, number: 0x01020304n });
    expect(parseAddress("255.255.255.255")).toEqual({ size: 32, number: 0xffffffffn });
    expect(parseAddress("2001:db8::1:0:0:1")).toEqual({ size: 128, number: 0x20010db8000000000001000000000001n });
    expect(parseAddress("::")).toEqual({ size: 128, number: 0n });
  });
});
