import { rowOf } from "../codes.ts";
import type { PolicyDecisionPoint, RunningPdp } from "../decision/index.ts";
import { HopwiseError } from "../errors.ts";
import { type Health, strayMember } from "../lib/index.ts";
import { answerOf } from "../options/index.ts";
import type { AttributeSource } from "../source/index.ts";
import { askHealth } from "../state/index.ts";
import { UNWATCHED_STAGE } from "../telemetry/index.ts";
import { isKeySource, type KeysHealth, type TrustAnchor } from "../token/index.ts";
import type { EnforcementPoint } from "./options.ts";
import { orOutage } from "./stages/policy.ts";

/** How the keys of one trust anchor are. */
export interface AnchorHealth extends KeysHealth {
  readonly issuer: string;
}

/** Whether everything that a decision needs could do its work just now: each part that could deny every call. */
export interface AuthorizerHealth extends Health {
  /** What must be remembered, and whether revocations can be told. */
  readonly state: Health;
  readonly policies: Health;
  /** Whether a record could be written. */
  readonly audit: Health;
  /** Not well where no trust anchor has a key; one that has none costs its own chains alone, and is listed. */
  readonly keys: Health & { readonly anchors: readonly AnchorHealth[] };
  /** The directory, the registry and the sources of attributes, as far as they say how they are (`health`). */
  readonly sources: Health;
  readonly clock: Health;
  readonly nonces: Health;
}

type Part = Exclude<keyof AuthorizerHealth, keyof Health>;

/** Asks each part, within the deadline. */
export async function healthOf(point: EnforcementPoint): Promise<AuthorizerHealth> {
  const { deadlineMs } = point;
  const asked = <T extends Health>(what: string, ask: () => T | Promise<T>) => askHealth(what, deadlineMs, ask);
  const [state, policies, audit, keys, sources, clock, nonces] = await Promise.all([
    asked("the state", () => point.state.health?.() ?? WELL),
    healthOfPdp(point),
    asked("the audit", () => point.audit.health?.() ?? WELL),
    healthOfKeys(point),
    healthOfSources(point),
    asked("the clock", () => {
      point.nowSeconds();
      return WELL;
    }),
    asked("the maker of nonces", async () => {
      await point.nonces?.issue(point.nowSeconds());
      return WELL;
    }),
  ]);
  return together({ state, policies, audit, keys, sources, clock, nonces });
}

const WELL: Health = { ok: true };

function together(parts: Pick<AuthorizerHealth, Part>): AuthorizerHealth {
  // Of no part: it ends every call, whatever they say.
  const stray = strayMember();
  const problem = stray ?? firstProblem(Object.values(parts));
  return {
    ok: stray === undefined && Object.values(parts).every(({ ok }) => ok),
    ...parts,
    ...(problem !== undefined && { problem }),
  };
}

function firstProblem(all: readonly Health[]): string | undefined {
  return all.find(({ ok }) => !ok)?.problem;
}

/** What it says of itself, and whether it answers: one that goes by old policies answers, too. */
async function healthOfPdp(point: EnforcementPoint): Promise<Health> {
  const what = "the policy decision point";
  const [own, answers] = await Promise.all([
    askHealth(what, point.deadlineMs, () => point.pdp.health?.() ?? WELL),
    askHealth(what, point.deadlineMs, () => healthOfPolicies(point)),
  ]);
  return own.ok ? answers : own;
}

/** Asks them about nobody, as a call would. */
async function healthOfPolicies(point: EnforcementPoint): Promise<Health> {
  const denied = new HopwiseError("policy_denied", "nobody may do nothing");
  const answer = await orOutage(denied, "health", point, UNWATCHED_STAGE);
  return rowOf(answer.code).fault === true ? { ok: false, problem: answer.message } : WELL;
}

async function healthOfKeys({ trust, deadlineMs }: EnforcementPoint): Promise<AuthorizerHealth["keys"]> {
  const anchors = await Promise.all(
    trust.map(async ({ issuer, keys }: TrustAnchor): Promise<AnchorHealth> => {
      const ask = () => (isKeySource(keys) ? (keys.health?.() ?? WELL) : WELL);
      return { issuer, ...(await askHealth(`the keys of "${issuer}"`, deadlineMs, ask)) };
    }),
  );
  const problem = firstProblem(anchors);
  const ok = problem === undefined || anchors.some((anchor) => anchor.ok);
  return { ok, anchors, ...(problem !== undefined && { problem }) };
}

async function healthOfSources({ users, agents, sources, deadlineMs }: EnforcementPoint): Promise<Health> {
  const asked = (what: string, ask: () => Health | Promise<Health>) => askHealth(what, deadlineMs, ask);
  // Policies are asked without an optional source.
  const further = (of: "user" | "agent") =>
    Object.entries<Further>(sources[of] ?? {}).map(([name, source]) =>
      asked(`the source "${name}" of ${of}s`, () => (source.optional === true ? WELL : (source.health?.() ?? WELL))),
    );
  const all = await Promise.all([
    asked("the user directory", () => users.health?.() ?? WELL),
    asked("the agent registry", () => agents.health?.() ?? WELL),
    ...further("user"),
    ...further("agent"),
  ]);
  return all.find(({ ok }) => !ok) ?? WELL;
}

type Further = Pick<AttributeSource<never>, "optional" | "health">;

/** How long a policy decision point has to end, at least: a process is asked to finish its work before it is killed. */
const CLOSING_MS = 10_000;

/**
 * Ends what an authorizer was given, where that can be ended: each of it, whatever becomes of the others.
 *
 * @throws {HopwiseError} `state_unavailable` or `policy_unavailable` for what failed, or did not end in time; where both did,
 *   the first of these, which tells of both
 */
export async function closeAll(
  { state, deadlineMs }: EnforcementPoint,
  cerbos: PolicyDecisionPoint | RunningPdp,
): Promise<void> {
  const ended = await Promise.allSettled([
    closed(deadlineMs, "state_unavailable", "the state", state),
    closed(Math.max(deadlineMs, CLOSING_MS), "policy_unavailable", "the policy decision point", cerbos),
  ]);
  const faults = ended.flatMap((one) => (one.status === "rejected" ? [one.reason as HopwiseError] : []));
  const [first, ...others] = faults;
  if (first === undefined) return;
  if (others.length === 0) throw first;
  const both = faults.map(({ message }) => message).join("; ");
  throw new HopwiseError(first.code, both, { cause: new AggregateError(faults) });
}

async function closed(
  withinMs: number,
  code: "state_unavailable" | "policy_unavailable",
  what: string,
  of: object,
): Promise<void> {
  const ending = async (): Promise<void> => {
    const { close } = of as { readonly close?: () => unknown };
    await close?.call(of);
  };
  await answerOf(withinMs, code, `the end of ${what}`, ending);
}
