import type { CheckResourcesRequest, Principal, Resource } from "@cerbos/core";
import type { Hop } from "../principal/index.ts";
import type { AuxData } from "./aux-data.ts";

/** The hops of one chain, for a question about each. */
export interface ChainQuestion {
  readonly hops: readonly Hop[];
  /** One principal a hop, in the same order; each built from its own prefix of the chain. */
  readonly principals: readonly Principal[];
  /** One a hop, where the host supplies it; each told by its own prefix of the chain. */
  readonly auxData?: readonly (AuxData | undefined)[] | undefined;
  /** For each hop but the last: may it hand authority to the next? Left out with `"grants-only"`. */
  readonly edges?: readonly (Edge | undefined)[] | undefined;
  readonly invocation: string;
  readonly chainId: string | undefined;
}

/** The handing over from one hop to the next, as a resource that policies can rule on. */
export interface Edge {
  readonly resource: Resource;
  readonly action: string;
}

/** One resource of a request, and the actions that are asked about. */
export type AskedResource = CheckResourcesRequest["resources"][number];

/** The question whether a hop may hand on; empty for the last hop, or where policies are not asked this. */
export function edgeOf({ edges }: ChainQuestion, hop: number): readonly AskedResource[] {
  const edge = edges?.[hop];
  return edge === undefined ? [] : [{ resource: edge.resource, actions: [edge.action] }];
}

/** What every request about one hop says of who asks. */
export function hopAsks(
  { principals, auxData }: ChainQuestion,
  hop: number,
): Pick<CheckResourcesRequest, "principal" | "auxData"> {
  const own = auxData?.[hop];
  return { principal: principals[hop] as Principal, ...(own !== undefined && { auxData: own }) };
}

/** A request about one hop. Its annotations put the chain into Cerbos' own decision log. */
export function hopRequest(
  question: ChainQuestion,
  hop: number,
  resources: readonly AskedResource[],
  includeMetadata: boolean,
): CheckResourcesRequest {
  return { ...hopAsks(question, hop), resources: [...resources], includeMetadata, ...hopNotes(question, hop) };
}

/** What joins a request with its call, and with Cerbos' own decision log. */
export function hopNotes(
  { invocation, chainId }: ChainQuestion,
  hop: number,
): Required<Pick<CheckResourcesRequest, "requestId" | "requestContext">> {
  return {
    requestId: `${invocation}-${hop}`,
    requestContext: {
      annotations: {
        "hopwise.invocation": invocation,
        "hopwise.hop": hop,
        ...(chainId !== undefined && { "hopwise.chain": chainId }),
      },
    },
  };
}
