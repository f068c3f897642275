import { failed, HopwiseError } from "../errors.ts";
import { dropPromises, patiently, type Wait } from "../lib/index.ts";
import type { Hop } from "../principal/index.ts";
import type { ResourceQuery } from "../resource/index.ts";
import type { Subject } from "../token/index.ts";

/** What Cerbos verifies by itself and shows to policies as `request.auxData`. Hopwise never writes it down. */
export interface AuxData {
  /** @see https://docs.cerbos.dev/cerbos/latest/configuration/auxdata */
  readonly jwt: { readonly token: string; readonly keySetId?: string };
}

/** The question for the auxiliary data of one hop. It shows the chain up to this hop, and nothing of what follows. */
export interface AuxDataQuery extends ResourceQuery {
  /** The user at the origin. */
  readonly user: Subject;
  /** Hops 0 to i; the last is the one that policies are asked about. */
  readonly hops: readonly Hop[];
}

/** Tells the auxiliary data of a hop's request; undefined for none. The same question must get the same answer. */
export type AuxDataSupplier = (query: AuxDataQuery) => AuxData | undefined | Promise<AuxData | undefined>;

/**
 * The auxiliary data of each hop. Each is asked for with its own prefix of the chain, so that a longer chain changes none
 * of the questions about a shorter one.
 *
 * @throws {HopwiseError} `context_unavailable` where the function fails; `attributes_invalid` for anything but a JWT
 */
export function auxDataOf(
  supply: AuxDataSupplier,
  query: Omit<AuxDataQuery, "hops">,
  hops: readonly Hop[],
  wait: Wait = patiently,
): Promise<readonly (AuxData | undefined)[]> {
  return Promise.all(
    hops.map(async (_, hop) => {
      const prefix = Object.freeze(hops.slice(0, hop + 1).map((member) => Object.freeze({ ...member })));
      let given: unknown;
      try {
        given = await wait(supply(Object.freeze({ ...query, user: Object.freeze({ ...query.user }), hops: prefix })));
      } catch (cause) {
        throw new HopwiseError("context_unavailable", failed(`the function auxData, asked about hop ${hop},`, cause), {
          hop,
          cause,
        });
      }
      return given === undefined || given === null ? undefined : readAuxData(given, hop);
    }),
  );
}

function readAuxData(given: unknown, hop: number): AuxData {
  const [jwt] = membersOf(given, "jwt") ?? [];
  const [token, keySetId] = membersOf(jwt, "token", "keySetId") ?? [];
  if (typeof token !== "string" || token === "" || !(keySetId === undefined || typeof keySetId === "string")) {
    dropPromises([jwt, token, keySetId]);
    // Never what it gave: that may be a token.
    const message = `the function auxData gave for hop ${hop} something else than { jwt: { token, keySetId? } } or undefined`;
    throw new HopwiseError("attributes_invalid", message, { hop });
  }
  return { jwt: { token, ...(keySetId !== undefined && { keySetId }) } };
}

/** These members, each read once; undefined where it has others, too. Nothing is copied: it may be a list of millions. */
function membersOf(given: unknown, ...names: readonly string[]): readonly unknown[] | undefined {
  if (Array.isArray(given)) return undefined;
  const object = Object(given) as { readonly [name: string]: unknown };
  return Object.keys(object).every((name) => names.includes(name)) ? names.map((name) => object[name]) : undefined;
}
