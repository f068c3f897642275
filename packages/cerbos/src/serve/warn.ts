import { quietly } from "@hopwise/core/adapter";

/** Says what is wrong with a PDP, to whoever reads its log; else as a warning of the process. */
export function warn(listener: ((line: string) => void) | undefined, message: string): void {
  if (listener === undefined) process.emitWarning(message, "HopwiseWarning");
  else quietly(() => listener(JSON.stringify({ "log.level": "error", "log.logger": "hopwise", message })));
}
