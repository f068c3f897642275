import type { Attributes, Context, Meter } from "@opentelemetry/api";
import type { Outcome } from "../audit/index.ts";
import type { Allowed } from "../decision/index.ts";
import type { EndOfCall, WatchedCall } from "../telemetry/index.ts";
import { isNamed, subjectOf } from "./attributes.ts";
import { quietly } from "./quietly.ts";

/** Counts and durations. Their attributes take few values each: no ids of users, agents, chains or calls. */
export interface Instruments {
  decided(call: WatchedCall, end: EndOfCall, at: Context): void;
  reported(decision: Allowed, outcome: Outcome): void;
}

/** Seconds; a decision takes about a millisecond where the decision point is near. */
const BUCKETS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5];

export function createInstruments(meter: Meter): Instruments {
  const decisions = meter.createCounter("hopwise.decisions", {
    unit: "{decision}",
    description: "Decisions about calls whose caller is known",
  });
  const unverified = meter.createCounter("hopwise.unverified_attempts", {
    unit: "{attempt}",
    description: "Calls refused before a key was proven",
  });
  const letRun = meter.createCounter("hopwise.shadow.calls", {
    unit: "{call}",
    description: "Calls that shadow mode alone let run",
  });
  const outcomes = meter.createCounter("hopwise.outcomes", {
    unit: "{outcome}",
    description: "How allowed calls ended",
  });
  const seconds = { unit: "s", advice: { explicitBucketBoundaries: BUCKETS } };
  const duration = meter.createHistogram("hopwise.authorize.duration", {
    ...seconds,
    description: "From a call's arrival to its decision",
  });
  const stageDuration = meter.createHistogram("hopwise.stage.duration", {
    ...seconds,
    description: "How long each stage takes",
  });

  const labelOf = createLabels();

  return {
    decided: (call, { decision, verified }, at) => {
      const tool = labelOf(decision.tool, call.named, isNamed(call, decision));
      const code = decision.outcome === "denied" ? { "hopwise.code": decision.code } : {};
      const outcome = { "hopwise.outcome": decision.outcome };
      const shadow = decision.outcome === "allowed" ? decision.shadow : undefined;
      // Each by itself: one that fails keeps no other from being told.
      if (shadow !== undefined) {
        const would = { "hopwise.code": shadow.code, "hopwise.verified": verified };
        quietly(() => letRun.add(1, { ...would, ...tool }, at));
      }
      if (verified) {
        quietly(() => decisions.add(1, { ...outcome, ...code, ...tool }, at));
      } else if (shadow === undefined) {
        // Of an unverified call only the code is certain.
        quietly(() => unverified.add(1, code, at));
      }
      const { total = 0, ...stages } = decision.timings;
      quietly(() => duration.record(total / 1000, { ...outcome, "hopwise.verified": verified }, at));
      for (const [stage, ms] of Object.entries(stages)) {
        quietly(() => stageDuration.record(ms / 1000, { "hopwise.stage": stage }, at));
      }
    },
    reported: ({ tool }, outcome) => {
      const withheld = outcome.outcome === "returned" && outcome.withheld === true;
      const result = { "hopwise.result": withheld ? "withheld" : outcome.outcome };
      quietly(() => outcomes.add(1, { ...result, ...labelOf(tool, false, true) }));
    },
  };
}

/** So many names that the tool map does not list are labels: who asks an authorizer itself may send any that `"*"` stands for. */
const MOST_UNLISTED = 1000;

/** The tool's name as a label; one label for all names that are not known here. */
function createLabels(): (tool: string, listed: boolean, named: boolean) => Attributes {
  const labels = new Set<string>();
  let unlisted = 0;
  const isLabel = (tool: string, listed: boolean): boolean => {
    if (!labels.has(tool) && (listed || unlisted++ < MOST_UNLISTED)) labels.add(tool);
    return labels.has(tool);
  };
  return (tool, listed, named) => {
    const { "gen_ai.operation.name": _, ...name } = subjectOf(tool, named && isLabel(tool, listed));
    return Object.keys(name).length === 0 ? { "gen_ai.tool.name": "_OTHER" } : name;
  };
}
