import { failed, HopwiseError } from "../errors.ts";
import { hiddenInName } from "../lib/index.ts";
import { answerOf } from "../options/index.ts";
import type { ListedAs, ToolEntry, ToolMap } from "../resource/index.ts";
import { attributesFrom, codeOf } from "../source/index.ts";
import type { Nonces, NonceTimes } from "../token/index.ts";

/*
 * What a host program provides may throw, hang or talk nonsense. Here it is made to behave, once, when an authorizer is
 * made: it answers what its type says, in time, or it throws a HopwiseError with a code. Nothing behind this line has to
 * ask again. Directories, registries, sources, loaders, sinks and decision points are asked in one place each, which
 * sees to the same; what must answer at once was made to where the options were read (`options/at-once.ts`).
 */

/** Nonces that answer in time. */
export function behavedNonces(nonces: Nonces, deadlineMs: number): Nonces {
  const ask = <T>(run: () => Promise<T>): Promise<T> =>
    answerOf(deadlineMs, "state_unavailable", "the maker of nonces", run);
  return {
    issue: async (now) => {
      const nonce: unknown = await ask(() => nonces.issue(now));
      if (typeof nonce === "string" && nonce !== "") return nonce;
      throw new HopwiseError("state_unavailable", "the maker of nonces gave no text");
    },
    timesOf: async (nonce, now) => {
      const times: unknown = await ask(() => nonces.timesOf(nonce, now));
      if (times === undefined) return undefined;
      const { issuedAt, expiresAt } = Object(times) as NonceTimes;
      if (Number.isFinite(issuedAt) && Number.isFinite(expiresAt)) return { issuedAt, expiresAt };
      throw new HopwiseError("state_unavailable", "the maker of nonces gave no times of one");
    },
  };
}

/** A tool map whose functions give what their types say. */
export function behavedTools(tools: ToolMap): ToolMap {
  return Object.fromEntries(Object.entries(tools).map(([tool, entry]) => [tool, behavedEntry(entry)]));
}

function behavedEntry(entry: ToolEntry): ToolEntry {
  const { action, id, list } = entry;
  return {
    ...entry,
    ...(typeof action === "function" && { action: made(action, "action", nameFrom) }),
    // An id may be empty or missing by the caller's arguments: that is judged where it is used.
    ...(typeof id === "function" && { id: made(id, "id", (given) => (isNothing(given) ? "" : textFrom(given))) }),
    ...(typeof list === "function" && { list: made(list, "list", listedFrom) }),
  };
}

/** What a function of the tool map makes, read by its type: a reader throws where it cannot be that. */
function made<Args extends readonly unknown[], Made>(
  make: (...args: Args) => Made,
  what: keyof ToolEntry,
  read: (given: unknown) => Made,
): (...args: Args) => Made {
  const who = `the function that gives the tool map's ${what}`;
  return (...args) => {
    let given: unknown;
    try {
      given = make(...args);
    } catch (cause) {
      throw new HopwiseError(codeOf(cause), failed(who, cause), { cause });
    }
    try {
      return read(given);
    } catch (cause) {
      throw new HopwiseError("attributes_invalid", `${who} gave something else`, { cause });
    }
  };
}

function isNothing(given: unknown): boolean {
  return given === undefined || given === "";
}

function textFrom(given: unknown): string {
  if (typeof given === "string" && given !== "") return given;
  throw new Error("no text");
}

/** An action may be made of a tool's name, and stands in records beside it. */
function nameFrom(given: unknown): string {
  const name = textFrom(given);
  if (hiddenInName(name) === undefined) return name;
  throw new Error("no name that people can read");
}

/** Read once, as a copy: attributes are put to policies as they are now. */
function listedFrom(given: unknown): ListedAs {
  const { action, id, attributes }: Partial<ListedAs> = Object(given);
  return {
    action: nameFrom(action),
    ...(id !== undefined && { id: textFrom(id) }),
    ...(attributes !== undefined && { attributes: attributesFrom(attributes) }),
  };
}
