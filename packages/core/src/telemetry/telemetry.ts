import type { Outcome } from "../audit/index.ts";
import type { Stage } from "../codes.ts";
import type { Allowed, Decision, HopWatch, TraceHeaders } from "../decision/index.ts";

/**
 * Watches calls, and changes nothing about them: `openTelemetry()` of `@hopwise/core/opentelemetry` makes one. None of
 * its methods throws of its own; what a stage returns or throws goes through it as it is.
 */
export interface Telemetry {
  /** A call begins, within whatever trace is active. */
  begin(call: WatchedCall): CallWatch;
  /** What came of an allowed call. */
  report(decision: Allowed, outcome: Outcome): void;
}

export interface WatchedCall {
  readonly invocation: string;
  readonly tool: string;
  /** Whether the tool's name is ours. Any other is text of a stranger. */
  readonly named: boolean;
  readonly via: "proof" | "session" | "user";
  /** The caller's own word on which trace it belongs to. */
  readonly traceparent?: string | undefined;
}

/** One call. Ends by `end` or by `fail`; one that is let in and then never decided ends by neither. */
export interface CallWatch {
  stage<T>(name: Stage, run: (watch: StageWatch) => T | Promise<T>): T | Promise<T>;
  end(how: EndOfCall): void;
  /** A fault that is no denial. */
  fail(): void;
}

export interface EndOfCall {
  readonly decision: Decision;
  readonly verified: boolean;
  /** Of a list. */
  readonly shown?: { readonly items: number; readonly of: number } | undefined;
}

/** What a stage hands to those it asks. */
export interface StageWatch {
  readonly headers: TraceHeaders | undefined;
  readonly hop: HopWatch;
}

const NOTHING: StageWatch = { headers: undefined, hop: (_, ask) => ask() };

const UNWATCHED: CallWatch = { stage: (_, run) => run(NOTHING), end: () => {}, fail: () => {} };

/** Where nobody watches. */
export const NO_TELEMETRY: Telemetry = { begin: () => UNWATCHED, report: () => {} };
