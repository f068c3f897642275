import { HopwiseError, isOwn } from "../../errors.ts";
import { defined, jsonAnswer, readJson, settleInTime, unreadAnswer } from "../../lib/index.ts";
import { func, having, maybe, optionsOf, whole } from "../../options/index.ts";
import { ENDPOINT_STATUS } from "../../state/index.ts";
import { type ApprovalInbox, NO_SUCH_REQUEST } from "./inbox.ts";

/** How people reach an inbox over HTTP. */
export interface ApprovalEndpointOptions {
  /** `authorizer.approvals`. */
  readonly approvals: ApprovalInbox;
  /**
   * Your own login: whether whoever sent this request may see what waits. The requests tell what agents are about to do, for
   * whom and on what. It is asked first, of every request; anything but `true` is no.
   */
  readonly mayRead: (request: Request) => boolean | Promise<boolean>;
  /** The longest request that is read, in bytes. Default 16 KiB: an id, and a signed answer. */
  readonly maxBytes?: number;
  /** How long each step may take: asking `mayRead`, reading a request, answering it. Default 5 seconds. */
  readonly deadlineMs?: number;
}

const readOptions = optionsOf<ApprovalEndpointOptions>("approvalEndpoint", {
  approvals: having("the inbox of an authorizer, authorizer.approvals", "list", "find", "answer"),
  mayRead: func("a function that says who may see what waits"),
  maxBytes: maybe(whole({ min: 1024, max: 16 * 1024 * 1024, example: 16_384 })),
  deadlineMs: maybe(whole({ min: 1, max: 600_000, example: 5000 })),
});

/**
 * Serves an inbox at one address, for any server that knows the requests of `fetch`: **behind your own login** (`mayRead`). `GET`
 * gives what waits, `{ requests }`, and `GET ?request=ID` one of them, `{ request }`. `POST` takes a signed answer as JSON,
 * `{ request: ID, answer }`, and gives the request as it is then. It never rejects. How many requests come is for what stands
 * before it to bound.
 *
 * @throws {HopwiseError} `config_invalid`
 */
export function approvalEndpoint(given: ApprovalEndpointOptions): (request: Request) => Promise<Response> {
  const { approvals, mayRead, maxBytes = 16 * 1024, deadlineMs = 5000 } = readOptions(given);
  const inTime = <T>(asked: T | PromiseLike<T>): Promise<T> => settleInTime(deadlineMs, asked);

  const show = async (id: string | null): Promise<Response> => {
    if (id === null) return jsonAnswer(200, { requests: await inTime(approvals.list()) });
    const request = await inTime(approvals.find(id.slice(0, LONGEST_ID)));
    return request === undefined
      ? jsonAnswer(404, { code: "approval_refused", message: NO_SUCH_REQUEST })
      : jsonAnswer(200, { request });
  };

  const take = async (request: Request): Promise<Response> => {
    const sent = await readJson(request, { maxBytes, deadlineMs }, answerIn, FORM);
    if (sent instanceof Response) return sent;
    return jsonAnswer(200, { request: await inTime(approvals.answer(sent.request, sent.answer)) });
  };

  return async (request) => {
    try {
      if (!(await isLetIn(request, mayRead, deadlineMs))) {
        return unreadAnswer(request, 403, { code: "authentication_failed" });
      }
      if (request.method === "GET") return await show(new URL(request.url).searchParams.get("request"));
      if (request.method === "POST") return await take(request);
      return unreadAnswer(request, 405, { code: "method_unguarded" }, { allow: "GET, POST" });
    } catch (error) {
      return refusal(error);
    }
  };
}

/** Longer than any id; a longer text names nothing. */
const LONGEST_ID = 64;

/** A login that fails, or is late, lets nobody in. */
async function isLetIn(
  request: Request,
  mayRead: ApprovalEndpointOptions["mayRead"],
  deadlineMs: number,
): Promise<boolean> {
  try {
    return (await settleInTime(deadlineMs, mayRead(request))) === true;
  } catch {
    return false;
  }
}

/** What somebody who sends an answer in another form is told. */
const FORM = "content-type application/json, and { request, answer }: the request's id, and what signApproval gave";

interface SentAnswer {
  readonly request: string;
  readonly answer: string;
}

function answerIn(sent: unknown): SentAnswer | undefined {
  const { request, answer, ...more } = Object(sent) as Partial<SentAnswer>;
  const isWhole = typeof request === "string" && typeof answer === "string" && Object.keys(more).length === 0;
  return isWhole ? { request: request.slice(0, LONGEST_ID), answer } : undefined;
}

const STATUS: typeof ENDPOINT_STATUS = {
  ...ENDPOINT_STATUS,
  policy_unavailable: 503,
  context_unavailable: 503,
  policy_inconclusive: 500,
  config_invalid: 500,
  approval_refused: 403,
  user_unknown: 403,
};

/** Whose messages quote what was sent, for operators. */
const QUOTING: readonly string[] = ["token_untrusted_issuer", "audience_mismatch", "user_unknown"];

/** Our own texts quote nothing that was sent; of a fault they may name a server or a file, which is the operator's alone. */
function refusal(error: unknown): Response {
  if (!(error instanceof HopwiseError)) return jsonAnswer(503, { code: "state_unavailable" });
  const { code, message, rule } = error;
  const status = STATUS[code] ?? 400;
  const words = QUOTING.includes(code) ? rule : message;
  return jsonAnswer(status, { code, ...(isOwn(error) && status < 500 && defined({ message: words })) });
}
