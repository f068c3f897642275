import { tell } from "../tell.ts";

/** Says what is wrong with a PDP, to whoever reads its log; else as a warning of the process. */
export function warn(listener: ((line: string) => void) | undefined, message: string): void {
  if (listener === undefined) process.emitWarning(message, "HopwiseWarning");
  else void tell(listener, JSON.stringify({ "log.level": "error", "log.logger": "hopwise", message }));
}
