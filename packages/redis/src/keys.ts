import { createHash } from "node:crypto";

/**
 * Keys that are changed in one step, and the mark of their store: they share a hash tag, and so a slot and a server. In a
 * cluster a script sees the mark where it sees the rest, also while slots move.
 */
export interface Tag {
  /** With its braces, as all keys of it begin. */
  readonly text: string;
  /** The slot of a cluster. */
  readonly slot: number;
}

/** The tags of one store. Users are spread over them: all that belongs to one user lies under one tag. */
export interface Tags {
  /** All of them: each has a mark. */
  readonly marked: readonly Tag[];
  readonly approvals: Tag;
  readonly revocations: Tag;
  /** @param owner a user, or what is nobody's */
  of(owner: string): Tag;
}

/** So many parts a cluster can spread users over; each is one script more to look at. */
const PARTS = 32;

export function tagsOf(prefix: string): Tags {
  const parts = Array.from({ length: PARTS }, (_, n) => tagOf(`${prefix}:${n}`));
  const approvals = tagOf(`${prefix}:approvals`);
  const revocations = tagOf(`${prefix}:revocations`);
  return {
    marked: [...parts, approvals, revocations],
    approvals,
    revocations,
    of: (owner) => parts[createHash("sha256").update(owner).digest().readUInt32BE() % PARTS] as Tag,
  };
}

function tagOf(name: string): Tag {
  return { text: `{${name}}`, slot: slotOf(name) };
}

/** A short name for whatever texts: 22 characters, as many as hold 128 bits. */
export function nameOf(...texts: readonly string[]): string {
  return createHash("sha256").update(JSON.stringify(texts)).digest("base64url").slice(0, 22);
}

const SLOTS = 16_384;

/** As Redis has it: CRC16 (XMODEM) of what stands in the braces. */
function slotOf(name: string): number {
  let crc = 0;
  for (const byte of Buffer.from(name)) {
    crc ^= byte << 8;
    for (let bit = 0; bit < 8; bit++) crc = ((crc << 1) ^ (crc & 0x8000 ? 0x1021 : 0)) & 0xffff;
  }
  return crc % SLOTS;
}
