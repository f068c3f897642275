import { HopwiseError } from "@hopwise/core";
import { inOwnWords, isOwn } from "@hopwise/core/adapter";
import type { CheckRequest, CheckResponse } from "./form.ts";

/** One question's part of a shared answer. */
export interface PartOfAnswer {
  /** The place of its first result in the shared answer, whose `cerbosCallId` it has. */
  readonly cerbosPosition: number;
}

/**
 * Holds a shared answer against its request, and divides it before anybody gets a part of it: with one result too few, all
 * after it would be another one's.
 *
 * @param requests those that it was made of, in their order
 * @throws {HopwiseError} `policy_inconclusive`, also for what is no answer, or fails when it is read
 */
export function partsOf(
  shared: CheckRequest,
  response: CheckResponse,
  requests: readonly CheckRequest[],
): readonly (CheckResponse & PartOfAnswer)[] {
  try {
    mustAnswer(shared, response);
    let from = 0;
    return requests.map(({ requestId, resources }) => {
      const part = partOf(response, { from, entries: resources.length, requestId });
      from += resources.length;
      return part;
    });
  } catch (cause) {
    throw isOwn(cause) ? cause : another("it cannot be read");
  }
}

function mustAnswer({ requestId, resources }: CheckRequest, response: CheckResponse): void {
  const { requestId: answered, results } = Object(response) as Partial<CheckResponse>;
  if (answered && answered !== requestId) throw another("it answered another request");
  if (!Array.isArray(results) || results.length !== resources.length) {
    throw another("it answered another number of questions");
  }
  resources.forEach(({ resource, actions }, i) => {
    const { resource: about, actions: effects } = Object(results[i]) as Partial<CheckResponse["results"][number]>;
    const same = about?.kind === resource.kind && about?.id === resource.id;
    if (!same || !hasJust(Object.keys(Object(effects)), actions)) throw another("it answered another question");
  });
}

/** The results from `from` on, as an answer to the question that they are about. */
function partOf(
  response: CheckResponse,
  {
    from,
    entries,
    requestId,
  }: { readonly from: number; readonly entries: number; readonly requestId: string | undefined },
): CheckResponse & PartOfAnswer {
  const part = Object.create(Object.getPrototypeOf(response)) as CheckResponse;
  return Object.assign(part, response, {
    requestId: requestId ?? response.requestId,
    results: response.results.slice(from, from + entries),
    cerbosPosition: from,
  });
}

function hasJust(names: readonly string[], wanted: readonly string[]): boolean {
  return names.length === wanted.length && names.every((name) => wanted.includes(name));
}

function another(what: string): HopwiseError {
  const message = `an answer of the policy decision point to several questions cannot be relied on: ${what}`;
  return inOwnWords(new HopwiseError("policy_inconclusive", message));
}
