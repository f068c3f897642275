import { type DenialCode, type ErrorCode, isDenialCode } from "../codes.ts";
import { HopwiseError } from "../errors.ts";
import { quietly } from "../lib/index.ts";
import { choice, either, list, type Shape, such } from "../options/index.ts";
import { checkMapped, type ToolMap, toolEntry } from "../resource/index.ts";
import { isOperation, listedTool } from "../token/index.ts";
import type { AuthorizerOptions } from "./options.ts";

/**
 * Which calls run although they were refused, to see what would be denied before it is. `true`: those of every tool; a list:
 * those of these tools, or operations of MCP; `"everything"`: those of every tool, also without a valid chain.
 */
export type ShadowOption = true | readonly string[] | "everything";

const TOOLS = "a list of names of the tool map, such as send_payment";

/** Read at the door. There is no `false`: it is left out. */
export const SHADOW: Shape = either(
  'true, "everything", or a list of tools, such as ["send_payment"]',
  such("true", (value) => value === true),
  choice("everything"),
  list(listedTool("a tool's name, such as send_payment", "say shadow: true"), TOOLS),
);

/**
 * What shadow mode does about a refusal:
 *
 * - `stops`: nothing, the call is refused as always. Every outage, replay, revocation and malformed input; whatever is new
 * - `judged`: what policies and grants say is noted and not enforced; but for a tool that gives rows, which has none to show
 *   without them
 * - `counted`: so is what people or a budget have to say, of any tool
 * - `unproven`: `"everything"` alone lets the call run, as that of nobody
 */
type Treatment = "stops" | "judged" | "counted" | "unproven";

/** The one place that says what shadow mode lets through. A code without a row does not compile. */
const TREATMENTS = {
  method_unguarded: "stops",
  tool_unguarded: "stops",
  tool_not_served: "stops",
  tool_hidden: "stops",
  server_refused: "stops",
  call_withdrawn: "stops",
  authentication_failed: "stops",
  guard_failed: "stops",
  arguments_malformed: "stops",
  arguments_refused: "stops",
  token_malformed: "unproven",
  token_too_large: "unproven",
  token_version_unsupported: "unproven",
  token_alg_refused: "unproven",
  token_key_refused: "unproven",
  token_signature_invalid: "unproven",
  token_untrusted_issuer: "unproven",
  token_expired: "unproven",
  token_not_yet_valid: "unproven",
  delegation_unavailable: "stops",
  issuer_keys_unavailable: "stops",
  issuer_key_unknown: "unproven",
  chain_depth_exceeded: "unproven",
  chain_link_broken: "unproven",
  chain_widened: "unproven",
  principal_changed: "unproven",
  audience_mismatch: "unproven",
  proof_missing: "unproven",
  // A question to the client, which would never answer it.
  proof_nonce_required: "stops",
  proof_invalid: "unproven",
  proof_audience_mismatch: "unproven",
  proof_arguments_mismatch: "unproven",
  subject_mismatch: "unproven",
  revoked: "stops",
  proof_replayed: "stops",
  budget_unsupported: "stops",
  state_unavailable: "stops",
  // Who was taken out of the registry is meant to be stopped.
  agent_unknown: "stops",
  agent_depth_refused: "stops",
  agent_invalid: "stops",
  registry_unavailable: "stops",
  agent_tool_refused: "stops",
  grant_tool_missing: "judged",
  grant_argument_refused: "judged",
  grant_argument_missing: "judged",
  // Only of tools that give rows.
  grant_not_of_rows: "stops",
  tool_unmapped: "stops",
  user_unknown: "stops",
  resource_unknown: "stops",
  attributes_missing: "stops",
  attributes_invalid: "stops",
  context_unavailable: "stops",
  policy_denied: "judged",
  delegation_denied: "judged",
  policy_unavailable: "stops",
  policy_inconclusive: "stops",
  policy_request_refused: "stops",
  approval_required: "counted",
  filter_unsupported: "stops",
  approval_denied: "stops",
  approval_used: "stops",
  approval_void: "stops",
  approval_limit: "stops",
  budget_exhausted: "counted",
  rate_exceeded: "stops",
  audit_unavailable: "stops",
  result_withheld: "stops",
  filter_lapsed: "stops",
  filter_unapplied: "stops",
} as const satisfies Record<DenialCode, Treatment>;

/** Which refusals are noted and not enforced, here. */
export interface Shadow {
  readonly lets: (tool: string, code: ErrorCode) => boolean;
}

const NO_SHADOW: Shadow = { lets: () => false };

/**
 * Says so where shadow mode is on, that nobody forgets it.
 *
 * @throws {HopwiseError} `config_invalid` for a tool that the tool map does not know
 */
export function shadowOf({
  shadow: option,
  tools,
  onWarning = WARN,
}: Pick<AuthorizerOptions, "shadow" | "tools" | "onWarning">): Shadow {
  if (option === undefined) return NO_SHADOW;
  const named = typeof option === "object" ? new Set(option) : undefined;
  for (const name of named ?? []) checkNamed(tools, name);
  const letsByTreatment: { readonly [What in Treatment]: (tool: string) => boolean } = {
    stops: () => false,
    judged: (tool) => !givesRows(tools, tool),
    counted: () => true,
    unproven: (tool) => option === "everything" && !givesRows(tools, tool),
  };
  if (named?.size !== 0) quietly(() => onWarning(warningOf(option)));
  return {
    lets: (tool, code) =>
      (named === undefined || named.has(tool)) && isDenialCode(code) && letsByTreatment[TREATMENTS[code]](tool),
  };
}

/** Where warnings go, unless somebody else wants them. */
export const WARN = (text: string): void => globalThis.console.warn(text);

function warningOf(option: ShadowOption): string {
  const where = typeof option === "object" ? option.join(", ") : "every tool";
  const unproven = option === "everything" ? "; so do calls without a valid chain, for nobody who is known" : "";
  return `hopwise: shadow mode is on for ${where}: calls that policies, grants, budgets or a missing approval refuse run all the same, and are only recorded${unproven}`;
}

function givesRows(tools: ToolMap, tool: string): boolean {
  return toolEntry(tools, tool)?.filter !== undefined;
}

/** A name with a slip in it would be enforced, and whoever wrote it believe that it is not. */
function checkNamed(tools: ToolMap, name: string): void {
  if (isOperation(name)) return;
  try {
    checkMapped(tools, name);
  } catch (cause) {
    throw new HopwiseError("config_invalid", `createAuthorizer: shadow: ${(cause as Error).message}`, { cause });
  }
}

/**
 * Why nobody is told for whom a call runs that came without a valid chain. The caller may get this text as that of a failed
 * tool, so it does not say that shadow mode is on.
 */
export function noCaller(code: DenialCode): HopwiseError {
  const message = `it is not known for whom this call runs, since it came without a valid delegation chain (${code}): a tool that has to know cannot serve it`;
  return new HopwiseError(code, message);
}
