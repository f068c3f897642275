/** Keys and signatures that come out the same each time. For vectors only: whoever reads this has every private key. */
import {
  createECDH,
  createHash,
  createHmac,
  createPrivateKey,
  createPublicKey,
  type KeyObject,
  sign,
} from "node:crypto";
import type { Jwk } from "./vector.ts";

export interface Key {
  readonly name: string;
  readonly alg: "Ed25519" | "ES256";
  readonly publicJwk: Jwk;
  readonly privateJwk: Jwk;
  readonly thumbprint: string;
  sign(input: string): Buffer;
}

export const base64url = (data: string | Uint8Array): string => Buffer.from(data).toString("base64url");
export const sha256 = (data: string | Uint8Array): Buffer => createHash("sha256").update(data).digest();

/** 16 bytes, base64url, made of a name. */
export const id = (name: string): string => base64url(sha256(`id ${name}`).subarray(0, 16));

const seedOf = (name: string): Buffer => sha256(`hopwise test vector key: ${name}`);
const PKCS8_ED25519 = Buffer.from("302e020100300506032b657004220420", "hex");

export function ed25519Key(name: string): Key {
  const seed = seedOf(name);
  const handle = createPrivateKey({ key: Buffer.concat([PKCS8_ED25519, seed]), format: "der", type: "pkcs8" });
  const { x } = publicMembers(handle);
  const publicJwk: Jwk = { kty: "OKP", crv: "Ed25519", x };
  return {
    name,
    alg: "Ed25519",
    publicJwk,
    privateJwk: { ...publicJwk, d: base64url(seed) },
    thumbprint: thumbprint(publicJwk),
    sign: (input) => sign(null, Buffer.from(input, "latin1"), handle),
  };
}

const P_25519 = 2n ** 255n - 19n;
/** The order of the group that Ed25519's base point makes. */
const ORDER_25519 = 2n ** 252n + 27742317777372353535851937790883648493n;

/**
 * A key that is the sum of an honest one and of the point of order 2, so that it is not of small order itself. Its signatures
 * hold if the hash in them is even; with the cofactor, which takes the point of order 2 out, all do.
 *
 * @param even which of both it makes. A hash is so before and after it is reduced
 */
export function mixedKey(name: string, even: boolean): Key {
  const own = ed25519Key(name);
  // (x, y) and (0, -1) are (-x, -y); the top bit says whether x is odd.
  const honest = fromLittleEndian(Buffer.from(own.publicJwk.x, "base64url"));
  const point = littleEndian(P_25519 - (honest & MASK) + ((honest ^ SIGN) & SIGN));
  const publicJwk: Jwk = { ...own.publicJwk, x: base64url(point) };
  const sign = (input: string): Buffer => {
    for (let i = 0; ; i++) {
      const nonce = ed25519Key(`${name} ${even} ${i} ${input}`);
      const r = Buffer.from(nonce.publicJwk.x, "base64url");
      const hash = fromLittleEndian(sha512(Buffer.concat([r, point, Buffer.from(input, "latin1")])));
      const wanted = even ? 0n : 1n;
      if (hash % 2n !== wanted || (hash % ORDER_25519) % 2n !== wanted) continue;
      return Buffer.concat([r, littleEndian((scalarOf(nonce) + hash * scalarOf(own)) % ORDER_25519)]);
    }
  };
  return { ...own, publicJwk, thumbprint: thumbprint(publicJwk), sign };
}

const SIGN = 2n ** 255n;
const MASK = SIGN - 1n;
const sha512 = (data: Uint8Array): Buffer => createHash("sha512").update(data).digest();
const fromLittleEndian = (bytes: Uint8Array): bigint => toBigInt(Buffer.from(bytes).reverse());

/** RFC 8032, section 5.1.5: the number that a key of Ed25519 stands for. */
function scalarOf({ privateJwk }: Key): bigint {
  const half = fromLittleEndian(sha512(Buffer.from(privateJwk.d as string, "base64url")).subarray(0, 32));
  return (half & (2n ** 254n - 8n)) | (2n ** 254n);
}

export function p256Key(name: string): Key {
  const secret = bytes32((toBigInt(seedOf(name)) % (ORDER - 1n)) + 1n);
  const point = publicPoint(secret);
  const publicJwk: Jwk = { kty: "EC", crv: "P-256", x: base64url(point.x), y: base64url(point.y) };
  return {
    name,
    alg: "ES256",
    publicJwk,
    privateJwk: { ...publicJwk, d: base64url(secret) },
    thumbprint: thumbprint(publicJwk),
    sign: (input) => signP256(secret, input),
  };
}

/** RFC 7638. */
export function thumbprint({ kty, crv, x, y }: Jwk): string {
  return base64url(sha256(JSON.stringify({ crv, kty, x, ...(y !== undefined && { y }) })));
}

function publicMembers(handle: KeyObject): { x: string } {
  return createPublicKey(handle).export({ format: "jwk" }) as { x: string };
}

/** The order of P-256's group. */
export const ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;

/** ECDSA with a nonce made of key and text, so that the files come out the same each time. */
function signP256(secret: Buffer, input: string): Buffer {
  const k = (toBigInt(createHmac("sha256", secret).update(input).digest()) % (ORDER - 1n)) + 1n;
  const r = toBigInt(publicPoint(bytes32(k)).x) % ORDER;
  const s = (inverse(k) * (toBigInt(sha256(input)) + r * toBigInt(secret))) % ORDER;
  return Buffer.concat([bytes32(r), bytes32(s)]);
}

/** The other s that verifies as well. */
export function otherSignature(signature: Buffer): Buffer {
  return Buffer.concat([signature.subarray(0, 32), bytes32(ORDER - toBigInt(signature.subarray(32)))]);
}

/**
 * Another key by which an ES256 signature verifies: that of the point with the same x and the other y. The private key makes it
 * short; whoever has none makes that key of text and signature by arithmetic of points.
 */
export function keyMadeFor(compact: string, { privateJwk }: Key): Jwk {
  const at = compact.lastIndexOf(".");
  const r = toBigInt(Buffer.from(compact.slice(at + 1), "base64url").subarray(0, 32));
  const own = toBigInt(Buffer.from(privateJwk.d as string, "base64url"));
  const twice = (2n * toBigInt(sha256(compact.slice(0, at))) * inverse(r)) % ORDER;
  const { x, y } = publicPoint(bytes32((2n * ORDER - own - twice) % ORDER));
  return { kty: "EC", crv: "P-256", x: base64url(x), y: base64url(y) };
}

function publicPoint(secret: Buffer): { x: Buffer; y: Buffer } {
  const ecdh = createECDH("prime256v1");
  ecdh.setPrivateKey(secret);
  const point = ecdh.getPublicKey();
  return { x: point.subarray(1, 33), y: point.subarray(33) };
}

/** Fermat: a^(ORDER - 2). */
function inverse(a: bigint): bigint {
  let result = 1n;
  let base = a % ORDER;
  for (let e = ORDER - 2n; e > 0n; e >>= 1n) {
    if (e & 1n) result = (result * base) % ORDER;
    base = (base * base) % ORDER;
  }
  return result;
}

export const toBigInt = (bytes: Uint8Array): bigint => BigInt(`0x${Buffer.from(bytes).toString("hex")}`);
export const bytes32 = (value: bigint): Buffer => Buffer.from(value.toString(16).padStart(64, "0"), "hex");
/** 32 bytes, little endian, as Ed25519 has them. */
export const littleEndian = (value: bigint): Buffer => bytes32(value).reverse();
