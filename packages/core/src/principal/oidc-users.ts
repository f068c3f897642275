import { failed, HopwiseError } from "../errors.ts";
import type { JsonObject } from "../json/index.ts";
import { ageBy, originalOf } from "../lib/index.ts";
import { atOnce, CLOCK, jsonObject, maybe, optionsOf, secondsBy, whole } from "../options/index.ts";
import { isNameOfUser, type Subject } from "../token/index.ts";
import { allOf, asItIs } from "./as-it-is.ts";
import { TRAIT_ROWS } from "./directories.ts";
import { subjectIn, type User, type UserDirectory, type UserDirectoryTraits } from "./sources.ts";

/**
 * Claims of an OpenID Connect ID token or access token whose signature, issuer, audience and times your code verified.
 */
export interface VerifiedClaims {
  readonly iss: string;
  readonly sub: string;
  /** Seconds since the epoch. */
  readonly exp: number;
  readonly [claim: string]: unknown;
}

/** A directory of the users who logged in here. */
export interface OidcUsers extends UserDirectory {
  /**
   * Takes in a user's claims, until they expire. Call it where the token was verified: at log-in, or in `userFromAuth`.
   *
   * @returns the user. A request of which `userFromAuth` gives this very object is decided by these claims alone, also where another
   *   token of the same user, with other claims, is in use at the same time; any other question is answered by what was learned last
   * @throws {HopwiseError} `attributes_invalid` for claims without `iss`, `sub` or `exp`, that have ended, or of which `user` makes none
   */
  learn(claims: VerifiedClaims): Subject;
}

export interface OidcUsersOptions extends UserDirectoryTraits {
  /** Makes the user that policies see from the claims. */
  readonly user: (claims: VerifiedClaims) => Omit<User, "id"> & { readonly id?: string };
  /** JSON Schema of the attributes that `user` gives; for `describeContext`. */
  readonly schema?: JsonObject;
  /**
   * How many users are kept. The one who logged in longest ago is forgotten first, and is then unknown. Default 10,000.
   */
  readonly maxUsers?: number;
  /** The clock, in milliseconds since the epoch. */
  readonly clock?: () => number;
}

interface Known {
  readonly user: User;
  /** How long their claims are good, from when they were learned. */
  readonly lastsMs: number;
  readonly age: () => number;
}

/** In the year 5138: what lies behind it is in milliseconds. */
const LATEST_SECONDS = 100_000_000_000;

const readOidcUsers = optionsOf<OidcUsersOptions>("oidcUsers", {
  ...TRAIT_ROWS,
  user: atOnce("a function that makes the user of verified claims"),
  schema: maybe(jsonObject("a JSON Schema")),
  maxUsers: maybe(whole({ min: 1, max: 10_000_000, example: 10_000 })),
  clock: maybe(CLOCK),
});

/**
 * A user directory made of verified OpenID Connect claims, in the memory of this process. A user who has not logged in
 * here, or whose claims have expired, is unknown.
 */
export function oidcUsers(options: OidcUsersOptions): OidcUsers {
  const { user, maxUsers = 10_000, clock = Date.now, ...traits } = readOidcUsers(options);
  const known = new Map<string, Known>();
  /** Two tokens of one user may say different things: the less trusted one may not profit from the other. */
  const byLogin = new WeakMap<object, Known>();
  const keyOf = ({ issuer, subject }: Subject): string => JSON.stringify([issuer, subject]);
  const look: NonNullable<UserDirectory["look"]> = (asked) => {
    const key = keyOf(subjectIn("find", asked));
    const found = byLogin.get(originalOf(asked)) ?? known.get(key);
    const ageMs = found === undefined ? 0 : secondsBy(found.age) * 1000;
    if (found === undefined || !(ageMs < found.lastsMs)) {
      if (known.get(key) === found) known.delete(key);
      return { value: undefined, ageMs: 0 };
    }
    return { value: found.user, ageMs };
  };
  return {
    name: "verified claims",
    ...traits,
    look,
    find: async (subject) => (await look(subject)).value,
    learn: (claims) => {
      const { iss, sub, exp } = claimsIn(claims);
      const isTime = typeof exp === "number" && Number.isFinite(exp) && exp < LATEST_SECONDS;
      if (!isNameOfUser(iss) || !isNameOfUser(sub) || !isTime) {
        throw new HopwiseError("attributes_invalid", "claims need iss, sub and exp, in seconds, to be taken in");
      }
      const subject: Subject = Object.freeze({ issuer: iss, subject: sub });
      const key = keyOf(subject);
      const lastsMs = (exp - secondsBy(clock, "learn")) * 1000;
      // Whoever verifies with a tolerance for clocks would learn somebody here whom nobody knows a moment later.
      if (lastsMs <= 0) throw new HopwiseError("attributes_invalid", "these claims have ended (exp); verify them anew");
      const own: Known = { user: madeOf(claims, user), lastsMs, age: ageBy(clock) };
      byLogin.set(subject, own);
      known.delete(key);
      known.set(key, own);
      const oldest = known.keys().next();
      if (known.size > maxUsers && !oldest.done) known.delete(oldest.value);
      return subject;
    },
  };
}

/** @throws {HopwiseError} `attributes_invalid` where the host's function makes no user */
function madeOf(claims: VerifiedClaims, user: OidcUsersOptions["user"]): User {
  try {
    // A copy: what the host does to its claims afterwards, no token says.
    return asItIs({ id: claims.sub, ...allOf(user(claims)) });
  } catch (cause) {
    throw new HopwiseError("attributes_invalid", failed("the function that makes the user of claims", cause), {
      cause,
    });
  }
}

/** A copy, of which each claim was read once. */
function claimsIn(given: VerifiedClaims): Partial<VerifiedClaims> {
  try {
    return { ...given };
  } catch {
    // What fails when it is read says nothing.
    return {};
  }
}
