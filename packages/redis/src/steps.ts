import type { Connected } from "./connect.ts";
import { clocksApart, unavailable } from "./faults.ts";
import type { Found } from "./look.ts";
import { faultOf, runnerOf, type Step } from "./run-step.ts";
import type { Trips } from "./trips.ts";
import { markOf, type Watch } from "./watch.ts";

/** How the stores come to Redis: what they ask is done in an epoch that is known, in time, or it throws. */
export interface Steps {
  /**
   * Runs a script that begins with {@link UNDER_MARK}, or {@link UNDER_LIFE}: at once, in this turn. Its keys get the mark in front, its
   * arguments the mark, the server's replication id and the caller's time.
   *
   * @throws {HopwiseError} `state_unavailable`
   */
  ask(step: Step, nowSeconds?: number): Promise<readonly string[]>;
  /** Runs a script as it is; also one that begins with {@link underClock}. */
  askPlainly(step: Step): Promise<unknown>;
  /** @throws {HopwiseError} where it is closed */
  checkOpen(): void;
  /** Steps refuse from now on. */
  close(): void;
}

/** Ends a script where the server's clock is not that of its sender. @param sent what has the sender's, in milliseconds */
export const underClock = (sent: string): string => `
local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)
if math.abs(now - ${sent}) > 5000 then return {'clock'} end
`;

/** What a step does first that stands on what the server knows: it is for the life of the server that its sender knows. */
export const UNDER_LIFE = `
local info = redis.call('INFO', 'replication')
if not string.find(info, 'role:master', 1, true) or not string.find(info, 'master_replid:' .. ARGV[2], 1, true)
  or redis.call('GET', KEYS[1]) ~= ARGV[1] then return {'life'} end
`;

/** The same of each step that goes by the time: their clocks agree, too. */
export const UNDER_MARK: string = `${UNDER_LIFE}${underClock("ARGV[3]")}`;

export function stepsOf(connected: Connected, trips: Trips, watch: Watch, deadlineMs: number): Steps {
  const { name } = connected.line;
  const run = runnerOf(connected, trips, watch, deadlineMs);
  let isClosed = false;

  const checkOpen = (): void => {
    if (isClosed) throw unavailable(`${name} was closed by this program`);
  };
  const inWords = (error: unknown): never => {
    throw faultOf(connected, error);
  };
  const inTime = <T>(answer: T): T => {
    if (Array.isArray(answer) && answer[0] === "clock") throw clocksApart(name);
    return answer;
  };

  return {
    ask: async (step, nowSeconds = Date.now() / 1000) => {
      checkOpen();
      const known = (): Found | undefined => watch.known(step.tag);
      const args = (): readonly string[] => {
        const { mark = "", replicationId = "" } = known() ?? {};
        return [mark, replicationId, `${Math.round(nowSeconds * 1000)}`, ...step.args];
      };
      const marked = { ...step, keys: [markOf(step.tag), ...step.keys] };
      return inTime((await run(marked, { isKnown: () => known() !== undefined, args }).catch(inWords)) as string[]);
    },
    askPlainly: async (step) => {
      checkOpen();
      const known = { isKnown: () => watch.notBefore !== undefined, args: () => step.args };
      return inTime(await run(step, known).catch(inWords));
    },
    checkOpen,
    close: () => {
      isClosed = true;
    },
  };
}
