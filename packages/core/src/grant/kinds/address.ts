/** An address of IPv4 or IPv6 as a number. */
export interface Address {
  /** How many bits an address of its family has. */
  readonly size: 32 | 128;
  readonly number: bigint;
}

const DECIMAL = /^(?:0|[1-9][0-9]{0,2})(?:\.(?:0|[1-9][0-9]{0,2})){3}$/;
const HEXADECIMAL = /^[0-9a-f]{0,4}(?::[0-9a-f]{0,4}){2,8}$/;
const GROUPS = 8;

/**
 * Reads an address in the one spelling in which the WHATWG URL parser writes it, without the brackets: other spellings
 * (`127.1`, `0x7f.0.0.1`, `010.0.0.1`, `::0001`, upper case, a zone) are read by each program in its own way. Nor is an
 * address of IPv4 inside IPv6 (`::ffff:…`) one: a program that unpacks it would be where no range of IPv6 says.
 */
export function parseAddress(text: string): Address | undefined {
  if (DECIMAL.test(text)) return parseDecimal(text);
  if (!HEXADECIMAL.test(text)) return undefined;
  const groups = groupsOf(text);
  if (groups === undefined || spell(groups) !== text) return undefined;
  const number = BigInt(`0x${groups.map((group) => group.toString(16).padStart(4, "0")).join("")}`);
  return number >> 32n === 0xffffn ? undefined : { size: 128, number };
}

function parseDecimal(text: string): Address | undefined {
  const bytes = text.split(".").map(Number);
  if (bytes.some((byte) => byte > 255)) return undefined;
  return { size: 32, number: BigInt(bytes.reduce((sum, byte) => sum * 256 + byte, 0)) };
}

/**
 * The eight groups, with those that `::` leaves out; undefined where there are not eight. Of what is no address they may be any:
 * it is not spelt as they are.
 */
function groupsOf(text: string): readonly number[] | undefined {
  const halves = text
    .split("::")
    .map((half) => (half === "" ? [] : half.split(":").map((group) => Number.parseInt(group, 16))));
  const head = halves[0] as readonly number[];
  const tail = halves[1];
  const left = GROUPS - head.length - (tail?.length ?? 0);
  const groups = tail === undefined ? head : [...head, ...Array<number>(Math.max(left, 0)).fill(0), ...tail];
  return groups.length === GROUPS ? groups : undefined;
}

/** The shortest spelling: no leading zeros, and `::` for the first of the longest runs of two or more zeros. */
function spell(groups: readonly number[]): string {
  const words = groups.map((group) => group.toString(16));
  for (let length = GROUPS; length >= 2; length--) {
    for (let at = 0; at + length <= GROUPS; at++) {
      if (groups.slice(at, at + length).every((group) => group === 0)) {
        return `${words.slice(0, at).join(":")}::${words.slice(at + length).join(":")}`;
      }
    }
  }
  return words.join(":");
}
