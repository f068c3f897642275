import type { DenialCode, ErrorCode } from "../codes.ts";
import { HopwiseError } from "../errors.ts";
import { warner } from "../lib/index.ts";
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

/*
 * The one place that says which refusals shadow mode lets through. Any other code ends the call as always: every outage, replay,
 * revocation and malformed input; an agent that was taken out of the registry; whatever is new.
 */

/** What policies and grants say; but for a tool that gives rows, which has none to show without them. */
const JUDGED: ReadonlySet<ErrorCode> = new Set<DenialCode>([
  "grant_tool_missing",
  "grant_argument_refused",
  "grant_argument_missing",
  "policy_denied",
  "delegation_denied",
]);

/** So is what people or a budget have to say, of any tool. */
const COUNTED: ReadonlySet<ErrorCode> = new Set<DenialCode>(["approval_required", "budget_exhausted"]);

/**
 * `"everything"` alone lets such a call run, as that of nobody. Whoever is asked for a nonce has to send one all the same: it is a
 * question to the client, which would never answer it.
 */
const UNPROVEN: ReadonlySet<ErrorCode> = new Set<DenialCode>([
  "token_malformed",
  "token_too_large",
  "token_version_unsupported",
  "token_alg_refused",
  "token_key_refused",
  "token_signature_invalid",
  "token_untrusted_issuer",
  "token_expired",
  "token_not_yet_valid",
  "issuer_key_unknown",
  "chain_depth_exceeded",
  "chain_link_broken",
  "chain_widened",
  "principal_changed",
  "audience_mismatch",
  "proof_missing",
  "proof_invalid",
  "proof_audience_mismatch",
  "proof_arguments_mismatch",
  "subject_mismatch",
]);

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
  onWarning,
}: Pick<AuthorizerOptions, "shadow" | "tools" | "onWarning">): Shadow {
  if (option === undefined) return NO_SHADOW;
  const named = typeof option === "object" ? new Set(option) : undefined;
  for (const name of named ?? []) checkNamed(tools, name);
  if (named?.size !== 0) warner(onWarning)(warningOf(option));
  const letsJudged = (code: ErrorCode): boolean => JUDGED.has(code) || (option === "everything" && UNPROVEN.has(code));
  return {
    lets: (tool, code) =>
      (named === undefined || named.has(tool)) && (COUNTED.has(code) || (letsJudged(code) && !givesRows(tools, tool))),
  };
}

function warningOf(option: ShadowOption): string {
  const where = typeof option === "object" ? option.join(", ") : "every tool";
  const unproven = option === "everything" ? "; so do calls without a valid chain, for nobody who is known" : "";
  return `shadow mode is on for ${where}: calls that policies, grants, budgets or a missing approval refuse run all the same, and are only recorded${unproven}`;
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
