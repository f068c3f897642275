import { quietly } from "@hopwise/core/adapter";
import type { PdpProbe, PdpWarning } from "../ask/index.ts";

/** The warnings about several targets, each told once for as long as it stands. */
export interface ToldWarnings {
  /** Whether a target had the canary's policy. */
  readonly sawCanary: boolean;
  /**
   * Tells what is new.
   *
   * @param probe undefined for a target that did not serve in time
   * @returns all warnings of the probe
   */
  report(probe: PdpProbe | undefined, target: string): readonly PdpWarning[];
}

export function createToldWarnings(onWarning: ((warning: PdpWarning) => void) | undefined): ToldWarnings {
  const standing = new Map<string, readonly PdpWarning["code"][]>();
  let [sawCanary, saidMixedUp] = [false, false];
  return {
    get sawCanary() {
      return sawCanary;
    },
    report(probe, target) {
      sawCanary ||= probe?.warnings.every(({ code }) => code !== "strict_evaluation_unknown") ?? false;
      const warnings = warningsOf(target, probe);
      const before = standing.get(target) ?? [];
      standing.set(
        target,
        warnings.map(({ code }) => code),
      );
      for (const warning of warnings) {
        // What every version does is no news of one target.
        if (before.includes(warning.code) || (warning.code === "rules_mixed_up" && saidMixedUp)) continue;
        saidMixedUp ||= warning.code === "rules_mixed_up";
        quietly(() => onWarning?.(warning));
      }
      return warnings;
    },
  };
}

function warningsOf(target: string, probe: PdpProbe | undefined): readonly PdpWarning[] {
  if (probe !== undefined) return probe.warnings.map((warning) => ({ ...warning, target }));
  return [{ code: "target_absent", text: "No PDP serves there. It is asked as soon as one does.", target }];
}
