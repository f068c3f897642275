import type { RunningPdp } from "../decision/index.ts";
import { HopwiseError } from "../errors.ts";
import { defined } from "../lib/index.ts";
import { inSeconds } from "../options/index.ts";
import { createUserIds, DELEGATION } from "../principal/index.ts";
import { checkToolMap } from "../resource/index.ts";
import { checkSourceNames } from "../source/index.ts";
import { memoryState } from "../state/index.ts";
import { NO_TELEMETRY } from "../telemetry/index.ts";
import { createChainVerifier, DEFAULT_LIMITS, type Limits } from "../token/index.ts";
import { approvalRules } from "./approvals/options.ts";
import { behavedState } from "./behaved-state.ts";
import { behavedTelemetry } from "./behaved-telemetry.ts";
import { type AuthorizerOptions, DEFAULT_DEADLINE_MS, DEFAULT_DELEGATION, type EnforcementPoint } from "./options.ts";
import { runningOf } from "./running-pdp.ts";
import { shadowOf } from "./shadow.ts";
import { issuersOf, trustedBy } from "./trusted.ts";
import { behavedNonces, behavedTools } from "./well-behaved.ts";

/**
 * Makes the options of an authorizer complete, and what a host program gives behave.
 *
 * @throws {HopwiseError} `config_invalid` for options that cannot be right together
 */
export function pointOf(options: AuthorizerOptions): EnforcementPoint {
  const {
    deadlineMs = DEFAULT_DEADLINE_MS,
    telemetry = NO_TELEMETRY,
    sources = {},
    nonces,
    clock = Date.now,
  } = options;
  const { delegation = DEFAULT_DELEGATION, state = memoryState({ clock }), rates = [] } = options;
  const limits: Limits = { ...DEFAULT_LIMITS, ...defined(options.limits ?? {}) };
  const { client: cerbos, ...pdp } = runningOf(options.cerbos) as RunningPdp;
  const trust = trustedBy(options, deadlineMs);
  const nowSeconds = inSeconds(clock);
  if (rates.length > 0 && state.spending === undefined) {
    throw new HopwiseError(
      "config_invalid",
      "createAuthorizer: rates needs a state that counts (spending), such as memoryState()",
    );
  }
  checkToolMap(options.tools);
  checkSourceNames("sources.user", sources.user, DELEGATION);
  checkSourceNames("sources.agent", sources.agent, DELEGATION);
  return {
    ...options,
    cerbos,
    delegation,
    state: behavedState(state, { deadlineMs, limits, nonces, nowSeconds }),
    tools: behavedTools(options.tools),
    audience: (typeof options.audience === "string" ? [options.audience] : options.audience) as [string, ...string[]],
    verifier: createChainVerifier(trust, limits, deadlineMs),
    get trust() {
      return trust();
    },
    approvalRules: approvalRules(options),
    rates,
    shadow: shadowOf(options),
    userIds: createUserIds(issuersOf(trust()), options.users),
    limits,
    nonces: nonces && behavedNonces(nonces, deadlineMs),
    pdp,
    auxData: options.auxData,
    sources,
    telemetry: behavedTelemetry(telemetry),
    deadlineMs,
    clock,
    nowSeconds,
  };
}
