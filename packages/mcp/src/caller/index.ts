/** For whom does the running call run? */
export { caller, type OpenCall, openCall, type RunningCall, runToEnd, runWithin, withCaller } from "./running-call.ts";
