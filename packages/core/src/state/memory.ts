import { faultOf, HopwiseError } from "../errors.ts";
import type { Health } from "../lib/index.ts";
import { CLOCK, optionsOf, readerOf, secondsBy } from "../options/index.ts";
import { checkClocks } from "./clocks.ts";
import type { StateDriver } from "./driver.ts";
import { followLog } from "./follow-log.ts";
import { memoryApprovals } from "./memory-approvals.ts";
import { memoryBegan } from "./memory-began.ts";
import { memoryLog } from "./memory-log.ts";
import { memorySpending } from "./memory-spending.ts";
import { inOneProcess, MEMORY_ROWS, type MemoryReplayOptions, replayInMemory } from "./replay.ts";
import type { RevocationTarget } from "./revocation.ts";
import { type RevocationHow, type Revocations, revocationsOn } from "./shared-revocations.ts";
import { assembled, type SharedState } from "./state.ts";

const readState = optionsOf<MemoryReplayOptions>("memoryState", MEMORY_ROWS);
const readDriver = optionsOf<MemoryReplayOptions>("memoryDriver", MEMORY_ROWS);
const readClock = readerOf<() => number>("memoryRevocations", CLOCK);

/** {@link Revocations} in memory, for one process: nothing of it has to be waited for. */
export interface MemoryRevocations extends Revocations {
  revoke(target: RevocationTarget, how?: RevocationHow | number): void;
}

/** The state of one process: two authorizers with the same audience must share it. */
export interface MemoryState extends SharedState {
  readonly revocations: MemoryRevocations;
}

/**
 * State in memory, for one process. Two authorizers with the same audience must share it, also where one takes the other's
 * place. What it knew is gone with it: proofs made before, and budgets that began before, are refused by the next one.
 *
 * @throws {HopwiseError} `config_invalid`
 */
export function memoryState(given: MemoryReplayOptions = {}): MemoryState {
  const options = readState(given);
  const driver = driverOf(options);
  return assembled(driver, inMemory(driver.revocations, options.clock), () => {});
}

/** What keeps a {@link memoryState}, for who holds it against the contract of drivers. @throws {HopwiseError} `config_invalid` */
export function memoryDriver(given: MemoryReplayOptions = {}): StateDriver {
  return driverOf(readDriver(given));
}

/**
 * Remembers revocations in memory, for one process.
 *
 * @param given the clock, in milliseconds since the epoch
 * @throws {HopwiseError} `config_invalid` for what is no clock
 */
export function memoryRevocations(given: () => number = Date.now): MemoryRevocations {
  const clock = readClock(given);
  return inMemory(memoryLog(clock), clock);
}

function driverOf(options: MemoryReplayOptions): StateDriver {
  const { clock: given = Date.now, since = memoryBegan() } = options;
  let closed = false;
  // Every step asks for the time.
  const clock = (): number => {
    if (closed) throw new HopwiseError("state_unavailable", "the state in memory was closed");
    return given();
  };
  const { checkRoom, ...replay } = replayInMemory({ ...options, clock, since });
  const health = (nowSeconds?: number): Health => {
    if (closed) return { ok: false, problem: "it was closed" };
    try {
      checkClocks(secondsBy(clock), nowSeconds);
      checkRoom();
      return { ok: true };
    } catch (error) {
      return { ok: false, problem: faultOf(error) };
    }
  };
  return {
    name: "memory",
    replay: inOneProcess(replay),
    spending: memorySpending(clock, since / 1000),
    approvals: memoryApprovals(clock, since / 1000),
    revocations: memoryLog(clock),
    health,
    close: () => {
      closed = true;
    },
  };
}

function inMemory(log: StateDriver["revocations"], clock: () => number = Date.now): MemoryRevocations {
  // Nobody else could give back what it lost, and it loses nothing.
  return revocationsOn(followLog(log, { clock, repairSeconds: 0 }), clock) as MemoryRevocations;
}
