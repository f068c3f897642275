/**
 * For whom does the running call run, and how does it end? For code within a tool, and for adapters, which run tools. It stands on
 * `node:async_hooks`, as Node.js, Deno, Bun and Workers have it.
 *
 * @packageDocumentation
 */
export { beginRun, type Run, type RunCallOptions, type RunOptions, runCall } from "./run-call.ts";
export {
  caller,
  currentFilter,
  nothingHappened,
  type OpenCall,
  openCall,
  type RunningCall,
  type RunningDecision,
  runToEnd,
  runWithin,
  withCaller,
} from "./running-call.ts";
