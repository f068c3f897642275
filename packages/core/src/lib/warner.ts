import { quietly } from "./quietly.ts";

/**
 * Tells the host program of what it may not have meant: by the console, unless somebody else wants to hear it. All texts begin alike,
 * so that they are found among the lines of a server, as `hopwise explain` finds them. A listener that fails breaks nothing.
 */
export function warner(listener?: (text: string) => unknown): (text: string) => void {
  return (text) => quietly(() => (listener ?? globalThis.console.warn)(`hopwise: ${text}`));
}
