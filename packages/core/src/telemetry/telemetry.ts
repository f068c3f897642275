import type { Outcome } from "../audit/index.ts";
import type { Stage } from "../codes.ts";
import type { Allowed, Decision, HopWatch, TraceHeaders } from "../decision/index.ts";

/**
 * Watches calls, and changes nothing about them: `openTelemetry()` of `@hopwise/core/opentelemetry` makes one. Its
 * methods never throw errors of their own, and pass on unchanged what a stage returns or throws.
 */
export interface Telemetry {
  /** A call begins, within the active trace. */
  begin(call: WatchedCall): CallWatch;
  /** An allowed call ended. */
  report(decision: Allowed, outcome: Outcome): void;
}

export interface WatchedCall {
  readonly invocation: string;
  readonly tool: string;
  /** Whether the tool map names the tool. Any other name is a stranger's text. */
  readonly named: boolean;
  readonly via: "proof" | "session" | "user";
  /** The trace that the caller claims to belong to. */
  readonly traceparent?: string | undefined;
}

/** One call. One that is admitted but never decided does not end. */
export interface CallWatch {
  stage<T>(name: Stage, run: (watch: StageWatch) => T | Promise<T>): T | Promise<T>;
  end(how: EndOfCall): void;
}

export interface EndOfCall {
  readonly decision: Decision;
  readonly verified: boolean;
  /** Of a list. */
  readonly shown?: { readonly items: number; readonly of: number } | undefined;
}

/** The headers and the watch that a stage hands to its questions. */
export interface StageWatch {
  readonly headers: TraceHeaders | undefined;
  readonly hop: HopWatch;
}

/** A stage that nobody watches. */
export const UNWATCHED_STAGE: StageWatch = { headers: undefined, hop: (_, ask) => ask() };

/** A call that nobody watches. */
export const UNWATCHED: CallWatch = { stage: (_, run) => run(UNWATCHED_STAGE), end: () => {} };

/** Watches nothing. */
export const NO_TELEMETRY: Telemetry = { begin: () => UNWATCHED, report: () => {} };
