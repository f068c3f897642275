/*
 * Shared by all copies of this package in a process, as the mark of grants is: a grant that is written with one copy is
 * read by another.
 */

/** The tool may be called with any arguments at all. Explicit, because it hands over everything the tool can do. */
export const anyArguments: unique symbol = Symbol.for("dev.hopwise/any-arguments");

/** The tool takes no arguments, and may be called with none. */
export const noArguments: unique symbol = Symbol.for("dev.hopwise/no-arguments");
