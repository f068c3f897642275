/** Every denial that there is, brought about once more in shadow mode: which ones are not enforced, and no others. */
import type { AuthorizerOptions } from "@hopwise/core";
import { describe, expect, it } from "vitest";
import { CODES, type DenialCode, type ErrorCode, isDenialCode } from "../../packages/core/src/codes.ts";
import { PRODUCED } from "../codes/produced.ts";
import { type World, worldHere } from "../support/world.ts";

/**
 * Whether a call that is denied with it runs in shadow mode; or with `"everything"` alone; or what becomes of it, where what the
 * case does leads elsewhere in shadow mode.
 */
type Runs = "yes" | "everything" | "never" | { readonly becomes: DenialCode | "allowed"; readonly since: string };

const NO_REQUEST = {
  becomes: "allowed",
  since: "nobody is asked, so that there is no request; calls.test.ts has those",
} as const;

/** Those of which something becomes in shadow mode. A call that is denied with any other never runs: a new one has no row. */
const RUNS: { readonly [Code in DenialCode]?: Runs } = {
  tool_hidden: { becomes: "arguments_refused", since: "a tool that the policies hide is shown" },
  token_malformed: "everything",
  token_too_large: "everything",
  token_version_unsupported: "everything",
  token_alg_refused: "everything",
  token_key_refused: "everything",
  token_signature_invalid: "everything",
  token_untrusted_issuer: "everything",
  token_expired: "everything",
  token_not_yet_valid: "everything",
  issuer_key_unknown: "everything",
  chain_depth_exceeded: "everything",
  chain_link_broken: "everything",
  chain_widened: "everything",
  principal_changed: "everything",
  audience_mismatch: "everything",
  proof_missing: "everything",
  proof_invalid: "everything",
  proof_audience_mismatch: "everything",
  proof_arguments_mismatch: "everything",
  subject_mismatch: "everything",
  grant_tool_missing: "yes",
  grant_argument_refused: "yes",
  grant_argument_missing: { becomes: "arguments_malformed", since: "the argument has the id of the resource" },
  policy_denied: "yes",
  delegation_denied: { becomes: "policy_inconclusive", since: "behind it, nobody does what the policies oblige to" },
  approval_required: "yes",
  approval_denied: NO_REQUEST,
  approval_used: NO_REQUEST,
  approval_void: NO_REQUEST,
  approval_limit: NO_REQUEST,
  budget_exhausted: "yes",
};

const world = await worldHere();

/** What becomes of a call that is denied with this code, where this much is in shadow mode. */
async function produced(code: DenialCode, shadow: NonNullable<AuthorizerOptions["shadow"]>): Promise<string> {
  const authorizer: World["authorizer"] = (options) => world.authorizer({ shadow, onWarning: () => {}, ...options });
  return PRODUCED[code].produce({ ...world, authorizer }).then(
    (answer) => answer.code,
    (error: Error) => {
      if (error.message === "it was allowed") return "allowed";
      throw error;
    },
  );
}

const rows = (Object.keys(CODES) as ErrorCode[])
  .filter(isDenialCode)
  .map((code): [DenialCode, Runs] => [code, RUNS[code] ?? "never"]);

function expected(code: DenialCode, runs: Runs, everything: boolean): string {
  if (typeof runs === "object") return runs.becomes;
  return runs === "yes" || (runs === "everything" && everything) ? "allowed" : code;
}

describe("a call that is denied", () => {
  it.each(rows)("%s: in shadow mode, where it is %j", async (code, runs) => {
    expect(await produced(code, true)).toBe(expected(code, runs, false));
  });

  it.each(rows)('%s: with "everything", where it is %j', async (code, runs) => {
    expect(await produced(code, "everything")).toBe(expected(code, runs, true));
  });

  it.each(rows.filter(([, runs]) => runs === "yes"))("%s: of no other tool than those that are named", async (code) => {
    expect(await produced(code, ["get_transactions"])).toBe(code);
  });
});
