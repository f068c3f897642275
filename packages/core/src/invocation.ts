import type { AuditSink, DecisionRecord, TokenRecord, UnverifiedAttempt } from "./audit/index.ts";
import { sha256 } from "./crypto/index.ts";
import { settleInTime } from "./deadline.ts";
import {
  type Allowed,
  type Asked,
  type ChainView,
  changesResults,
  type Decision,
  type Denied,
  type HopVerdict,
  isRetryable,
  type Obligations,
  type Stage,
} from "./decision/index.ts";
import { HopwiseError } from "./errors.ts";
import { describeArguments, type Grant, type ToolGrant } from "./grant/index.ts";
import { canonicalJson, type JsonObject } from "./json/index.ts";
import { plainText } from "./plain-text.ts";
import type { ContextOrigin } from "./source/index.ts";
import type { StageWatch, Telemetry } from "./telemetry/index.ts";
import { type Chain, randomId } from "./token/index.ts";

/** What is known of one call while it passes the stages, and how it ends: as a decision, on record. */
export interface Invocation {
  readonly id: string;
  readonly tool: string;
  readonly via: DecisionRecord["via"];
  chain?: Chain;
  view?: ChainView;
  /** Whether somebody showed to be the holder, or the user; before that, a denial is nobody's. */
  verified: boolean;
  received: JsonObject;
  parsed?: JsonObject;
  /** The call in the words of policies. */
  asked?: Asked;
  verdicts: readonly HopVerdict[];
  /** Where the attributes that policies were asked with came from. */
  readonly context: ContextOrigin[];
  shown?: { items: number; of: number };
  /** Arguments that the record keeps, by name; the others are in it as a hash. */
  keep(names: readonly string[] | undefined): void;
  /** Runs one stage and notes how long it took. A {@link HopwiseError} in it ends the invocation. */
  stage<T>(name: Stage, run: (watch: StageWatch) => T | Promise<T>): Promise<T>;
  /** Ends it with an allowance, unless that cannot be recorded. */
  allow(how?: { readonly projected?: boolean; readonly obligations?: Obligations }): Promise<Decision>;
  /** Ends it with a denial: the {@link HopwiseError} that a stage threw. Anything else is a fault and is thrown on. */
  deny(error: unknown): Promise<Denied>;
}

export interface InvocationOptions {
  readonly tool: string;
  readonly audience: string;
  readonly via: DecisionRecord["via"];
  readonly audit: AuditSink;
  readonly telemetry: Telemetry;
  /** Whether the tool's name is ours, and no stranger's text. */
  readonly named: boolean;
  /** See {@link Call.traceparent}. */
  readonly traceparent?: string | undefined;
  /** How long writing the record may take, in milliseconds. */
  readonly deadlineMs: number;
  readonly clock: () => number;
  readonly pdpVersion?: string | undefined;
}

export function beginInvocation({
  audit,
  telemetry,
  deadlineMs,
  clock,
  pdpVersion,
  ...call
}: InvocationOptions): Invocation {
  const { tool, audience, via } = call;
  const id = randomId();
  const watch = telemetry.begin({ invocation: id, ...call });
  const start = performance.now();
  const spent: { [stage in Stage]?: number } = {};
  let current: Stage = "arguments";
  let kept: readonly string[] = [];

  const answer = (): Omit<Allowed, "outcome" | "arguments"> => ({
    invocation: id,
    time: new Date(clock()).toISOString(),
    tool: plainText(tool),
    ...(invocation.asked !== undefined && { asked: invocation.asked }),
    ...(invocation.view !== undefined && { chain: invocation.view }),
    verdicts: invocation.verdicts,
    // A copy: a source that answers after the deadline must not write into a record.
    ...(invocation.context.length > 0 && { context: [...invocation.context] }),
    timings: { ...spent, total: performance.now() - start },
  });

  const record = async (decision: Decision): Promise<void> => {
    const { received, parsed, shown, chain } = invocation;
    const { outcome, verdicts, timings } = decision;
    const denied = decision.outcome === "denied" ? decision : undefined;
    const entry: DecisionRecord = {
      version: 1,
      kind: "decision",
      invocation: id,
      time: decision.time,
      audience,
      via,
      ...(decision.chain !== undefined && { chain: decision.chain }),
      tokens: chain === undefined ? [] : tokenRecords(chain, tool),
      tool: decision.tool,
      ...(decision.asked !== undefined && { asked: decision.asked }),
      argumentsHash: {
        received: await sha256(canonicalJson(received)),
        ...(parsed !== undefined && parsed !== received && { parsed: await sha256(canonicalJson(parsed)) }),
      },
      ...(kept.length > 0 && { arguments: only(kept, parsed ?? received) }),
      ...(decision.context !== undefined && { context: decision.context }),
      outcome,
      ...(denied && { code: denied.code, stage: denied.stage, message: denied.message }),
      ...(denied?.hop !== undefined && { hop: denied.hop }),
      ...(denied?.reason !== undefined && { reason: denied.reason }),
      ...(denied?.pointer !== undefined && { pointer: denied.pointer }),
      ...(denied?.rule !== undefined && { rule: denied.rule }),
      ...(denied?.wouldPass !== undefined && { wouldPass: denied.wouldPass }),
      ...(decision.outcome === "allowed" && decision.obligations && { obligations: decision.obligations }),
      verdicts,
      ...(pdpVersion !== undefined && verdicts.length > 0 && { pdp: { version: pdpVersion } }),
      ...(shown !== undefined && { shown }),
      timings,
    };
    await settleInTime(deadlineMs, audit.record(entry));
  };

  const takeBack = async ({ tool, time }: Pick<Allowed, "tool" | "time">): Promise<void> =>
    audit.outcome?.({
      version: 1,
      kind: "outcome",
      invocation: id,
      time,
      audience,
      tool,
      outcome: "refused",
      durationMs: 0,
    });

  const attemptOf = ({ time, tool, code, message }: Denied): UnverifiedAttempt => ({
    invocation: id,
    time,
    audience,
    tool,
    code,
    message,
    ...(invocation.chain !== undefined && { chainId: invocation.chain.id }),
  });

  const denied = (error: HopwiseError): Denied => ({
    ...answer(),
    outcome: "denied",
    code: error.code as Denied["code"],
    stage: current,
    message: error.message,
    ...(error.hop !== undefined && { hop: error.hop }),
    ...(error.reason !== undefined && { reason: error.reason }),
    ...(error.pointer !== undefined && { pointer: error.pointer }),
    ...(error.rule !== undefined && { rule: error.rule }),
    ...(error.wouldPass !== undefined && { wouldPass: error.wouldPass }),
    ...(error.nonce !== undefined && { nonce: error.nonce }),
    retryable: isRetryable(error.code as Denied["code"]),
  });

  const ended = <D extends Decision>(decision: D): D => {
    watch.end({ decision, verified: invocation.verified, shown: invocation.shown });
    return decision;
  };

  const invocation: Invocation = {
    id,
    tool,
    via,
    verified: false,
    received: {},
    verdicts: [],
    context: [],
    keep: (names = []) => {
      kept = names;
    },
    stage: async (name, run) => {
      current = name;
      const from = performance.now();
      try {
        return await watch.stage(name, run);
      } finally {
        spent[name] = (spent[name] ?? 0) + performance.now() - from;
      }
    },
    allow: async ({ projected = false, obligations } = {}) => {
      const owed = obligations !== undefined && changesResults(obligations);
      const decision = (): Allowed => ({
        ...answer(),
        outcome: "allowed",
        arguments: invocation.parsed ?? invocation.received,
        ...(projected && { projected: true }),
        ...(owed && { obligations }),
      });
      try {
        await invocation.stage("audit", () => record(decision()));
        return ended(decision());
      } catch (cause) {
        // A slow disk may still come to write that it was allowed: then this says that it did not run.
        void takeBack(answer()).catch(() => {});
        // No allowed call without its record.
        return ended(
          denied(
            new HopwiseError("audit_unavailable", "the decision could not be recorded, so the call may not run", {
              cause,
            }),
          ),
        );
      }
    },
    deny: async (error) => {
      if (!(error instanceof HopwiseError)) {
        watch.fail();
        throw error;
      }
      const decision = denied(error);
      if (invocation.verified) {
        // A denial stands whether or not it could be written down.
        await record(decision).catch(() => {});
      } else {
        // Counting strangers must not break the answer to them, nor the process.
        void Promise.resolve(attemptOf(decision))
          .then((attempt) => audit.unverified?.(attempt))
          .catch(() => {});
      }
      return ended(decision);
    },
  };
  return invocation;
}

function tokenRecords({ links, source }: Chain, tool: string): readonly TokenRecord[] {
  const handed = (grant: Grant): string | undefined => {
    const id = Object.keys(grant).find((name) => name === tool || name.endsWith(`#${tool}`));
    return id === undefined ? undefined : plainText(describeArguments(grant[id] as ToolGrant));
  };
  return links.map(({ hash, jti, agent, key, issuedAt, expiresAt, grant }, i) => ({
    hash,
    jti,
    agent,
    key,
    issuedAt,
    expiresAt,
    tools: Object.keys(grant),
    handed: handed(grant),
    ...(i === 0 && source !== undefined && { source }),
  }));
}

function only(names: readonly string[], args: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(args).filter(([name]) => names.includes(name)));
}
