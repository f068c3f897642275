import { HopwiseError as OwnError } from "./errors.ts";

/**
 * The one error class of Hopwise. `code` is for programs, `message` says what is wrong, where, and what to do.
 * `instanceof` also knows the errors of another copy of this package.
 *
 * No secret, token or key is ever part of an error that Hopwise makes. A program may throw errors of this class, too, out of
 * a directory, a source, a key store: they end the call as any other error does, and their text stays inside.
 */
export class HopwiseError extends OwnError {}
