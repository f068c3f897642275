import { type MemoryAudit, memoryAudit } from "../audit/index.ts";
import type { Decision } from "../decision/index.ts";
import { type MemoryRevocations, memoryState } from "../state/index.ts";
import { type HeldDelegation, prove, serialize } from "../token/index.ts";
import { type Authorizer, type AuthorizerOptions, type Call, createAuthorizer } from "../way/index.ts";

/** An authorizer with what a test wants at hand beside it. Adapters take it like any other. */
export interface TestAuthorizer extends Authorizer {
  /** The records of this authorizer alone. It stays empty where the option `audit` sends them elsewhere. */
  readonly audit: MemoryAudit;
  /** Revokes from the next call on. It is not asked where the option `state` brings another memory. */
  readonly revocations: MemoryRevocations;
  readonly clock: () => number;
  /**
   * Puts one call to the authorizer as it comes over the wire, with a fresh proof by the holder of the chain.
   *
   * @param caller a chain, or the name of a user who calls without agents
   */
  call(caller: HeldDelegation | string, tool: string, args?: object): Promise<Decision>;
}

/** What a company gives to each of its authorizers. */
export type CompanyDefaults = Omit<AuthorizerOptions, "audit" | "state" | "clock"> & {
  readonly clock: () => number;
  /** Whose users may call without agents. */
  readonly issuer: string;
};

export function testAuthorizer(
  { issuer, ...defaults }: CompanyDefaults,
  options: Partial<AuthorizerOptions>,
): TestAuthorizer {
  const audit = memoryAudit();
  const { clock = defaults.clock } = options;
  // No earlier process has used these proofs, so the first second counts, too; and the clock may stand in the past.
  const state = memoryState({ since: 0, clock });
  const authorizer = createAuthorizer({ ...defaults, audit, state, ...options });
  const [audience = ""] = authorizer.audience;

  const credentialOf = async (
    caller: HeldDelegation | string,
    call: { readonly tool: string; readonly arguments: object },
  ): Promise<Call["credential"]> => {
    if (typeof caller === "string") return { user: { issuer, subject: caller } };
    serialize(caller);
    // A holder makes no proof for a chain that expired. Here the authorizer decides that, so the proof is made in time.
    const inTime = (): number => Math.min(clock(), (caller.expiresAt - 1) * 1000);
    return prove(caller, { ...call, audience, clock: inTime });
  };

  return {
    ...authorizer,
    audit,
    revocations: state.revocations,
    clock,
    call: async (caller, tool, args = {}) => {
      const call = { tool, arguments: args };
      // The decision says what policies want changed in the result. There is no result here in which it could be undone.
      return authorizer.authorize({ ...call, credential: await credentialOf(caller, call), fulfils: true });
    },
  };
}
