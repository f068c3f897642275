import { randomId, verify } from "../crypto/index.ts";
import type { Decision, Denied } from "../decision/index.ts";
import { HopwiseError } from "../errors.ts";
import { currentDelegation, type DelegationSource, type HeldDelegation, serialize } from "../token/index.ts";
import { admit, admitAndDecide } from "./admission.ts";
import type { IncomingCall, Listed, Listing, ParsedCall, ProvenHolder } from "./call.ts";
import type { EnforcementPoint } from "./options.ts";
import { ownNameIn } from "./stages/token.ts";

/** A holder's calls within one process. */
export interface Session {
  readonly delegation: DelegationSource;
  /** @param call its arguments as the tool's schema made them */
  authorize(
    call: { readonly tool: string; readonly arguments?: unknown } & Pick<ParsedCall, "fulfils" | "outputSchema">,
  ): Promise<Decision>;
  /**
   * Writes down a call whose arguments the tool's own schema refused before anybody was asked (`arguments_refused`).
   * Nothing runs either way.
   */
  refuse(call: { readonly tool: string; readonly arguments?: unknown }): Promise<Denied>;
  /** Which of these tools could be called. */
  list(items: readonly Listed[]): Promise<Listing | Denied>;
}

/** @throws {HopwiseError} where the delegation does not verify here, or its key is not at hand */
export async function openSession(delegation: DelegationSource, point: EnforcementPoint): Promise<Session> {
  let proven = await provePossession(await currentDelegation(delegation), point);

  /** A delegation that was renewed is proven anew. */
  const holder = async (): Promise<ProvenHolder> => {
    const held = await currentDelegation(delegation);
    if (held !== proven.held) proven = await provePossession(held, point);
    return proven;
  };

  const incoming = (tool: string, args: unknown): IncomingCall => ({
    tool,
    arguments: args,
    traceparent: undefined,
    caller: { via: "session", holder },
  });

  return {
    delegation,
    authorize: async ({ tool, arguments: args, fulfils, outputSchema }) =>
      admitAndDecide(incoming(tool, args), point, { fulfils, outputSchema }),
    refuse: async ({ tool, arguments: args }) => {
      const admitted = await admit({ ...incoming(tool, args), refused: true }, point);
      const message = "the tool's own schema refused the arguments before a decision was asked for";
      return admitted.outcome === "admitted" ? admitted.refuse({ code: "arguments_refused", message }) : admitted;
    },
    list: async (items) => {
      const admitted = await admit(incoming("mcp:tools/list", {}), point);
      return admitted.outcome === "admitted" ? admitted.list(items) : admitted;
    },
  };
}

/** The holder's key is at hand: it signs a challenge. */
async function provePossession(held: HeldDelegation, point: EnforcementPoint): Promise<ProvenHolder> {
  const compact = serialize(held);
  const chain = await point.verifier.verify(compact, point.nowSeconds());
  const challenge = `hopwise-session ${randomId()} ${point.audience[0]}`;
  const signature = await held.signer.sign(new TextEncoder().encode(challenge));
  if (!(await verify(chain.holder.verification, challenge, signature))) {
    throw new HopwiseError("proof_invalid", "the signer at hand is not the holder of the chain");
  }
  ownNameIn(chain, point);
  return { held, compact };
}
