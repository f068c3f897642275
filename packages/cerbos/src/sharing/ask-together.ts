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
import { partsOf, type SharedCall } from "./part-of-answer.ts";

/**
 * Puts several questions into one request, and gives each asker its part of the answer, by position alone: several of them
 * may be about one kind and id. What several of them ask alike is asked once. Where one of the questions is bad, each is asked
 * by itself, once for all who ask it.
 *
 * @param together asks all, until its signal is aborted, whether or not the client listens
 * @param alone asks one question by itself, in the same way
 * @returns settles when all have what they get, or left; never rejects
 */
export async function askTogether(
  askers: readonly [Asker, ...Asker[]],
  common: Common,
  { together, alone }: { readonly together: Check; readonly alone: Check },
): Promise<void> {
  const [first, ...others] = askers;
  if (others.length === 0) return askAsItIs(first, common, together);
  try {
    await askShared(askers, common, together);
  } catch (error) {
    const alike = askers.every(({ question }) => question === first.question);
    if (alike || !oneIsBad(error)) return askers.forEach((asker) => void asker.fail(error));
    const waiting = askers.filter((asker) => asker.waits);
    const anew = byQuestion(waiting).map((same) => askTogether(same, common, { together: alone, alone }));
    await Promise.all(anew);
  }
}

/** Never rejects. */
async function askAsItIs(asker: Asker, common: Common, ask: Check): Promise<void> {
  try {
    asker.answer(await ask(asker.request(common), asker.options));
  } catch (error) {
    asker.fail(error);
  }
}

async function askShared(askers: readonly Asker[], common: Common, ask: Check): Promise<void> {
  const { entries, calls } = putTogether(askers);
  const shared = sharedRequest(entries, calls, common);
  const all = new AbortController();
  let waiting = askers.length;
  for (const asker of askers) {
    asker.onLeave = () => {
      waiting--;
      if (waiting === 0) all.abort(asker.options?.signal?.reason);
    };
  }
  const response = await ask(shared, sharedOptions(askers, common, all.signal));
  const parts = partsOf(shared, response, calls);
  askers.forEach((asker, i) => void asker.answer(parts[i] as CheckResponse));
}

function byQuestion(askers: readonly Asker[]): readonly [Asker, ...Asker[]][] {
  const all = new Map<string, [Asker, ...Asker[]]>();
  for (const asker of askers) {
    const same = all.get(asker.question);
    if (same === undefined) all.set(asker.question, [asker]);
    else same.push(asker);
  }
  return [...all.values()];
}

/** What several ask alike stands in the request once. */
function putTogether(askers: readonly Asker[]): { readonly entries: string[]; readonly calls: readonly SharedCall[] } {
  const all = new Map<string, number>();
  const calls = askers.map(({ entries, names }) => ({
    names,
    places: entries.map((entry) => {
      if (!all.has(entry)) all.set(entry, all.size);
      return all.get(entry) as number;
    }),
  }));
  return { entries: [...all.keys()], calls };
}

function sharedRequest(entries: readonly string[], calls: readonly SharedCall[], common: Common): CheckRequest {
  const { principal, auxData, includeMetadata, annotations } = common;
  return {
    principal,
    resources: entries.map((entry) => JSON.parse(entry)),
    ...(auxData !== null && { auxData }),
    includeMetadata,
    requestId: `shared-${randomUUID()}`,
    requestContext: { annotations: { ...Object.fromEntries(annotations), [CALLS]: calls.map(callOf) } },
  } as CheckRequest;
}

type Value = NonNullable<CheckRequest["requestContext"]>["annotations"][string];

/** Which results belong to which call. */
function callOf({ names: { requestId, requestContext }, places }: SharedCall): Value {
  const { [INVOCATION]: invocation, [HOP]: hop } = requestContext?.annotations ?? {};
  return { i: invocation ?? requestId ?? null, ...(hop !== undefined && { hop }), at: [...places] };
}

function sharedOptions([oldest]: readonly Asker[], { headers }: Common, signal: AbortSignal): CheckOptions {
  const all = [...headers, ...(oldest?.form.trace ?? [])];
  return { signal, ...(all.length > 0 && { headers: Object.fromEntries(all) }) };
}
