import { type GrantLimits, MOST_OF_GRANT } from "../../grant/index.ts";
import { maybe, members, type Rows, type Shape, whole } from "../../options/index.ts";

/** Seconds of a year: no lifetime is longer, and one in milliseconds is. */
export const YEAR_SECONDS: number = 365 * 24 * 60 * 60;

/** Bounds of the chains that a verifier reads and an issuer makes. All finite; a deployment may set its own. */
export interface Limits extends GrantLimits {
  /** Longest compact token, in bytes (MAX_TOKEN_SIZE of the AAT draft, section 4.3.1). */
  readonly tokenBytes: number;
  /** Longest chain text, in bytes (MAX_STACK_SIZE). */
  readonly chainBytes: number;
  /** Most tokens in a chain: one more than the deepest delegation depth. */
  readonly chainTokens: number;
  /** Longest canonical text of a call's arguments, in characters. */
  readonly argumentsSize: number;
  /** Deepest nesting of a call's arguments. */
  readonly argumentsDepth: number;
  /** Longest time between `iat` and `exp` of a root (MAX_TOKEN_LIFETIME). */
  readonly lifetimeSeconds: number;
  /** How far in the future an `iat` may lie (MAX_IAT_SKEW). */
  readonly skewSeconds: number;
  /** How far a proof's time may lie from the verifier's clock, either way (section 5.3). */
  readonly proofWindowSeconds: number;
}

export const DEFAULT_LIMITS: Limits = {
  tokenBytes: 8 * 1024,
  chainBytes: 32 * 1024,
  chainTokens: 17,
  tools: 256,
  argumentsPerTool: 64,
  constraintDepth: 8,
  nameLength: 256,
  valueLength: 4096,
  argumentsSize: 64 * 1024,
  argumentsDepth: 16,
  lifetimeSeconds: 24 * 60 * 60,
  skewSeconds: 30,
  proofWindowSeconds: 30,
};

const HOUR_SECONDS = 60 * 60;
const MEBIBYTE = 1024 * 1024;

/** What each limit may be set to. None can be switched off. */
const BOUNDS: { readonly [Name in keyof Limits]: readonly [min: number, max: number] } = {
  tokenBytes: [256, MEBIBYTE],
  chainBytes: [256, 16 * MEBIBYTE],
  chainTokens: [1, 65],
  tools: [1, MOST_OF_GRANT.tools],
  argumentsPerTool: [1, MOST_OF_GRANT.argumentsPerTool],
  constraintDepth: [0, MOST_OF_GRANT.constraintDepth],
  nameLength: [1, MOST_OF_GRANT.nameLength],
  valueLength: [1, MOST_OF_GRANT.valueLength],
  argumentsSize: [2, 64 * MEBIBYTE],
  argumentsDepth: [1, 256],
  lifetimeSeconds: [1, YEAR_SECONDS],
  skewSeconds: [0, HOUR_SECONDS],
  proofWindowSeconds: [1, HOUR_SECONDS],
};

const LIMIT_ROWS: Rows<Limits> = Object.fromEntries(
  Object.entries(BOUNDS).map(([name, [min, max]]) => {
    return [name, maybe(whole({ min, max, example: DEFAULT_LIMITS[name as keyof Limits] }))];
  }),
) as Rows<Limits>;

export const LIMITS: Shape = members(LIMIT_ROWS, "limits, such as { proofWindowSeconds: 30 }");
