/** For whom does the running call run? */
export { caller, type RunningCall, runWithin, withCaller } from "./running-call.ts";
