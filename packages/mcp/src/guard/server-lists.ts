import { isUnserved, type MessageExtra } from "../protocol/index.ts";
import { announce, noteListed, type Schemas } from "./announce.ts";
import type { Flight } from "./flights.ts";
import type { Guard } from "./guard.ts";

/** More would be a list without an end. */
const MOST_PAGES = 100;
const UNREADABLE: Schemas = { outputSchema: null };

/**
 * What the server lists of a tool, where neither its wrapper nor a list on this transport says it: a caller may have its list
 * from elsewhere, as without sessions, and keeps to it all the same.
 */
export async function askedOfServer(guard: Guard, { extra }: Flight, tool: string): Promise<Schemas> {
  const { lists, mayChange, report } = guard;
  try {
    if (lists.get(tool) === undefined) lists.note(await listOf(guard, extra));
    // What this guard's callers are told: another one of the same tools may let policies change other values.
    return announce({ ...lists.get(tool), name: tool }, mayChange);
  } catch (cause) {
    const message = `the server did not list its tools in time, or not without a fault: what ${JSON.stringify(tool)} announces is not known, so its results cannot be changed, and a default that its schema puts there is taken for one that nobody announced`;
    report(new Error(message, { cause }));
    return UNREADABLE;
  }
}

async function listOf(guard: Guard, extra: MessageExtra | undefined): Promise<Map<string, Schemas>> {
  const { own, authorizer } = guard;
  const listed = new Map<string, Schemas>();
  let cursor: unknown;
  for (let page = 0; page < MOST_PAGES; page++) {
    const params = cursor === undefined ? {} : { cursor };
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
