import { type ErrorCode, HopwiseError } from "@hopwise/core";
import { isHttpsAddress, isObject } from "@hopwise/core/options";
import type { ShownApproval } from "@hopwise/core/state";
import { hashOfRequest } from "@hopwise/core/tokens";
import type { Typed } from "./command.ts";
import { named, readText } from "./input.ts";
import { oneLine, type Terminal } from "./terminal.ts";
import { wrong } from "./wrong.ts";

/** An inbox that a server gives out (`approvalEndpoint`). */
export interface RemoteInbox {
  list(): Promise<readonly ShownApproval[]>;
  find(id: string): Promise<ShownApproval>;
  /** The request of the same call that was over when this one was asked for; undefined where there is none that did not lapse. */
  before(shown: ShownApproval): Promise<ShownApproval | undefined>;
  answer(id: string, signed: string): Promise<ShownApproval>;
}

const TIMEOUT_MS = 15_000;
/** A line of a header, with its name, would be sent as a value, and known to nobody. */
const NO_LOGIN =
  "has no value of an Authorization header, which is such as Bearer and a token, without the header's name";

/**
 * A thousand requests, each with arguments, and a resource named by them, as long as an authorizer takes them by default: else two users
 * with long arguments could keep everybody from seeing what waits.
 */
const MOST_BYTES = 256 * 1024 * 1024;

/**
 * The inbox that was named by `--at`, with the login of `--login`.
 *
 * @throws {HopwiseError} `config_invalid`, and the code by which the server refuses something
 */
export async function inboxOf(typed: Typed, terminal: Terminal): Promise<RemoteInbox> {
  const at = typed.value("at");
  if (at === undefined) throw wrong("Name the inbox: --at URL");
  const url = addressOf(at);
  const file = typed.value("login");
  // On the command line, everybody who lists processes would see it.
  const login = file === undefined ? undefined : (await readText(file, "a login", terminal)).trim();
  if (login !== undefined && (!/^[\x21-\x7e]+( [\x21-\x7e]+)*$/.test(login) || /^\S*:\S* /.test(login))) {
    throw wrong(`${named(file as string)} ${NO_LOGIN}`);
  }

  const ask = async (id: string | undefined, body?: object): Promise<Readonly<Record<string, unknown>>> => {
    const address = new URL(url);
    if (id !== undefined) address.searchParams.set("request", id);
    const headers = {
      ...(login !== undefined && { authorization: login }),
      ...(body !== undefined && { "content-type": "application/json" }),
    };
    const response = await fetch(address, {
      headers,
      redirect: "error",
      signal: AbortSignal.timeout(TIMEOUT_MS),
      ...(body !== undefined && { method: "POST", body: JSON.stringify(body) }),
    }).catch((error: unknown) => {
      throw wrong(`The inbox at ${url.origin}${url.pathname} could not be reached: ${whyOf(error)}`);
    });
    return answerOf(response);
  };

  const find = async (id: string): Promise<ShownApproval> => {
    const found = await readShown((await ask(id))["request"]);
    if (found.id !== id) throw wrong("The inbox shows another request than the one that was asked for");
    return found;
  };

  return {
    find,
    list: async () => {
      const { requests } = await ask(undefined);
      if (!Array.isArray(requests)) throw noInbox();
      return Promise.all(requests.map(readShown));
    },
    before: async ({ after }) =>
      after === undefined
        ? undefined
        : find(after).catch((error: unknown) => {
            if ((error as Partial<HopwiseError>).code === "approval_refused") return undefined;
            throw error;
          }),
    answer: async (request, answer) => readShown((await ask(undefined, { request, answer }))["request"]),
  };
}

/** Never a message: it may quote a header. */
function whyOf(error: unknown): string {
  const { name, cause } = Object(error) as { readonly name?: unknown; readonly cause?: unknown };
  if (name === "TimeoutError") return `no answer within ${TIMEOUT_MS / 1000} seconds`;
  const { code, message } = Object(cause) as { readonly code?: unknown; readonly message?: unknown };
  if (typeof code === "string" && /^[A-Z_]{1,60}$/.test(code)) return REASONS[code] ?? code;
  return typeof message === "string" ? (REASONS[message] ?? "it failed") : "it failed";
}

const REASONS: { readonly [code: string]: string } = {
  ECONNREFUSED: "nobody listens there (ECONNREFUSED)",
  ENOTFOUND: "no machine has this name (ENOTFOUND)",
  "bad port": "no inbox may have this port",
  "unexpected redirect": "it sends on to another address, which is not followed",
  UND_ERR_SOCKET: "it ended the connection without an answer",
};

/** A login goes to nobody on the way. */
function addressOf(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url !== undefined && url.username + url.password !== "") throw wrong("--at has no login in it: --login FILE");
  if (url !== undefined && isHttpsAddress(text)) return url;
  throw wrong("--at is an https address, or one of this machine");
}

async function answerOf(response: Response): Promise<Readonly<Record<string, unknown>>> {
  const text = await textOf(response);
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    // Told below.
  }
  if (response.ok) {
    if (!isObject(body)) throw noInbox();
    return body;
  }
  const { status } = response;
  const { code, message } = Object(body) as { readonly code?: unknown; readonly message?: unknown };
  // What stands before an inbox may say so in its own words.
  if (status === 401 || (status === 403 && (code === "authentication_failed" || code === undefined))) {
    throw wrong(
      "The inbox does not let you in: give a login that it takes, by --login FILE; the file's text is sent as the Authorization header, and nothing else, such as a cookie",
    );
  }
  if (code === undefined && status !== 404) {
    throw wrong(`The inbox answered with the status ${status}, and did not say why`);
  }
  if (!isObject(body)) throw noInbox();
  throw refusedWith(code, typeof message === "string" ? oneLine(message).slice(0, 500) : "the inbox refused this");
}

/** By the inbox's own code, where this version knows it. */
function refusedWith(code: unknown, said: string): HopwiseError {
  if (typeof code !== "string" || !/^[a-z_]{1,40}$/.test(code)) return wrong(said);
  // Of a code that this version lacks it makes none, or one that is not known as such.
  try {
    const refusal = new HopwiseError(code as ErrorCode, said);
    if (refusal instanceof HopwiseError) return refusal;
  } catch {}
  return wrong(`The inbox refused this (${code}): ${said}`);
}

async function textOf(response: Response): Promise<string> {
  let text = "";
  const decoder = new TextDecoder();
  try {
    for await (const chunk of response.body ?? []) {
      text += decoder.decode(chunk as Uint8Array, { stream: true });
      if (text.length > MOST_BYTES) break;
    }
  } catch (error) {
    throw wrong(`The inbox began to answer, and did not end: ${whyOf(error)}`);
  }
  if (text.length > MOST_BYTES) throw wrong(`The inbox answered with more than ${MOST_BYTES} bytes`);
  return text;
}

/** What is signed is what is shown: the hash is made anew here, of what came. */
async function readShown(value: unknown): Promise<ShownApproval> {
  const {
    id,
    hash,
    request,
    user,
    state,
    askedAtSeconds,
    arguments: args,
    answers,
    after,
    invocation,
  } = Object(value) as Partial<ShownApproval>;
  const isWhole =
    [id, hash, user, state, invocation].every((text) => typeof text === "string") &&
    Number.isFinite(askedAtSeconds) &&
    isObject(args) &&
    Array.isArray(answers) &&
    answers.every((one: unknown) => isObject(one) && isObject(one["approver"])) &&
    (after === undefined || typeof after === "string");
  if (!isWhole || !isObject(request)) throw noInbox();
  const own = await hashOfRequest(request as never).catch((cause: unknown) => {
    throw wrong(
      "The inbox shows a request that cannot be read here: another version of Hopwise may have made it",
      cause,
    );
  });
  if (own !== hash) throw wrong("The inbox shows a request that is not the one it names");
  return value as ShownApproval;
}

function noInbox(): HopwiseError {
  return wrong("There is no inbox for approvals at this address");
}
