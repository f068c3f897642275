import { HopwiseError } from "@hopwise/core";
import { inOwnWords, isOwn } from "@hopwise/core/adapter";
import type { Names } from "./asker.ts";
import type { CheckRequest, CheckResponse } from "./form.ts";

/** One of those that share a request. */
export interface SharedCall {
  readonly names: Names;
  /** Where what it asks stands in the request, in its own order. Another one that asks the same has the same place. */
  readonly places: readonly number[];
}

/** One question's part of a shared answer. */
export interface PartOfAnswer {
  /** The places of its results in the shared answer, whose `cerbosCallId` it has. */
  readonly cerbosPositions: readonly number[];
}

/**
 * Holds a shared answer against its request, and divides it before anybody gets a part of it: with one result too few, all
 * after it would be another one's.
 *
 * @returns answers whose results nobody changes any more
 * @throws {HopwiseError} `policy_inconclusive`, also for what is no answer, or fails when it is read
 */
export function partsOf(
  shared: CheckRequest,
  response: CheckResponse,
  calls: readonly SharedCall[],
): readonly (CheckResponse & PartOfAnswer)[] {
  try {
    mustAnswer(shared, response);
    // Several may get the same one.
    freeze(response.results);
    return calls.map((call) => partOf(response, call));
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
    const { resource: about, actions: effects } = Object(results[i]) as Partial<Result>;
    const same = about?.kind === resource.kind && about?.id === resource.id;
    if (!same || !hasJust(Object.keys(Object(effects)), actions)) throw another("it answered another question");
  });
}

/** The results at its places, as an answer to the question that they are about. */
function partOf(response: CheckResponse, { names, places }: SharedCall): CheckResponse & PartOfAnswer {
  const part = Object.create(Object.getPrototypeOf(response)) as CheckResponse;
  return Object.assign(part, response, {
    requestId: names.requestId ?? response.requestId,
    results: places.map((place) => response.results[place] as Result),
    cerbosPositions: places,
  });
}

function freeze(value: unknown): void {
  if (typeof value !== "object" || value === null || Object.isFrozen(value)) return;
  Object.freeze(value);
  for (const inner of Object.values(value)) freeze(inner);
}

type Result = CheckResponse["results"][number];

function hasJust(names: readonly string[], wanted: readonly string[]): boolean {
  return names.length === wanted.length && names.every((name) => wanted.includes(name));
}

function another(what: string): HopwiseError {
  const message = `an answer of the policy decision point to several questions cannot be relied on: ${what}`;
  return inOwnWords(new HopwiseError("policy_inconclusive", message));
}
