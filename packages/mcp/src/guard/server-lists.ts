import { type InputSchema, type OutputSchema, settleInTime } from "@hopwise/core/adapter";
import { isUnserved, type JsonRpcMessage, type Plain, versionIn } from "../protocol/index.ts";
import { announce } from "./announce.ts";
import type { TellSchemas } from "./decide-tool.ts";
import type { Flight } from "./flights.ts";
import type { Guard } from "./guard.ts";

/** The JSON Schemas that a server lists of a tool. */
export interface Schemas {
  /** Of its arguments. */
  readonly inputSchema?: InputSchema | undefined;
  /** Of its result; `null` where it has one that cannot be read. */
  readonly outputSchema?: OutputSchema | undefined;
}

/** What the server lists of its tools, where a guard had to ask; shared by all transports of the same tools. */
export interface ServerLists {
  get(tool: string): Schemas | undefined;
  note(listed: ReadonlyMap<string, Schemas>): void;
  /** A tool may be another one now; without a name, all of them. */
  forget(tool?: string): void;
}

export function createServerLists(): ServerLists {
  const known = new Map<string, Schemas>();
  return {
    get: (tool) => known.get(tool),
    note: (listed) => {
      for (const [name, schemas] of listed) known.set(name, schemas);
    },
    forget: (tool) => (tool === undefined ? known.clear() : void known.delete(tool)),
  };
}

/** More would be a list without an end. */
const MOST_PAGES = 100;
const UNREADABLE: Schemas = { outputSchema: null };

/**
 * What the server lists of a tool, where neither its wrapper nor a list on this transport says it: a caller may have its list
 * from elsewhere, as without sessions, and keeps to it all the same.
 */
export async function askedOfServer(guard: Guard, flight: Flight, tool: string): Promise<Schemas> {
  const { mayChange, report } = guard;
  const { lists } = guard.tools;
  try {
    if (lists.get(tool) === undefined) lists.note(await listOf(guard, flight));
    // What this guard's callers are told: another one of the same tools may let policies change other values.
    return announce({ ...lists.get(tool), name: tool }, mayChange);
  } catch (cause) {
    report(unread("the server did not list its tools", tool, cause));
    return UNREADABLE;
  }
}

/** What a tool's wrapper says of it, by a function of the host's; undefined where it leaves that to the lists. */
export async function saidByWrapper(
  { authorizer, report }: Guard,
  tool: string,
  announced: TellSchemas | undefined,
): Promise<Schemas | undefined> {
  try {
    return await settleInTime(authorizer.deadlineMs, announced?.());
  } catch (cause) {
    report(unread("the function that says what is announced gave no answer", tool, cause));
    return UNREADABLE;
  }
}

function unread(what: string, tool: string, cause: unknown): Error {
  const message = `${what} in time, or not without a fault: what ${JSON.stringify(tool)} announces is not known, so its results cannot be changed, and a default that its schema puts there is taken for one that nobody announced`;
  return new Error(message, { cause });
}

async function listOf(guard: Guard, { request, extra }: Flight): Promise<Map<string, Schemas>> {
  const { own, authorizer } = guard;
  // A server that speaks more than one version answers as it speaks with the caller of this transport.
  const version = versionIn(request);
  const listed = new Map<string, Schemas>();
  let cursor: unknown;
  for (let page = 0; page < MOST_PAGES; page++) {
    const params = { ...version, ...(cursor !== undefined && { cursor }) };
    const handle = (message: Parameters<NonNullable<Guard["handler"]>>[0]): void => guard.handler?.(message, extra);
    const answer = await own.make({ method: "tools/list", params }, handle, authorizer.deadlineMs);
    if (isUnserved(answer)) return listed;
    if (!Array.isArray(answer.result?.["tools"])) throw new Error("it is no list of tools");
    noteListed(listed, answer);
    cursor = answer.result?.["nextCursor"];
    if (typeof cursor !== "string" || cursor === "") return listed;
  }
  throw new Error(`it has more than ${MOST_PAGES} pages`);
}

/** Notes what a list tells its caller: a wrapper may not know what its server lists of its tool. */
export function noteListed(listed: Map<string, Schemas>, { result }: JsonRpcMessage): void {
  const tools = result?.["tools"];
  for (const { name, inputSchema, outputSchema } of Array.isArray(tools) ? (tools as readonly Plain[]) : []) {
    listed.set(String(name), { inputSchema, outputSchema } as Schemas);
  }
}
