import { wideningAt } from "../comparison.ts";
import { listAt, memberAt, type Place, refuse, textAt } from "../reading.ts";
import { type Address, parseAddress } from "./address.ts";
import type { Kind } from "./kind.ts";

/** An address of IPv4 or IPv6 inside one of these ranges (`10.0.0.0/8`, `2001:db8::/32`). */
export interface CidrConstraint {
  readonly constraint_type: "cidr";
  readonly ranges: readonly string[];
}

/**
 * An address of IPv4 or IPv6 inside one of these ranges, in its one spelling: `127.1`, `010.0.0.1`, upper case, a zone and
 * addresses of IPv4 inside IPv6 (`::ffff:10.0.0.1`) are refused. It judges an address, and no name: for the host of a URL
 * use `url`.
 */
export function cidr(...ranges: readonly string[]): CidrConstraint {
  return { constraint_type: "cidr", ranges };
}

const ADDRESS_STEPS = 4;

export const cidrKind: Kind<CidrConstraint> = {
  type: "cidr",
  members: ["ranges"],
  parse: (source) => ({ constraint_type: "cidr", ranges: listAt(memberAt(source, "ranges"), 1).map(rangeAt) }),
  cost: ({ ranges }) => ADDRESS_STEPS + ranges.length,
  passes: ({ ranges }, value) => {
    const address = typeof value === "string" ? parseAddress(value) : undefined;
    return address !== undefined && ranges.some((range) => isInside(address, parseRange(range)));
  },
  narrower: (parent, child, pointer) => {
    // Each is read once, and not once for each of the others: nested clauses compare thousands of such lists.
    const [ranges, above] = [child.ranges.map(parseRange), parent.ranges.map(parseRange)];
    const outside = child.ranges.find((_, i) => !above.some((parentRange) => isWithin(ranges[i], parentRange)));
    if (outside === undefined) return undefined;
    return wideningAt(pointer, "ranges", "a range stays inside one of its parent's", parent.ranges, outside);
  },
  words: ({ ranges }) => `an address in ${ranges.join(" or ")}`,
};

/** The addresses whose first bits are those of one. */
interface Range {
  readonly start: Address;
  readonly bits: number;
}

const RANGE = /^([0-9a-f.:]+)\/(0|[1-9][0-9]{0,2})$/;

/** A range in its one spelling, too: the address in its own, all its bits behind the first so many zero. */
function parseRange(text: string): Range | undefined {
  const [, address = "", digits] = RANGE.exec(text) ?? [];
  const start = parseAddress(address);
  const bits = Number(digits);
  if (start === undefined || bits > start.size) return undefined;
  return (start.number >> host(start, bits)) << host(start, bits) === start.number ? { start, bits } : undefined;
}

function isInside(address: Address, range: Range | undefined): boolean {
  if (range?.start.size !== address.size) return false;
  const { start, bits } = range;
  return address.number >> host(start, bits) === start.number >> host(start, bits);
}

function isWithin(range: Range | undefined, above: Range | undefined): boolean {
  return range !== undefined && above !== undefined && range.bits >= above.bits && isInside(range.start, above);
}

/** How many bits are left for the hosts. */
function host({ size }: Address, bits: number): bigint {
  return BigInt(size - bits);
}

function rangeAt(place: Place): string {
  const text = textAt(place);
  return parseRange(text) === undefined
    ? refuse(
        place,
        "a range is expected, such as 10.0.0.0/8 or 2001:db8::/32: its first address in the shortest spelling",
      )
    : text;
}
