import { HopwiseError } from "../errors.ts";

/** @throws {Error} with what is wrong, where it is */
export function sure(holds: boolean, wrong: string): void {
  if (!holds) throw new Error(wrong);
}

/** @throws {Error} unless both are the same JSON */
export function same(found: unknown, expected: unknown, what: string): void {
  const [is, should] = [found, expected].map((value) => JSON.stringify(value));
  sure(is === should, `${what}: ${short(is)}, and not ${short(should)}`);
}

/** What a step threw; undefined where it answered. */
export async function thrownBy(step: () => unknown): Promise<unknown> {
  try {
    await step();
    return undefined;
  } catch (error) {
    return error ?? new Error("it threw nothing at all");
  }
}

/** What a step answered; undefined where it threw. */
export async function answeredBy<T>(step: () => T | Promise<T>): Promise<T | undefined> {
  try {
    return await step();
  } catch {
    return undefined;
  }
}

/** @throws {Error} unless the step throws `state_unavailable`, in words */
export async function unavailable(step: () => unknown, what: string): Promise<void> {
  const error = await thrownBy(step);
  sure(error !== undefined, `${what}: it answered`);
  const told = error instanceof HopwiseError && error.code === "state_unavailable" && error.message.length > 3;
  sure(told, `${what}: it threw ${String(error)}, and not state_unavailable with words`);
}

function short(json = "undefined"): string {
  return json.length <= 400 ? json : `${json.slice(0, 400)}… (${json.length} characters)`;
}
