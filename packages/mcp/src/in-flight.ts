import type { Admission, Decision } from "@hopwise/core";
import { ownDenial } from "./denial.ts";
import type { JsonRpcId, JsonRpcRequest } from "./jsonrpc.ts";
import type { Operation } from "./operation.ts";

/** The one request within which a handler runs, from the guard to the tool. */
export interface RequestScope {
  /** The tool that was admitted; undefined for a request of another kind. */
  readonly tool: string | undefined;
  /** Ends the call's admission in a decision, on the arguments that the tool's own schema made. Never throws. */
  decide(parsed: unknown): Promise<Decision>;
}

/** A request from its arrival until its answer leaves, or until it is withdrawn. */
export interface Flight extends RequestScope {
  /**
   * What the handler knows it by. Callers choose ids, and two of them may choose the same, or one a second time while
   * the first call still has something to say: behind the guard each request has a name of its own.
   */
  readonly id: number;
  readonly request: JsonRpcRequest;
  readonly operation: Operation;
  admission: Admission | undefined;
  /** What was decided, once it was; a tool's wrapper asks for it before the tool runs. */
  decision: Decision | undefined;
}

/** The requests of one transport that wait for their answer. */
export interface Flights {
  begin(request: JsonRpcRequest, operation: Operation): Flight;
  get(id: JsonRpcId | undefined): Flight | undefined;
  /** The one that its caller gave this id. */
  called(id: unknown): Flight | undefined;
  isOpen(flight: Flight): boolean;
  /** @returns false where it had ended before: then nothing may be sent for it */
  end(flight: Flight): boolean;
  /** Those that were open. */
  endAll(): readonly Flight[];
  /** Whether there was ever a call whose result the policies oblige to change. */
  readonly owed: boolean;
}

/** @param tooLate takes a flight that was decided after it had ended */
export function createFlights(report: (error: unknown) => void, tooLate: (flight: Flight) => void): Flights {
  const byId = new Map<JsonRpcId, Flight>();
  const byCaller = new Map<unknown, Flight>();
  let last = 0;
  let owed = false;

  const begin = (request: JsonRpcRequest, operation: Operation): Flight => {
    const tool = operation.kind === "tool" ? operation.tool : undefined;
    const flight: Flight = {
      id: ++last,
      request,
      operation,
      tool,
      admission: undefined,
      decision: undefined,
      decide: async (parsed) => {
        flight.decision = ownDenial("context_unavailable", String(tool), { retryable: true });
        try {
          if (flight.admission !== undefined)
            flight.decision = await flight.admission.decide(parsed, { fulfils: true });
          owed ||= flight.decision.outcome === "allowed" && flight.decision.obligations !== undefined;
        } catch (error) {
          report(error);
        }
        if (byId.get(flight.id) !== flight) tooLate(flight);
        return flight.decision;
      },
    };
    byId.set(flight.id, flight);
    byCaller.set(request.id, flight);
    return flight;
  };

  return {
    begin,
    get: (id) => (id === undefined ? undefined : byId.get(id)),
    called: (id) => byCaller.get(id),
    isOpen: (flight) => byId.get(flight.id) === flight,
    end: (flight) => {
      if (byCaller.get(flight.request.id) === flight) byCaller.delete(flight.request.id);
      return byId.delete(flight.id);
    },
    endAll: () => {
      const open = [...byId.values()];
      byId.clear();
      byCaller.clear();
      return open;
    },
    get owed() {
      return owed;
    },
  };
}
