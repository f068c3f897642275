import { HopwiseError } from "../errors.ts";
import { jsonAnswer, readJson, settleInTime, unreadAnswer } from "../lib/index.ts";
import { CLOCK, func, maybe, members, millisecondsBy, optionsOf, type Rows, such, whole } from "../options/index.ts";
import { AUDIENCE, FEED_NAME, SIGNER, type SignedRevocation, type Signer, signFeedPage } from "../token/index.ts";
import type { AcceptedRevocation } from "./accept-revocations.ts";
import { ENDPOINT_STATUS } from "./endpoint-status.ts";
import { feedAnswer } from "./feed-answer.ts";
import type { FollowedLog } from "./follow-log.ts";
import { logUnder } from "./shared-revocations.ts";
import type { SharedState } from "./state.ts";

/** How a log is given to enforcement points that do not share its store. */
export interface FeedOptions {
  /** Whose log it is: what `memoryState` or `openedState` gave. */
  readonly state: Pick<SharedState, "revocations">;
  /** Signs each page; readers are configured with its public key. */
  readonly signer: Signer;
  /** The name of the log. */
  readonly audience: string;
  /** Who may read it: users and agents are named in it. `() => true` gives it to everybody who reaches the address. */
  readonly mayRead: (request: Request) => boolean | Promise<boolean>;
  /** The clock, in milliseconds since the epoch. */
  readonly clock?: () => number;
}

/** What is served. */
export interface RevocationEndpointOptions {
  /** Takes signed revocations: what `acceptRevocations` gave. Left out: none are taken. */
  readonly accept?: (sent: SignedRevocation) => Promise<AcceptedRevocation>;
  /** Left out: nobody can read the log. */
  readonly feed?: FeedOptions;
  /** The longest request that is read, in bytes. Default 64 KiB: a chain, and the statement. */
  readonly maxBytes?: number;
  /** How long reading a request, and answering it, may take, each. Default 5 seconds. */
  readonly deadlineMs?: number;
}

const FEED_ROWS: Rows<FeedOptions> = {
  state: such(
    "a state, as memoryState or openedState gave it",
    (state) => logUnder((Object(state) as Partial<SharedState>).revocations) !== undefined,
  ),
  signer: SIGNER,
  audience: AUDIENCE,
  mayRead: func("a function that says who may read the log"),
  clock: maybe(CLOCK),
};

const readOptions = optionsOf<RevocationEndpointOptions>("revocationEndpoint", {
  accept: maybe(func("what acceptRevocations gave")),
  feed: maybe(members(FEED_ROWS, "{ state, signer, audience, mayRead }")),
  maxBytes: maybe(whole({ min: 1024, max: 16 * 1024 * 1024, example: 65_536 })),
  deadlineMs: maybe(whole({ min: 1, max: 600_000, example: 5000 })),
});

/**
 * Serves one address, for any server that knows the requests of `fetch`. `POST` takes a signed revocation as JSON,
 * `{ revocation, evidence }`, as `application/json`, and answers once it is kept; `GET` gives the log as a signed feed, a page at a time
 * (`?since=` the head of the last one). It never rejects. How many requests come is for what stands before it to bound.
 *
 * @throws {HopwiseError} `config_invalid`
 */
export function revocationEndpoint(given: RevocationEndpointOptions): (request: Request) => Promise<Response> {
  const { accept, feed, maxBytes = 64 * 1024, deadlineMs = 5000 } = readOptions(given);
  const allow = [...(feed === undefined ? [] : ["GET"]), ...(accept === undefined ? [] : ["POST"])].join(", ");
  return async (request) => {
    try {
      if (request.method === "GET" && feed !== undefined) return await settleInTime(deadlineMs, pageFor(request, feed));
      if (request.method !== "POST" || accept === undefined) {
        return unreadAnswer(request, 405, { code: "method_unguarded" }, { allow });
      }
      const sent = await readJson(request, { maxBytes, deadlineMs }, signedIn, FORM);
      if (sent instanceof Response) return sent;
      const { outcome, target } = await settleInTime(deadlineMs, accept(sent));
      return jsonAnswer(200, { outcome, target });
    } catch (error) {
      return refusal(error);
    }
  };
}

/** What a request must be like, for whoever wrote its client. */
const FORM = "content-type application/json, and JSON.stringify of what signRevocation gave, { revocation, evidence }";

function signedIn(sent: unknown): SignedRevocation | undefined {
  const { revocation, evidence, ...more } = Object(sent) as Partial<SignedRevocation>;
  if (typeof revocation !== "string" || Object.keys(more).length > 0) return undefined;
  return { revocation, ...(evidence !== undefined && { evidence }) };
}

async function pageFor(
  request: Request,
  { state, signer, audience, mayRead, clock = Date.now }: FeedOptions,
): Promise<Response> {
  if ((await mayRead(request)) !== true) return jsonAnswer(403, { code: "authentication_failed" });
  const since = new URL(request.url).searchParams.get("since") ?? "";
  if (since.length > FEED_NAME) return jsonAnswer(400, { code: "token_malformed" });
  const log = logUnder(state.revocations) as FollowedLog;
  const text = await signFeedPage(await feedAnswer(log, since), { signer, audience, nowMs: millisecondsBy(clock) });
  return new Response(text, { headers: { "content-type": "application/jwt", "cache-control": "no-store" } });
}

const STATUS: typeof ENDPOINT_STATUS = { ...ENDPOINT_STATUS, signing_failed: 503, revocation_refused: 403 };

/** The code alone: whoever sent it may be a stranger. */
function refusal(error: unknown): Response {
  const code = error instanceof HopwiseError ? error.code : "state_unavailable";
  return jsonAnswer(STATUS[code] ?? 400, { code });
}
