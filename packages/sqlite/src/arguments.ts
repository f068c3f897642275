import { createHash } from "node:crypto";
import { mustBe } from "@hopwise/core/options";
import { unavailable } from "./faults.ts";

/** How far the clocks of a store and of its caller may lie apart, in seconds. */
const CLOCKS_APART = 5;

/** @throws {HopwiseError} `state_unavailable` */
export function checkClocks(storeSeconds: number, callerSeconds: number = storeSeconds): void {
  if (Math.abs(storeSeconds - callerSeconds) > CLOCKS_APART) refuseClocks();
}

export function refuseClocks(): never {
  throw unavailable("the clocks of the authorizer and of this store differ by seconds or more");
}

type Path = string | readonly PropertyKey[];

/** Half a character could not be kept as it is. @throws {HopwiseError} `config_invalid` */
export function checkText(called: string, name: Path, value: unknown): void {
  if (typeof value !== "string" || !value.isWellFormed()) mustBe(called, name, "a text of whole characters", value);
}

/** @throws {HopwiseError} `config_invalid` */
export function checkTime(called: string, name: Path, value: unknown): void {
  if (!Number.isFinite(value)) mustBe(called, name, "seconds since the epoch", value);
}

/** @throws {HopwiseError} `config_invalid` */
export function checkAmount(called: string, name: Path, value: unknown): void {
  if (!Number.isSafeInteger(value) || (value as number) < 0) mustBe(called, name, "a whole number, 0 or more", value);
}

/** One name of 32 bytes for several texts, and another for any others. */
export function nameOf(...texts: readonly string[]): Uint8Array {
  return createHash("sha256").update(JSON.stringify(texts)).digest();
}
