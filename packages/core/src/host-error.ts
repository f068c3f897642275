import { CODES, type ErrorCode } from "./codes.ts";
import { type ErrorDetail, HopwiseError as OwnError } from "./errors.ts";
import { isObject, mustBe } from "./options/index.ts";

const A_CODE = "a code of Hopwise, such as context_unavailable: docs/errors.md has all of them";

/**
 * The one error class of Hopwise. `code` is for programs, `message` says what is wrong, where, and what to do.
 * `instanceof` also knows the errors of another copy of this package.
 *
 * No secret, token or key is ever part of an error that Hopwise makes. A program may throw errors of this class, too, out of
 * a directory, a source, a key store: they end the call as any other error does, and their text stays inside.
 *
 * @throws {HopwiseError} `config_invalid` for a code of your own: whoever reads the error could not look it up
 */
export class HopwiseError extends OwnError {
  constructor(code: ErrorCode, message: string, detail: ErrorDetail = {}) {
    if (typeof code !== "string" || !Object.hasOwn(CODES, code)) mustBe("new HopwiseError", "code", A_CODE, code);
    if (typeof message !== "string") mustBe("new HopwiseError", "message", "a text that says what is wrong", message);
    if (!isObject(detail)) mustBe("new HopwiseError", "detail", "details, such as { cause }", detail);
    super(code, message, detail);
  }
}
