import { afterEach, expect, it, vi } from "vitest";
import { outputSchemaOf } from "./announced-schemas.ts";

afterEach(() => void vi.useRealTimers());

it("an output schema that is made when it is needed, and never is, cannot be read", async () => {
  vi.useFakeTimers();
  const read = outputSchemaOf(new Promise(() => {}));
  await vi.advanceTimersByTimeAsync(4000);
  expect(await Promise.race([read, "is waited for"])).toBe("is waited for");
  await vi.advanceTimersByTimeAsync(1000);
  expect(await Promise.race([read, "is waited for"])).toBe(null);
});

it.each([undefined, null])(
  "a tool without an output schema (%s) has none, and not one that cannot be read",
  async (none) => {
    expect(await outputSchemaOf(none)).toBeUndefined();
  },
);
