import { CircuitState, ConsecutiveBreaker, circuitBreaker, handleWhenResult, isBrokenCircuitError } from "cockatiel";

/** Keeps calls away from what failed several times in a row, and lets one through from time to time to see. */
export interface Breaker {
  /** False while it keeps calls away, also while one call tries whether that can end. */
  readonly up: boolean;
  /**
   * Runs it, or resolves to undefined where it may not run now. A rejection counts neither way; while trying it counts
   * as success.
   */
  run<Result>(attempt: () => Promise<Result>): Promise<Result | undefined>;
}

/**
 * @param failed which results count as failures
 * @param faultsInARow how many of them, one after the other, it takes to keep calls away
 * @param restMs for how long, in milliseconds
 */
export function createBreaker(options: {
  readonly failed: (result: unknown) => boolean;
  readonly faultsInARow: number;
  readonly restMs: number;
  readonly onChange: (up: boolean) => void;
}): Breaker {
  const { failed, faultsInARow, restMs, onChange } = options;
  let openedAt = 0;
  let circuit = fresh();

  function fresh(): ReturnType<typeof circuitBreaker> {
    const made = circuitBreaker(handleWhenResult(failed), {
      halfOpenAfter: restMs,
      breaker: new ConsecutiveBreaker(faultsInARow),
    });
    made.onBreak(() => {
      openedAt = performance.now();
    });
    // Not the half-open state in between: to whoever listens, a target that is tried is still down.
    let up = true;
    made.onStateChange((state) => {
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
    async run<Result>(attempt: () => Promise<Result>) {
      // The library lets all others wait for the one that tries, and that one may wait for a target that hangs.
      if (circuit.state === CircuitState.HalfOpen) return undefined;
      try {
        return await circuit.execute(attempt);
      } catch (error) {
        if (!isBrokenCircuitError(error)) throw error;
        if (performance.now() - openedAt < restMs) return undefined;
        // The library reads the wall clock. Where that was set back, it would keep calls away for as long again.
        circuit = fresh();
        onChange(true);
        return await circuit.execute(attempt);
      }
    },
  };
}
