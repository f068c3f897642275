import type { Subject, WaitingApproval } from "@hopwise/core";
import { atOnce, func, maybe, type Rows } from "@hopwise/core/options";
import { MAY_CHANGE_BY_TOOL, type MayChangeByTool } from "./announce.ts";

/** The options of each guard of a server: of a transport's, and of those that an adapter for a framework puts there. */
export interface SharedGuardOptions {
  /**
   * Opts in to users without agents, who come with an ordinary OAuth token: verifies the token in the headers of this very
   * request and says whose it is; `undefined` where the request carries none. Do not ask a session of the framework's: all requests of
   * a session share it, even those of different senders. Never called on stdio, which has no HTTP requests. Where the function throws,
   * the request is denied with `authentication_failed`, and its caller is not told to try again: let it throw a `HopwiseError` of the
   * code `guard_failed` where it cannot tell just now. Without this option every request needs a chain and a proof.
   */
  readonly userFromAuth?:
    | ((request: { readonly headers: Headers }) => Subject | undefined | Promise<Subject | undefined>)
    | undefined;
  /**
   * What policies may take out of the results of tools with an output schema, or shorten in them, by tool:
   * `{ pay: { redact: ["/balance"], limit: ["/lines"] } }`. The guard lists their output schemas so that such results are valid;
   * where `wrap` gets a function of the listed schemas, let that make the output schema looser, too, by `loosen` of
   * `@hopwise/core/adapter`. Default: schemas are listed as they are. A call whose result would then not be valid is denied before it
   * runs, with `policy_inconclusive`.
   */
  readonly mayChange?: MayChangeByTool | undefined;
  /**
   * The address of a page where people answer the request that a call waits for, behind your own login, by https (http on
   * this machine alone). It goes out with such a call, and a client that can show its user a page (elicitation in URL mode) is
   * asked to. Default: the call waits without one.
   */
  readonly approvalUrl?: ((approval: WaitingApproval) => string) | undefined;
}

export const SHARED_GUARD_ROWS: Rows<SharedGuardOptions> = {
  userFromAuth: maybe(func("a function that verifies a request's token and says whose it is")),
  mayChange: maybe(MAY_CHANGE_BY_TOOL),
  approvalUrl: maybe(atOnce("a function that gives the address of a page for a request")),
};
