import { type MemoryAudit, memoryAudit } from "../audit/index.ts";
import type { Decision, Denied } from "../decision/index.ts";
import { HopwiseError } from "../errors.ts";
import { isObject, mustBe, reading } from "../options/index.ts";
import { type MemoryRevocations, memoryState } from "../state/index.ts";
import type { ApprovalAnswer, HeldDelegation } from "../token/index.ts";
import {
  type Admission,
  type Authorizer,
  type AuthorizerOptions,
  type Call,
  createAuthorizer,
  NO_SUCH_REQUEST,
  type ParsedCall,
  type ShownApproval,
} from "../way/index.ts";
import type { Approvers } from "./approvers.ts";
import { credentialOf } from "./credential.ts";

/** What else an enforcement point says of a call. Left out: what a server without schemas says. */
export interface CallDetails extends Pick<Call, "approval" | "transportUser" | "traceparent">, ParsedCall {}

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
  call(caller: HeldDelegation | string, tool: string, args?: object, details?: CallDetails): Promise<Decision>;
  /** The same for a tool that gives rows (`filter` in the tool map): of an allowed call, `decision.filter` says which. */
  filter(
    caller: HeldDelegation | string,
    tool: string,
    args?: object,
    details?: Omit<CallDetails, "filters">,
  ): Promise<Decision>;
  /**
   * Lets one of the company's approvers sign an answer to a call that waits.
   *
   * @param who one of `approvers` of the company
   * @param waits the decision about the call, or the id of its request
   * @returns the request as it is then
   * @throws {HopwiseError} `config_invalid` for a call that does not wait; `approval_refused` for somebody whom the policies do
   *   not let; and others, see `ApprovalInbox.answer`
   */
  answer(who: string, answer: ApprovalAnswer, waits: Decision | string): Promise<ShownApproval>;
}

const DETAILS = "details of the call, such as { approval }";
const WAITS = "the decision about a call, or the id of a request";

/** What a company gives to each of its authorizers. */
export type CompanyDefaults = Omit<AuthorizerOptions, "audit" | "state" | "clock" | "approvals"> & {
  readonly clock: () => number;
  /** Whose users may call without agents. */
  readonly issuer: string;
  readonly people: Approvers;
};

export function testAuthorizer(
  { issuer, people, ...defaults }: CompanyDefaults,
  options: Partial<AuthorizerOptions>,
): TestAuthorizer {
  const audit = memoryAudit();
  const { clock = defaults.clock } = options;
  // No earlier process has used these proofs, so the first second counts, too; and the clock may stand in the past.
  const state = memoryState({ since: 0, clock });
  const approvals = approvalsOf(options.approvals, people);
  const authorizer = createAuthorizer({ ...defaults, audit, state, ...options, approvals });
  const [audience = ""] = authorizer.audience;

  /** A call up to where the tool's own schema reads it, and what the enforcement point says of it then. */
  const admit = async (
    caller: HeldDelegation | string,
    tool: string,
    args: object = {},
    details: CallDetails = {},
  ): Promise<readonly [Admission | Denied, ParsedCall]> => {
    const { approval, transportUser, traceparent, ...read } = reading("call", "details", DETAILS, details, (it) => ({
      ...it,
    }));
    const who =
      typeof caller === "string"
        ? { user: { issuer, subject: caller } }
        : { credential: await credentialOf(caller, tool, args, { audience, clock }) };
    const call = { tool, arguments: args, ...who, approval, traceparent };
    const admitted = await authorizer.admit({ ...call, ...(transportUser !== undefined && { transportUser }) });
    // The decision says what policies want changed in the result. There is no result here in which it could be undone.
    return [admitted, { fulfils: true, ...read }];
  };

  return {
    ...authorizer,
    audit,
    revocations: state.revocations,
    clock,
    call: async (...call) => {
      const [admitted, read] = await admit(...call);
      return admitted.outcome === "admitted" ? admitted.decide(read) : admitted;
    },
    filter: async (...call) => {
      const [admitted, read] = await admit(...call);
      return admitted.outcome === "admitted" ? admitted.filter(read) : admitted;
    },
    answer: async (who, answer, waits) => {
      const id = requestOf(waits);
      const { request } = (await authorizer.approvals.find(id)) ?? {};
      if (request === undefined) throw doesNotWait(NO_SUCH_REQUEST);
      return authorizer.approvals.answer(id, await people.sign(who, answer, request, clock));
    },
  };
}

/** The company's approvers stay where a test says something else of approvals. What is wrong there, is told by who reads it. */
function approvalsOf(
  own: AuthorizerOptions["approvals"],
  { approvers }: Approvers,
): NonNullable<AuthorizerOptions["approvals"]> {
  if (own === undefined) return { approvers };
  return isObject(own) ? { ...own, approvers: (own as Partial<Approvers>).approvers ?? approvers } : own;
}

function requestOf(waits: Decision | string): string {
  if (typeof waits === "string") return waits;
  return reading("answer", "waits", WAITS, waits, (decision) => {
    if (decision.outcome === "pending") return decision.approval.request;
    if (decision.outcome === "denied") throw doesNotWait(`it is denied, ${decision.code}`);
    if (decision.outcome === "allowed") throw doesNotWait("it is allowed");
    return mustBe("answer", "waits", WAITS, decision);
  });
}

function doesNotWait(why: string): HopwiseError {
  return new HopwiseError("config_invalid", `answer: the call does not wait for a person: ${why}`);
}
