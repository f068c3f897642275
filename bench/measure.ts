/**
 * Ratios that hold on a noisy machine: what is compared runs in turns, a few operations at a time, so that whatever else
 * the machine does hits all of them alike. Only then is a quotient of two times worth anything.
 */

/**
 * Prepares `count` operations and returns what runs them. Preparing is not timed: proofs and chains that may be used
 * only once are made there.
 */
export type Candidate = (count: number) => Promise<Batch> | Batch;

/** Runs the operations that were prepared, one after the other. This is timed. */
export type Batch = () => Promise<void> | void;

export interface Schedule {
  /** How many rounds count. Each gives one time a candidate, and one ratio a pair. */
  readonly rounds: number;
  /** How many rounds go before, until the compiler has seen everything. */
  readonly warmup: number;
  /** Operations a candidate and a round: few enough that a disturbance seldom hits one candidate alone. */
  readonly batch: number;
  /**
   * `cpu` is for what only computes: the time in which another process had the core is nobody's. `wall` is for what
   * waits for somebody, too.
   */
  readonly clock: keyof typeof clocks;
}

/** Microseconds since some moment. */
const clocks = {
  wall: (): number => performance.now() * 1000,
  cpu: (): number => {
    const { user, system } = process.cpuUsage();
    return user + system;
  },
};

/** Microseconds an operation, one number a round. */
export type Times<Name extends string> = { readonly [name in Name]: readonly number[] };

/** Measures all candidates in turns. Who goes first changes with each round, so that nobody always pays for another. */
export async function takeTurns<Name extends string>(
  candidates: { readonly [name in Name]: Candidate },
  { rounds, warmup, batch, clock }: Schedule,
): Promise<Times<Name>> {
  const now = clocks[clock];
  const names = Object.keys(candidates) as Name[];
  const times = Object.fromEntries(names.map((name) => [name, []])) as unknown as { [name in Name]: number[] };
  for (let round = -warmup; round < rounds; round++) {
    for (const name of turnOrder(names, round + warmup)) {
      const run = await candidates[name](batch);
      await idle();
      const from = now();
      await run();
      const spent = now() - from;
      if (round >= 0) times[name].push(spent / batch);
    }
  }
  return times;
}

/** Rotated by one each round, and reversed every other time round: over the rounds everybody follows everybody. */
function turnOrder<Name>(names: readonly Name[], round: number): readonly Name[] {
  const by = round % names.length;
  const rotated = [...names.slice(by), ...names.slice(0, by)];
  return Math.floor(round / names.length) % 2 === 0 ? rotated : rotated.reverse();
}

/** Lets what the one before left behind (closing streams, timers) end outside of the next one's time. */
function idle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** The median of the ratios of the rounds. A round in which only one side was disturbed is an outlier, and drops out. */
export function ratio(above: readonly number[], below: readonly number[]): number {
  return p50(above.map((time, round) => time / (below[round] as number)));
}

export function p50(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] as number;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] as number)) / 2;
}
