import { CircuitState, ConsecutiveBreaker, circuitBreaker, handleWhenResult, isBrokenCircuitError } from "cockatiel";

/**
 * Keeps calls away from a target that failed several times in a row, and lets one through from time to time to try it.
 */
export interface Breaker {
  /** False while it keeps calls away, also while one call tries the target again. */
  readonly up: boolean;
  /** Whether a call may run now: it is up, or it is time for one call to try. */
  readonly admits: boolean;
  /**
   * Runs an attempt that it admits.
   *
   * @param attempt must not reject
   * @param counts tells what a result shows; `neither` counts as a success for the one call that tries
   */
  run<Result>(attempt: () => Promise<Result>, counts: (result: Result) => Run<Result>["shows"]): Promise<Result>;
}

interface Run<Result> {
  readonly result: Result;
  readonly shows: "success" | "failure" | "neither";
}

/**
 * @param faultsInARow how many failures, one after the other, it takes to keep calls away
 * @param restMs for how long, in milliseconds
 */
export function createBreaker(options: {
  readonly faultsInARow: number;
  readonly restMs: number;
  readonly onChange: (up: boolean) => void;
}): Breaker {
  const { faultsInARow, restMs, onChange } = options;
  let openedAt = 0;
  let circuit = fresh();

  function fresh(): ReturnType<typeof circuitBreaker> {
    const made = circuitBreaker(
      handleWhenResult((run) => (run as Run<unknown>).shows === "failure"),
      { halfOpenAfter: restMs, breaker: new ConsecutiveBreaker(faultsInARow) },
    );
    // Not the half-open state in between: for listeners, a target that is being tried is still down.
    let up = true;
    made.onStateChange((state) => {
      if (state === CircuitState.Open) openedAt = performance.now();
      const now = state === CircuitState.Closed;
      if (state === CircuitState.HalfOpen || now === up) return;
      up = now;
      onChange(up);
    });
    return made;
  }

  return {
    get up() {
      return circuit.state === CircuitState.Closed;
    },
    get admits() {
      // No call while one tries: the library would let it wait for that one, which may wait for a target that hangs.
      if (circuit.state === CircuitState.HalfOpen) return false;
      return circuit.state === CircuitState.Closed || performance.now() - openedAt >= restMs;
    },
    async run<Result>(attempt: () => Promise<Result>, counts: (result: Result) => Run<Result>["shows"]) {
      let ran: Run<Result> | undefined;
      const watched = async (): Promise<Run<Result>> => {
        const result = await attempt();
        ran = { result, shows: counts(result) };
        // The library does not count a thrown error.
        if (ran.shows === "neither") throw new Error("counts neither way");
        return ran;
      };
      for (;;) {
        try {
          return (await circuit.execute(watched)).result;
        } catch (error) {
          if (ran !== undefined) return (ran as Run<Result>).result;
          if (!isBrokenCircuitError(error)) throw error;
          // The library reads the wall clock. Where that was set back, it would keep calls away for as long again.
          circuit = fresh();
          onChange(true);
        }
      }
    },
  };
}
