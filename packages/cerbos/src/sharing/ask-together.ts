import { randomUUID } from "node:crypto";
import type { Asker } from "./asker.ts";
import {
  CALLS,
  type Check,
  type CheckOptions,
  type CheckRequest,
  type CheckResponse,
  type Common,
  HOP,
  INVOCATION,
} from "./form.ts";
import { oneIsBad } from "./one-is-bad.ts";
import { partsOf } from "./part-of-answer.ts";

/**
 * Puts several questions into one request, and gives each asker its part of the answer, by position alone: several of them
 * may be about one kind and id. Where one of the questions is bad, each is asked by itself.
 *
 * @param together asks all, until its signal is aborted, whether or not the client listens
 * @param alone asks one question as it is, in the same way
 * @returns settles when all have what they get, or left; never rejects
 */
export async function askTogether(
  askers: readonly Asker[],
  common: Common,
  { together, alone }: { readonly together: Check; readonly alone: Check },
): Promise<void> {
  const requests = askers.map((asker) => asker.request(common));
  const shared = sharedRequest(requests, common);
  const all = new AbortController();
  let waiting = askers.length;
  for (const asker of askers) {
    asker.onLeave = () => {
      waiting--;
      if (waiting === 0) all.abort(asker.options?.signal?.reason);
    };
  }
  try {
    const response = await together(shared, sharedOptions(askers, common, all.signal));
    const parts = partsOf(shared, response, requests);
    askers.forEach((asker, i) => {
      if (asker.waits) asker.answer(parts[i] as CheckResponse);
    });
  } catch (error) {
    const eachAlone = oneIsBad(error);
    const left = askers.map(async (asker, i) => {
      if (!asker.waits) return;
      if (!eachAlone) return asker.fail(error);
      await askAlone(asker, requests[i] as CheckRequest, alone);
    });
    await Promise.all(left);
  }
}

/** Never rejects. @param ask as for {@link askTogether} */
export async function askAlone(asker: Asker, request: CheckRequest, ask: Check): Promise<void> {
  try {
    const response = await ask(request, asker.options);
    if (asker.waits) asker.answer(response);
  } catch (error) {
    if (asker.waits) asker.fail(error);
  }
}

function sharedRequest(requests: readonly CheckRequest[], common: Common): CheckRequest {
  const { principal, auxData, includeMetadata, annotations } = common;
  return {
    principal,
    resources: requests.flatMap(({ resources }) => resources),
    ...(auxData !== null && { auxData }),
    includeMetadata,
    requestId: `shared-${randomUUID()}`,
    requestContext: { annotations: { ...Object.fromEntries(annotations), [CALLS]: callsOf(requests) } },
  } as CheckRequest;
}

type Value = NonNullable<CheckRequest["requestContext"]>["annotations"][string];

/** Which results belong to which call: those from `from` on, `n` of them. */
function callsOf(requests: readonly CheckRequest[]): Value[] {
  let from = 0;
  return requests.map(({ requestId, requestContext, resources }) => {
    const { [INVOCATION]: invocation, [HOP]: hop } = requestContext?.annotations ?? {};
    const call = { i: invocation ?? requestId ?? null, ...(hop !== undefined && { hop }), from, n: resources.length };
    from += resources.length;
    return call;
  });
}

function sharedOptions([oldest]: readonly Asker[], { headers }: Common, signal: AbortSignal): CheckOptions {
  const all = [...headers, ...(oldest?.form.trace ?? [])];
  return { signal, ...(all.length > 0 && { headers: Object.fromEntries(all) }) };
}
