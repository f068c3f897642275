import { CODES, type ErrorCode, rowOf } from "../codes.ts";
import { mustBe } from "../options/index.ts";

/**
 * What an operator does about a code, as docs/errors.md has it. It names policies and keys, and is nothing for a model.
 *
 * @returns undefined for what is no code of this version, such as one in an old record
 * @throws {HopwiseError} `config_invalid` for what is no text
 */
export function helpOf(code: string): string | undefined {
  if (typeof code !== "string") mustBe("helpOf", "code", 'a code, such as "policy_denied"', code);
  return Object.hasOwn(CODES, code) ? rowOf(code as ErrorCode).help : undefined;
}
