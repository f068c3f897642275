/** Who watches how long calls take, and how they end? */
export {
  type CallWatch,
  type EndOfCall,
  NO_TELEMETRY,
  type StageWatch,
  type Telemetry,
  UNWATCHED,
  UNWATCHED_STAGE,
  type WatchedCall,
} from "./telemetry.ts";
