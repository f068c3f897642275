import { createHash } from "node:crypto";
import { mustBe } from "@hopwise/core/options";

/** Half a character could not be kept as it is. @throws {HopwiseError} `config_invalid` */
export function checkWhole<Name extends string>(
  called: string,
  given: { readonly [Text in Name]: string },
  texts: readonly Name[],
): void {
  for (const name of texts) {
    if (!given[name].isWellFormed()) mustBe(called, name, "a text of whole characters", given[name]);
  }
}

/** One name of 32 bytes for several texts, and another for any others. */
export function nameOf(...texts: readonly string[]): Uint8Array {
  return createHash("sha256").update(JSON.stringify(texts)).digest();
}
