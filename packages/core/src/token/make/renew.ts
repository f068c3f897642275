import { HopwiseError, isOwn } from "../../errors.ts";
import { ageBy, DeadlinePassed, settleInTime } from "../../lib/index.ts";
import { CLOCK, maybe, mustBe, optionsOf, type Shape, secondsBy, such, whole } from "../../options/index.ts";
import { type HeldDelegation, isDelegation, isHeld, partsOfDelegation, partsOfHeld } from "./delegation.ts";
import { howToDelegation } from "./not-a-delegation.ts";

/** A delegation, or a function that gives the current one. */
export type DelegationSource = HeldDelegation | (() => Promise<HeldDelegation>);

export interface RenewOptions {
  /** How long before it expires a delegation is renewed. Default 30. */
  readonly beforeSeconds?: number;
  /** The clock, in milliseconds since the epoch. */
  readonly clock?: () => number;
}

const CURRENT = "a delegation that its holder took up by hold, uncopied, or a function that gives the current one";

export const DELEGATION_SOURCE: Shape = such(
  (given) => {
    const how = isDelegation(given) ? "this one has no signer; give what hold made of it" : howToDelegation(given);
    return how === undefined ? CURRENT : `${CURRENT} (${how})`;
  },
  (value) => typeof value === "function" || (isDelegation(value) && isHeld(value)),
);

const readOptions = optionsOf<RenewOptions>("renewing", {
  beforeSeconds: maybe(whole({ min: 0, max: 86_400, example: 30 })),
  clock: maybe(CLOCK),
});

/** A call takes time on its way, and nobody lets a chain pass that expires meanwhile. */
const LAST_SECONDS = 5;

/** So long the new one is waited for while the old one lives: a session has a second for its source. */
const BRIEFLY_MS = 500;

/** A delegator who never answers must not keep the next call from asking again. */
const RENEWAL_MS = 10_000;

/**
 * Keeps a delegation alive through a long loop: shortly before it expires, `renew` is called for another one, one call at a
 * time. The old one is given at once until the new one is there. Who asks in its last five seconds waits half a second for the
 * new one, and is given the old one where it is not there yet; who asks after it expired waits for at most ten seconds.
 *
 * @param renew asks the delegator for a new delegation to the same agents, for the same user. One for another user is never
 *   given (`principal_changed` once the old one expired); a session also refuses other agents, and one that is not for the enforcement
 *   point with which it began
 * @throws {HopwiseError} `config_invalid`
 */
export function renewing(
  held: HeldDelegation,
  renew: (expiring: HeldDelegation) => Promise<HeldDelegation>,
  options: RenewOptions = {},
): () => Promise<HeldDelegation> {
  const { beforeSeconds = 30, clock = Date.now } = readOptions(options);
  partsOfHeld(held);
  if (typeof renew !== "function") mustBe("renewing", "renew", "a function that gives a new delegation", renew);
  let current = held;
  let leftSeconds = lifeOf(held, clock);
  let underWay: Promise<HeldDelegation> | undefined;
  const isAlive = (): boolean => leftSeconds() > 0;

  const next = async (): Promise<HeldDelegation> => {
    try {
      // Asynchronous: one that throws at once would be over before it is noted as under way, and be noted for ever.
      const asked = async (): Promise<HeldDelegation> => renew(current);
      const renewed = await settleInTime(RENEWAL_MS, asked());
      checkSameUser(renewed, held);
      current = renewed;
      leftSeconds = lifeOf(renewed, clock);
    } catch (error) {
      if (!isAlive()) throw error;
    } finally {
      underWay = undefined;
    }
    return current;
  };

  return async () => {
    const left = leftSeconds();
    if (left > beforeSeconds) return current;
    underWay ??= next();
    if (left <= 0) return underWay;
    // Nobody may ever wait for it: a rejection must not end the process.
    underWay.catch(() => {});
    if (left > LAST_SECONDS) return current;
    const renewed = underWay;
    return settleInTime(BRIEFLY_MS, renewed).catch(() => (isAlive() ? current : renewed));
  };
}

/** A cache with a wrong key would lend the loop of one user the authority of another. */
function checkSameUser(renewed: HeldDelegation, held: HeldDelegation): void {
  const [now, before] = [partsOfHeld(renewed).root, partsOfHeld(held).root];
  if (now.iss === before.iss && now.sub === before.sub) return;
  throw new HopwiseError("principal_changed", "renewing: the new delegation is of another user than the one before");
}

/**
 * How long it lives from now on: no longer than from its making to its end, since the clock here may be behind that of its maker.
 * Where the clock is put back, it is not kept until that shows its end once more.
 */
function lifeOf(held: HeldDelegation, clock: () => number): () => number {
  const { iat, exp } = partsOfHeld(held).leaf;
  const lifeSeconds = exp - Math.max(iat, secondsBy(clock, "renewing"));
  const age = ageBy(clock);
  return () => lifeSeconds - secondsBy(age, "renewing");
}

/**
 * The current delegation. A source has ten seconds, as a renewal has: whoever calls by it does not wait for ever.
 *
 * @throws {HopwiseError} `config_invalid` for what is no delegation; `delegation_unavailable` where its source fails, or
 *   does not answer in time, with what it threw as the `cause`; an error of ours that the source throws stays as it is
 */
export async function currentDelegation(source: DelegationSource): Promise<HeldDelegation> {
  const held = typeof source === "function" ? await askedFor(source) : source;
  partsOfDelegation(held);
  return held;
}

async function askedFor(source: () => Promise<HeldDelegation>): Promise<HeldDelegation> {
  try {
    return await settleInTime(RENEWAL_MS, source());
  } catch (cause) {
    if (isOwn(cause)) throw cause;
    const why = cause instanceof DeadlinePassed ? `gave no answer within ${RENEWAL_MS} ms` : "failed";
    throw new HopwiseError("delegation_unavailable", `the source of the delegation ${why}`, { cause });
  }
}
