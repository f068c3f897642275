// By shifts: a compiler for older engines makes `Math.pow` of powers, which takes no such number.
const P = (1n << 256n) - (1n << 224n) + (1n << 192n) + (1n << 96n) - 1n;
const B = 0x5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604bn;

/**
 * Whether two coordinates of 32 bytes are a point of the curve P-256 (SEC 1, section 3.2.2.1): y² = x³ - 3x + b. Its
 * cofactor is 1, so that each of its points is of full order. For keys that must be checked at once; importing a key
 * checks it, too.
 */
export function isP256Point(x: Uint8Array, y: Uint8Array): boolean {
  const [u, v] = [numberOf(x), numberOf(y)];
  return u < P && v < P && (v * v - (u * u * u - 3n * u + B)) % P === 0n;
}

function numberOf(bytes: Uint8Array): bigint {
  return bytes.reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
}
