/** Test files share a process: one that leaves a timer or a clock that is not the true one would be felt in another file. */
import { afterAll, expect, vi } from "vitest";

const NAMES = ["setTimeout", "clearTimeout", "setInterval", "setImmediate", "Date", "queueMicrotask"] as const;
const KEPT: unique symbol = Symbol.for("dev.hopwise/test-true-timers");

type Timers = { readonly [name in (typeof NAMES)[number]]?: unknown };

const world: Timers & { [KEPT]?: Timers } = globalThis as never;
world[KEPT] ??= Object.fromEntries(NAMES.map((name) => [name, world[name]]));

afterAll(() => {
  // A spy on a timer that was no true one would bring that back, whoever restores mocks next.
  vi.restoreAllMocks();
  for (const name of NAMES)
    expect(world[name], `${name} is another one than before this file`).toBe(world[KEPT]?.[name]);
});
