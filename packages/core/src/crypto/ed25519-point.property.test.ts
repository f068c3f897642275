import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { isUsableEd25519Point } from "./ed25519-point.ts";

// Just enough of edwards25519 (RFC 8032, section 5.1) to find the points of small order afresh, not copied.
const P = 2n ** 255n - 19n;
const ORDER = 2n ** 252n + 27742317777372353535851937790883648493n;
const mod = (a: bigint): bigint => ((a % P) + P) % P;
const power = (base: bigint, exponent: bigint): bigint => {
  let [result, square] = [1n, mod(base)];
  for (let e = exponent; e > 0n; e >>= 1n, square = mod(square * square)) if (e & 1n) result = mod(result * square);
  return result;
};
const inverse = (a: bigint): bigint => power(a, P - 2n);
const D = mod(-121665n * inverse(121666n));

interface Point {
  readonly x: bigint;
  readonly y: bigint;
}
const NEUTRAL: Point = { x: 0n, y: 1n };
const same = (a: Point, b: Point): boolean => a.x === b.x && a.y === b.y;
const add = (a: Point, b: Point): Point => {
  const twist = mod(D * a.x * b.x * a.y * b.y);
  return {
    x: mod((a.x * b.y + b.x * a.y) * inverse(1n + twist)),
    y: mod((a.y * b.y + a.x * b.x) * inverse(1n - twist)),
  };
};
const times = (n: bigint, point: Point): Point => {
  let [result, doubled] = [NEUTRAL, point];
  for (let e = n; e > 0n; e >>= 1n, doubled = add(doubled, doubled)) if (e & 1n) result = add(result, doubled);
  return result;
};
/** A point with this y, if there is one. */
const liftY = (y: bigint): Point | undefined => {
  const square = mod((y * y - 1n) * inverse(D * y * y + 1n));
  const root = power(square, (P + 3n) / 8n);
  const x = [root, mod(root * power(2n, (P - 1n) / 4n))].find((candidate) => mod(candidate * candidate) === square);
  return x === undefined ? undefined : { x, y };
};

/** The base point: y is 4/5, x is even. */
const baseY = mod(4n * inverse(5n));
const BASE: Point = [liftY(baseY) as Point].map(({ x, y }) => ({ x: x & 1n ? P - x : x, y }))[0] as Point;

/** 32 bytes, little endian, with the sign of x in the top bit. */
const encode = (y: bigint, sign: 0n | 1n): Uint8Array => {
  const hex = (y + (sign << 255n)).toString(16).padStart(64, "0");
  return Uint8Array.from(Buffer.from(hex, "hex").reverse());
};

/** The eight points of small order: multiples of some point of which only the torsion part is left. */
const torsion = (): readonly Point[] => {
  for (let y = 2n; ; y++) {
    const point = liftY(y);
    const small = point && times(ORDER, point);
    if (small === undefined || same(times(4n, small), NEUTRAL)) continue;
    return Array.from({ length: 8 }, (_, i) => times(BigInt(i), small));
  }
};
const encodePoint = ({ x, y }: Point): Uint8Array => encode(y, (x & 1n) as 0n | 1n);

/** The equation of RFC 8032, section 5.1.7, step 3, for a signature by nobody: R is the base point, S is one. */
const forgeryHolds = (key: Point, message: string): boolean => {
  const digest = createHash("sha512").update(encodePoint(BASE)).update(encodePoint(key)).update(message).digest();
  const k = BigInt(`0x${digest.reverse().toString("hex")}`) % ORDER;
  return same(BASE, add(BASE, times(same(times(8n, key), NEUTRAL) ? k % 8n : k, key)));
};

describe("an Ed25519 key", () => {
  it("is refused where it is one of the eight points of small order, in either sign of x", () => {
    const points = torsion();
    expect(new Set(points.map((point) => Buffer.from(encodePoint(point)).toString("hex"))).size).toBe(8);
    for (const point of points) {
      expect(times(8n, point)).toEqual(NEUTRAL);
      expect(isUsableEd25519Point(encode(point.y, 0n))).toBe(false);
      expect(isUsableEd25519Point(encode(point.y, 1n))).toBe(false);
    }
  });

  it("would, were it of small order, let one fixed signature that nobody made hold for many messages", () => {
    const messages = Array.from({ length: 24 }, (_, i) => `pay ${i} to mallory`);
    for (const point of torsion()) {
      const holds = messages.filter((message) => forgeryHolds(point, message)).length;
      // A verifier that only looks at the equation (OpenSSL 3.0 under Node 20 does) accepts these.
      expect(holds).toBeGreaterThan(0);
      if (same(point, NEUTRAL)) expect(holds).toBe(messages.length);
    }
    expect(messages.slice(0, 1).some((message) => forgeryHolds(times(7n, BASE), message))).toBe(false);
  });

  it("is refused in every encoding whose y is not below the prime, with either sign", () => {
    for (let y = P; y < 2n ** 255n; y++) {
      expect(isUsableEd25519Point(encode(y, 0n))).toBe(false);
      expect(isUsableEd25519Point(encode(y, 1n))).toBe(false);
    }
  });

  it("is accepted for the greatest y below the prime that is not of small order", () => {
    expect(isUsableEd25519Point(encode(P - 1n, 0n))).toBe(false); // the point of order two
    expect(isUsableEd25519Point(encode(P - 2n, 0n))).toBe(true);
    expect(isUsableEd25519Point(encode(2n, 1n))).toBe(true);
  });

  it("is refused where it is not 32 bytes", () => {
    const base = encodePoint(BASE);
    expect(isUsableEd25519Point(base)).toBe(true);
    expect(isUsableEd25519Point(base.subarray(1))).toBe(false);
    expect(isUsableEd25519Point(Uint8Array.of(...base, 0))).toBe(false);
    expect(isUsableEd25519Point(new Uint8Array())).toBe(false);
  });
});
