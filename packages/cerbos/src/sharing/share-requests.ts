import type { GRPC } from "@cerbos/grpc";
import { either, maybe, members, optionsOf, type Rows, readerOf, type Shape, such, whole } from "@hopwise/core/options";
import { CLIENT, type PolicyClient, type Whole, withWhole } from "../ask/index.ts";
import { createLine } from "./line.ts";

/** Options of {@link shareRequests}. */
export interface SharingOptions {
  /**
   * How many requests are under way before a question waits for one about the same principal to end, and goes with the
   * next.
   *
   * @defaultValue 2
   */
  readonly requestsUnderWay?: number;
  /**
   * The most questions in one request, of which those that several ask count once; with 1, only they share.
   *
   * @defaultValue 25
   */
  readonly questionsInOne?: number;
  /**
   * How many questions may be without an answer; each further one fails at once, with `policy_unavailable`. So does one for a
   * user for whom as many wait as there is room left for all others.
   *
   * @defaultValue 10_000
   */
  readonly mostWaiting?: number;
}

const ROWS: Rows<SharingOptions> = {
  requestsUnderWay: maybe(whole({ min: 1, max: 1_000, example: 2 })),
  questionsInOne: maybe(whole({ min: 1, max: 50, example: 25 })),
  mostWaiting: maybe(whole({ min: 1, max: 1_000_000, example: 10_000 })),
};

const SHARING_OPTION = "false, or options, such as { requestsUnderWay: 2 }";

/** How `startPdp` and `connectPdp` read their option of this name. */
export const SHARING: Shape = either(
  SHARING_OPTION,
  such(SHARING_OPTION, (value) => value === false),
  members<SharingOptions>(ROWS, SHARING_OPTION),
);

const readClient = readerOf<PolicyClient>("shareRequests", CLIENT);
const readOptions = optionsOf<SharingOptions>("shareRequests", ROWS);

/**
 * Makes a client of a client of one policy decision point, which puts several checks about the same principal into one
 * request where they come together. Each asker gets the answer to its own question, as if it had asked alone; what is
 * under way is never waited for where there is nothing to share. Of plans, and of checks too large to share, 32 are under way
 * at once, and then each user has a turn.
 *
 * A decision is not kept, and none is made up: where the request fails, each question in it fails.
 *
 * Of a client with several targets (`resilient`), all of one decision stays at one target, and shares nothing: share in front of
 * each, as below.
 *
 * @example
 * ```ts
 * const cerbos = resilient([shareRequests(new HTTP("https://pdp-1.example.com")), shareRequests(new HTTP("https://pdp-2.example.com"))]);
 * ```
 *
 * @throws {HopwiseError} `config_invalid` for what is no client, or options that cannot be right. Checks reject with the
 * error of the client; `policy_inconclusive` where the answer is not to what was asked; `policy_unavailable` for the caller
 * that left, and where too many wait
 */
export function shareRequests(client: PolicyClient, options: SharingOptions = {}): PolicyClient {
  const asked = readClient(client);
  const { requestsUnderWay = 2, questionsInOne = 25, mostWaiting = 10_000 } = readOptions(options);
  const line = createLine(
    {
      checkResources: async (request, how) => asked.checkResources(request, how),
      planResources: async (request, how) => asked.planResources(request, how),
    },
    { requestsUnderWay, questionsInOne, mostWaiting },
  );
  if (asked.whole === undefined) return line;
  // All of a decision stays at one of its targets, and there it shares nothing: requests of several would be in one line.
  return withWhole(line, (ask, how) =>
    (asked as Whole).whole((one, signal) => ask(one === asked ? line : one, signal), how),
  );
}

/** Its own methods, such as `isAllowed`, ask by `checkResources`, and so share requests, too. */
export function shareIn(client: GRPC, options: SharingOptions | undefined): void {
  const own: PolicyClient = {
    checkResources: client.checkResources.bind(client),
    planResources: client.planResources.bind(client),
  };
  Object.assign(client, shareRequests(own, options));
}
