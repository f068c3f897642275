/** The tool may be called with any arguments at all. Explicit, because it hands over everything the tool can do. */
export const anyArguments: unique symbol = Symbol("any arguments");

/** The tool takes no arguments, and may be called with none. */
export const noArguments: unique symbol = Symbol("no arguments");
