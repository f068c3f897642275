import { type DelegationSource, HopwiseError } from "@hopwise/core";
import { currentDelegation, isOwn, settleInTime } from "@hopwise/core/adapter";
import { AUDIENCE, CLOCK, DELEGATION_SOURCE, func, LIMITS, maybe, optionsOf, type Rows } from "@hopwise/core/options";
import { type Limits, prove, serializeCompact } from "@hopwise/core/tokens";
import {
  isRequest,
  type JsonRpcMessage,
  type JsonRpcRequest,
  type Operation,
  operationOf,
  withApproval,
  withCredential,
} from "../protocol/index.ts";
import { unlessAborted } from "./unless-aborted.ts";

/** On whose behalf a client calls, and which server. */
export interface CarryOptions {
  /** A delegation, or a function that gives the current one (`renewing`). */
  readonly delegation: DelegationSource;
  /**
   * The server's name, from your own configuration. Never the name that a server gives itself: a hostile server would
   * name the bank and relay the proof to it.
   */
  readonly audience: string;
  /**
   * Names the request that was approved, for a call that waited: its id, as the first answer to that call had it. Default:
   * nothing is named, but for what the client itself puts into `_meta["dev.hopwise/approval"]`.
   */
  readonly approvals?: (call: CarriedCall) => string | undefined | Promise<string | undefined>;
  /** Those of the server, where it takes longer or deeper arguments than by default. */
  readonly limits?: Partial<Limits>;
  /** The clock, in milliseconds since the epoch. */
  readonly clock?: () => number;
}

/** A call on its way to a server. */
export interface CarriedCall {
  /** The tool's own name, or an operation of MCP such as `mcp:resources/read`. */
  readonly tool: string;
  readonly arguments: unknown;
}

const ROWS: Rows<CarryOptions> = {
  delegation: DELEGATION_SOURCE,
  audience: AUDIENCE,
  approvals: maybe(func("a function that names the request which was approved for a call")),
  limits: maybe(LIMITS),
  clock: maybe(CLOCK),
};

/** Reads the options of one of the carriers. */
export function carryOptionsOf(called: string): (given: unknown) => CarryOptions {
  return optionsOf<CarryOptions>(called, ROWS);
}

/** What a request is signed for, besides its call. */
export interface SigningOrder {
  /** What the server asked the proof to name. */
  readonly nonce?: string | undefined;
  /** Ends the wait where the caller does not want the request any more. */
  readonly signal?: AbortSignal | undefined;
}

/** As long as a source of delegations and a signer have. */
const NAMING_MS = 10_000;

/**
 * Adds the chain, in its compact form, and a fresh proof to a message that needs them; any other message stays as it is.
 * Whatever the host program gave is waited for within a deadline, and no longer than its caller waits.
 *
 * @throws {HopwiseError} see {@link prove}; `signing_failed` where no delegation could be obtained in time, its key could
 *   not sign, or nobody named the approval: the host's error is the `cause`, for the host program, and stays out of every
 *   text that a model could read. What the signal was aborted with, where it was
 */
export async function sign(
  message: JsonRpcMessage,
  options: CarryOptions,
  { nonce, signal }: SigningOrder,
): Promise<JsonRpcMessage> {
  if (!isRequest(message)) return message;
  const operation = operationOf(message);
  if (!("tool" in operation)) return message;
  return unlessAborted(signal, () => signed(message, operation, options, nonce));
}

async function signed(
  message: JsonRpcRequest,
  operation: Extract<Operation, { readonly tool: string }>,
  { delegation, audience, approvals, limits, clock }: CarryOptions,
  nonce: string | undefined,
): Promise<JsonRpcMessage> {
  const { tool } = operation;
  try {
    const held = await currentDelegation(delegation);
    const { proof } = await prove(held, {
      tool,
      ...("arguments" in operation && { arguments: operation.arguments }),
      audience,
      ...(nonce !== undefined && { nonce }),
      ...(limits !== undefined && { limits }),
      ...(clock !== undefined && { clock }),
    });
    const request =
      "arguments" in operation
        ? await settleInTime(NAMING_MS, approvals?.({ tool, arguments: operation.arguments }))
        : undefined;
    if (request !== undefined && typeof request !== "string") throw new Error("approvals gave no id of a request");
    const named = request === undefined ? message : withApproval(message, request);
    return withCredential(named, { chain: serializeCompact(held), proof });
  } catch (cause) {
    const unsigned = isOwn(cause) && (cause.code === "signing_failed" || cause.code === "delegation_unavailable");
    if (isOwn(cause) && !unsigned) throw cause;
    throw new HopwiseError(
      "signing_failed",
      "the request could not be proven, so it was not sent: the delegation, its key or what names approvals gave an error, or no answer in time",
      { cause: unsigned ? cause.cause : cause },
    );
  }
}
