/** For whom does the running call run? */
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
