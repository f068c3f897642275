/**
 * The command line of Hopwise, to run it from a program: `hopwise` on the command line does the same.
 *
 * @module
 */
export { run } from "./run.ts";
export type { ExitCode, Terminal } from "./terminal.ts";
