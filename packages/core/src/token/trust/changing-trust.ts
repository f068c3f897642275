import { createListeners, deepFrozen, noteMadeHere } from "../../lib/index.ts";
import { argumentOf, either, readListener, type Shape, such } from "../../options/index.ts";
import { checkAnchors, TRUST_ANCHORS, type TrustAnchor } from "./trust.ts";

/** Who may start a chain, while a program runs. See {@link createTrust}. */
export interface Trust {
  /** The anchors that are in force. */
  readonly anchors: readonly TrustAnchor[];
  /**
   * Puts other anchors in the place of all there are, at once: the next call goes by them, also one whose chain verified
   * before, and one that is on its way. An empty list trusts nobody.
   *
   * @throws {HopwiseError} `config_invalid` for anchors that cannot be right, and for an issuer that would make policies
   *   see other ids of users (see `users.uniqueIds`); then those before stay in force
   */
  replace(anchors: readonly TrustAnchor[]): void;
  /** Told whenever they were replaced. @returns what ends it. @throws {HopwiseError} `config_invalid` */
  onChange(listener: () => void): () => void;
}

/** What asks for the anchors of this moment. It gives the same list until they are replaced. */
export type AnchorsNow = () => readonly TrustAnchor[];

export type Check = (next: readonly TrustAnchor[]) => void;

/** Who must agree before the anchors are replaced: whatever was made to stand on them, as long as somebody holds it. */
const CHECKS = new WeakMap<object, Set<WeakRef<Check>>>();

const readAnchors = argumentOf<readonly TrustAnchor[]>("createTrust", "anchors", TRUST_ANCHORS);
const readNext = argumentOf<readonly TrustAnchor[]>("replace", "anchors", TRUST_ANCHORS);

/** The option `trust`, of whatever stands on anchors for long. */
export const TRUST: Shape = either(
  "a list of trust anchors, or what createTrust gave",
  TRUST_ANCHORS,
  such("what createTrust gave", (value) => CHECKS.has(Object(value))),
);

/**
 * Trust anchors that a program can change while it runs: for the option `trust` of an authorizer, or of several. Keys that
 * an issuer publishes need none of this, nor do agents: those are asked for at each call (`remoteJwks`, `agents`).
 *
 * @throws {HopwiseError} `config_invalid` for anchors that cannot be right
 */
export function createTrust(anchors: readonly TrustAnchor[]): Trust {
  let current = kept(readAnchors(anchors));
  checkAnchors(current, "createTrust: anchors");
  const checks = new Set<WeakRef<Check>>();
  const listeners = createListeners();
  const trust: Trust = Object.freeze({
    get anchors() {
      return current;
    },
    replace: (given: readonly TrustAnchor[]) => {
      const next = kept(readNext(given));
      checkAnchors(next, "replace: anchors");
      for (const ref of checks) {
        const check = ref.deref();
        if (check === undefined) checks.delete(ref);
        else check(next);
      }
      current = next;
      listeners.tell();
    },
    onChange: (listener: () => void) => listeners.add(readListener(listener)),
  });
  CHECKS.set(trust, checks);
  noteMadeHere(trust);
  return trust;
}

/** What a host changes in what it reads back is not in force. The reader made the copies; a source of keys stays the host's. */
function kept(anchors: readonly TrustAnchor[]): readonly TrustAnchor[] {
  for (const anchor of anchors) {
    Object.values(anchor).filter(Array.isArray).forEach(deepFrozen);
    Object.freeze(anchor);
  }
  return Object.freeze(anchors);
}

/** The anchors of whatever the option `trust` was. */
export function anchorsOf(trust: readonly TrustAnchor[] | Trust): AnchorsNow {
  return isChanging(trust) ? () => trust.anchors : () => trust;
}

/** What keeps a check alive. */
const HELD = new WeakMap<object, Check>();

/**
 * @param holder what stands on the anchors: as long as it lives, its check is asked
 * @param check throws where it could not stand on the next ones
 */
export function standOn(trust: readonly TrustAnchor[] | Trust, holder: object, check: Check): void {
  HELD.set(holder, check);
  CHECKS.get(trust)?.add(new WeakRef(check));
}

export function isChanging(trust: readonly TrustAnchor[] | Trust): trust is Trust {
  return CHECKS.has(trust);
}
