import { quietly } from "../lib/index.ts";
import { besides, having, METHOD, type Shape } from "../options/index.ts";
import { NO_TELEMETRY, type StageWatch, type Telemetry, UNWATCHED, UNWATCHED_STAGE } from "../telemetry/index.ts";

/** Telemetry, as an option. */
export const TELEMETRY: Shape = besides<Omit<Telemetry, "begin">>(
  having("telemetry, such as openTelemetry()", "begin"),
  { report: METHOD },
);

/** Telemetry that changes nothing about a call: what a stage or a hop found is taken from itself, never from the watcher. */
export function behavedTelemetry(telemetry: Telemetry): Telemetry {
  if (telemetry === NO_TELEMETRY) return telemetry;
  return {
    begin: (call) => {
      const watch = attempt(() => telemetry.begin(call)) ?? UNWATCHED;
      return {
        stage: (name, run) =>
          once(
            (first) => watch.stage(name, first),
            async (own?: StageWatch) => run(behavedStage(own)),
          ),
        end: (how) => void attempt(() => watch.end(how)),
      };
    },
    report: (decision, outcome) => void attempt(() => telemetry.report(decision, outcome)),
  };
}

function behavedStage(own: StageWatch | undefined): StageWatch {
  const { headers, hop } = own ?? UNWATCHED_STAGE;
  if (typeof hop !== "function") return UNWATCHED_STAGE;
  return { headers, hop: (about, ask) => once((first) => hop(about, first), ask) };
}

/** Runs what is watched exactly once: by the watcher, for its context; by itself where the watcher does not. */
function once<Own, Found>(watched: (run: (own?: Own) => Found) => unknown, run: (own?: Own) => Found): Found {
  let found: { readonly value: Found } | undefined;
  const first = (own?: Own): Found => {
    found ??= { value: run(own) };
    return found.value;
  };
  attempt(() => watched(first));
  return first();
}

/** What a watcher gives, unless it fails, now or later. */
function attempt<T>(run: () => T): T | undefined {
  try {
    const given = run();
    quietly(() => given);
    return given;
  } catch {
    return undefined;
  }
}
