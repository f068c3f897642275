import type { Decision } from "@hopwise/core";
import type { Admission, OutputSchema } from "@hopwise/core/adapter";
import type { JsonRpcId, JsonRpcRequest, MessageExtra, Operation } from "../protocol/index.ts";
import type { Ran } from "./decide-tool.ts";
import type { HandedOver } from "./handed-over.ts";

/** A request from its arrival until its answer leaves, or until it is withdrawn and its server is waited for no longer. */
export interface Flight {
  /**
   * The id under which the handler knows the request. Callers choose ids: two callers may choose the same, or one
   * caller may use an id again while its first call still sends messages. So behind the guard each request has an id of
   * its own.
   */
  readonly id: number;
  readonly request: JsonRpcRequest;
  readonly operation: Operation;
  /** What the transport told of it. */
  readonly extra: MessageExtra | undefined;
  admission: Admission | undefined;
  /** The wait for the server, once it has a request that is to be decided there. */
  handedOver: HandedOver | undefined;
  /** Whether a decision was asked for; it may still be under way. */
  asked: boolean;
  /** As what the function was wrapped that the server ran for another tool: it did not begin. */
  strayed: string | undefined;
  readonly ran: Ran;
  /** The decision, once there is one; a tool's wrapper asks for it before the tool runs. */
  decision: Decision | undefined;
  /** Whether its caller left, rather than that it was answered. */
  left: boolean;
  /** Whether its server answered: what was not begun by then does not begin any more. */
  answered: boolean;
  /** For a call that waits: where people can answer. */
  page: string | undefined;
  /** What the server lists of the tool's result; `null` where that cannot be read. */
  outputSchema: OutputSchema | undefined;
}

/**
 * Whether its tool may have run, so that who reads "try again" would run it twice: it was allowed; or the server had it, and
 * may have run a function that never asks.
 */
export function mayHaveRun({ decision, asked, handedOver }: Flight): boolean {
  if (decision !== undefined || asked) return decision?.outcome === "allowed";
  return handedOver?.turn?.isFirst === true;
}

/** The requests of one transport that wait for their answer. */
export interface Flights {
  begin(request: JsonRpcRequest, operation: Operation, extra?: MessageExtra): Flight;
  /** The request that the server knows by this id, whether or not its caller still waits. */
  get(id: JsonRpcId | undefined): Flight | undefined;
  /** The open request to which its caller gave this id. */
  called(id: unknown): Flight | undefined;
  /** Whether its caller waits for an answer. */
  isOpen(flight: Flight): boolean;
  /** Forgets a request. @returns false where it was not open: then nothing may be sent for it */
  end(flight: Flight): boolean;
  /** Nobody waits for the answer any more. It is still looked at, if one comes before the request ends. @returns as `end` */
  leave(flight: Flight): boolean;
  /** Those that have not ended. */
  all(): readonly Flight[];
}

export function createFlights(): Flights {
  const byId = new Map<unknown, Flight>();
  const byCaller = new Map<unknown, Flight>();
  let last = 0;
  const isOpen = (flight: Flight): boolean => byId.get(flight.id) === flight && !flight.left;
  /** Its caller may use the id again. */
  const release = (flight: Flight): boolean => {
    const wasOpen = isOpen(flight);
    if (byCaller.get(flight.request.id) === flight) byCaller.delete(flight.request.id);
    return wasOpen;
  };
  return {
    begin: (request, operation, extra) => {
      const flight: Flight = {
        id: ++last,
        request,
        operation,
        extra,
        admission: undefined,
        handedOver: undefined,
        asked: false,
        strayed: undefined,
        ran: { returned: false },
        decision: undefined,
        left: false,
        answered: false,
        page: undefined,
        outputSchema: undefined,
      };
      byId.set(flight.id, flight);
      byCaller.set(request.id, flight);
      return flight;
    },
    get: (id) => byId.get(id),
    called: (id) => byCaller.get(id),
    isOpen,
    end: (flight) => {
      const wasOpen = release(flight);
      byId.delete(flight.id);
      return wasOpen;
    },
    leave: (flight) => {
      const wasOpen = release(flight);
      flight.left ||= wasOpen;
      return wasOpen;
    },
    all: () => [...byId.values()],
  };
}
