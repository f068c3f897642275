/**
 * The y coordinates, little endian, of the eight points of small order. For such a key one fixed signature verifies for
 * many messages, so anyone could sign for a token that names it (Chalkias et al., "Taming the many EdDSAs").
 */
const SMALL_ORDER_Y: readonly (readonly number[])[] = [
  "0000000000000000000000000000000000000000000000000000000000000000",
  "0100000000000000000000000000000000000000000000000000000000000000",
  "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
  "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
  "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
].map((hex) => Array.from({ length: 32 }, (_, i) => Number.parseInt(hex.slice(2 * i, 2 * i + 2), 16)));

/** Whether 32 bytes are the canonical encoding of a point whose order is not small (RFC 8032, section 5.1.3). */
export function isUsableEd25519Point(bytes: Uint8Array): boolean {
  if (bytes.length !== 32) return false;
  const y = Uint8Array.from(bytes);
  y[31] = (y[31] as number) & 0x7f; // the top bit is the sign of x
  return isBelowPrime(y) && !SMALL_ORDER_Y.some((small) => small.every((byte, i) => byte === y[i]));
}

/** y < 2^255 - 19: a second encoding of the same point would have a second thumbprint. */
function isBelowPrime(y: Uint8Array): boolean {
  const upperAllOnes = y[31] === 0x7f && y.subarray(1, 31).every((byte) => byte === 0xff);
  return !upperAllOnes || (y[0] as number) < 0xed;
}
