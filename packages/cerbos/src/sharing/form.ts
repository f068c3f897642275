import type { PolicyClient } from "../ask/index.ts";
import { membersSize, plainSize } from "./plain-size.ts";

export type Check = PolicyClient["checkResources"];
export type CheckRequest = Parameters<Check>[0];
export type CheckOptions = NonNullable<Parameters<Check>[1]>;
export type CheckResponse = Awaited<ReturnType<Check>>;
type NamedValues = readonly (readonly [name: string, value: string])[];

/** What a question is to those that could share its request. */
export interface Form {
  /**
   * All that a request has but once, the principal above all: only questions with the same one share a request. Made when it is
   * first asked for, since most questions share none.
   */
  key(): string;
  /** The most bytes that its name takes in a request, each of its entries, and what all that share it have in common. */
  readonly nameSize: number;
  readonly entrySizes: readonly number[];
  readonly commonSize: number;
  /** The headers of its trace. A request joins one trace alone, that of the question which waited longest. */
  readonly trace: NamedValues;
}

/** What a key says: see {@link Form}. */
export interface Common {
  readonly principal: CheckRequest["principal"];
  readonly auxData: CheckRequest["auxData"] | null;
  readonly includeMetadata: boolean;
  readonly headers: NamedValues;
  /** Those that are not of Hopwise. */
  readonly annotations: readonly (readonly [name: string, value: unknown])[];
}

/** How Hopwise names a call in the log of Cerbos, and, where several share a request, all of them. */
export const INVOCATION = "hopwise.invocation";
export const HOP = "hopwise.hop";
export const CALLS = "hopwise.calls";
const OF_ONE_CALL: ReadonlySet<string> = new Set([INVOCATION, HOP, "hopwise.chain"]);
const OF_A_TRACE: ReadonlySet<string> = new Set(["traceparent", "tracestate"]);

/** A larger question is a request of its own: what it would save is little against what others would wait. */
const MOST_ENTRIES_OF_ONE = 25;
const MOST_BYTES_OF_ONE = 128 * 1024;
/** Cerbos' limit for one resource. */
const MOST_ACTIONS = 50;

/**
 * Undefined for a question that must go alone, just as it is: it could spoil the request of others (it cannot be written
 * down, or is too large), or says something that only one can say.
 */
export function formOf(request: CheckRequest, options: CheckOptions = {}): Form | undefined {
  try {
    const { principal, resources, auxData, includeMetadata, requestId, requestContext, ...unknown } = request;
    const { headers: given, signal: _, ...unknownOptions } = options;
    if (hasMembers(unknown) || hasMembers(unknownOptions)) return undefined;
    if (resources.length === 0 || resources.length > MOST_ENTRIES_OF_ONE || !resources.every(isSound)) return undefined;
    const { annotations = {}, ...unknownContext } = requestContext ?? {};
    if (hasMembers(unknownContext) || Object.hasOwn(annotations, CALLS)) return undefined;
    const entrySizes = resources.map(entrySize);
    const all = Object.entries(annotations);
    const foreign = all.filter(([name]) => !OF_ONE_CALL.has(name));
    const own = all.filter(([name]) => OF_ONE_CALL.has(name));
    const nameSize = plainSize([own, requestId ?? "", resources.map((_, place) => place)]);
    const commonSize = membersSize(principal) + plainSize(foreign) + auxSize(auxData);
    const size = entrySizes.reduce((sum, it) => sum + it, nameSize + commonSize);
    if (!(size <= MOST_BYTES_OF_ONE)) return undefined; // also where one of them is NaN
    const headers = given === undefined ? [] : [...new Headers(given)];
    const trace = headers.filter(([name]) => OF_A_TRACE.has(name));
    const others = headers.filter(([name]) => !OF_A_TRACE.has(name));
    let made: string | undefined;
    const key = (): string => {
      made ??= JSON.stringify([principal, auxData ?? null, includeMetadata === true, others, foreign]);
      return made;
    };
    return { key, nameSize, entrySizes, commonSize, trace };
  } catch {
    return undefined; // it is not what its type says: whoever writes it down says why
  }
}

export function commonOf(key: string): Common {
  const [principal, auxData, includeMetadata, headers, annotations] = JSON.parse(key);
  return { principal, auxData, includeMetadata, headers, annotations };
}

function hasMembers(object: object): boolean {
  for (const name of Object.keys(object)) {
    if ((object as { readonly [name: string]: unknown })[name] !== undefined) return true;
  }
  return false;
}

/** Answers name kind, id and actions, so each must come back as it went out: half a character does not. */
function isSound({ resource, actions, ...unknown }: CheckRequest["resources"][number]): boolean {
  if (hasMembers(unknown)) return false;
  if (actions.length === 0 || actions.length > MOST_ACTIONS || new Set(actions).size !== actions.length) return false;
  return [resource.kind, resource.id, ...actions].every((it) => typeof it === "string" && it.isWellFormed());
}

function entrySize({ resource, actions }: CheckRequest["resources"][number]): number {
  return membersSize(resource) + plainSize(actions);
}

function auxSize(auxData: CheckRequest["auxData"]): number {
  if (auxData === undefined) return 0;
  const { jwt, ...others } = auxData;
  return membersSize(others) + (jwt === undefined ? 0 : membersSize(jwt));
}
