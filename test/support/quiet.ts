/** FastMCP tells of its servers by the console, or by a logger: a test that fails says so itself. */
import { beforeAll, vi } from "vitest";

const silent = (): void => {};

/** A logger that says nothing. */
export const quiet = { debug: silent, error: silent, info: silent, log: silent, warn: silent };

/** What is printed in these ways while a file's tests run is not shown. */
export function quietConsole(...ways: readonly ("log" | "error")[]): void {
  beforeAll(() => {
    for (const way of ways) vi.spyOn(console, way).mockImplementation(silent);
  });
}
