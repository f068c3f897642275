import { errors } from "jose";
import { HopwiseError, isOwn } from "../../errors.ts";
import { answered, DeadlinePassed, leave, pastCaches, readText, settleInTime, whyNoAnswer } from "../../lib/index.ts";

/** Longer than the key set of any issuer, and what a key set may cost in memory. */
const MAX_BYTES = 1024 * 1024;

type Fetch = typeof globalThis.fetch;

/** An endpoint of keys, asked so that whatever is wrong can be told to an operator. */
export interface SetEndpoint {
  /** Where it is, for messages: without a query, which may hold a key, and without a password. */
  readonly place: string;
  readonly fetch: Fetch;
}

/** @param timeoutMs a fetch that takes no notice of its signal would stand for every later one */
export function setEndpoint(url: URL, timeoutMs: number, fetch: Fetch = globalThis.fetch): SetEndpoint {
  const place = `${url.origin}${url.pathname}`;
  const ask = async (...[input, init]: Parameters<Fetch>): Promise<Response> => {
    let response: Response;
    try {
      // How long a set is good, `maxAgeMs` says: a cache would keep a key that was withdrawn for longer.
      response = await fetch(input, { ...init, ...pastCaches() });
    } catch (cause) {
      return fail(`no answer: ${whyNoAnswer(cause)}`);
    }
    if (response.status !== 200) {
      leave(response.body);
      return fail(`it ${answered(response.status)}`);
    }
    return new Response(await bodyOf(response));
  };
  return { place, fetch: (...given) => settleInTime(timeoutMs, ask(...given)) };
}

async function bodyOf(response: Response): Promise<string> {
  const text = await readText(response, MAX_BYTES).catch(() => fail("its answer broke off, or is no UTF-8"));
  return text ?? fail(`its answer is longer than ${MAX_BYTES} bytes`);
}

/** What was wrong with a fetch. What is not told here is the set itself. */
export function whyNoSet(cause: unknown): string {
  if (isOwn(cause) || cause instanceof DeadlinePassed) return cause.message;
  return `its answer is no ${cause instanceof errors.JWKSInvalid ? "JWK Set" : "JSON"}`;
}

function fail(why: string): never {
  throw new HopwiseError("issuer_keys_unavailable", why);
}
