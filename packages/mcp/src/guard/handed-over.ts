import type { Denied } from "@hopwise/core";
import type { Admission } from "@hopwise/core/adapter";
import type { Flight } from "./flights.ts";
import { GUARD_FAILED, type Guard } from "./guard.ts";
import { denyFault } from "./reply.ts";
import type { Turn } from "./turns.ts";

/** How long a server may take until a tool asks, or a list is there. A tool's own schema may ask another server. */
export const PATIENCE_MS = 30_000;

/** The wait for what a server does with a request that was admitted and not decided. */
export interface HandedOver {
  /** The turn of a tool's call, which it gives back. The server has the call once it has its turn. */
  turn: Turn | undefined;
  /**
   * Settles once the server has shown what it does with a tool's call: the tool asked, the server answers, or took too long.
   * Undefined where that is so, and where nothing is to be shown.
   */
  readonly shows: Promise<void> | undefined;
  /** The same, for who cannot end before: the process waits for it, too. */
  keep(): Promise<void> | undefined;
  asked(): void;
  /** The server answers: the time no longer counts. */
  answers(): void;
  /** That answer was looked at, and the next call may run. */
  answered(): void;
  /** Once the server took too long: the refusal that is on record. */
  lapsed: Promise<Denied> | undefined;
}

/**
 * Bounds the time between the admission of a request and its decision: then it is refused, on record, and whatever asks
 * later runs nothing.
 */
export function handedOver(guard: Guard, flight: Flight, admission: Admission): HandedOver {
  const { operation } = flight;
  const tool = operation.kind === "tool" ? operation.tool : undefined;
  let isOver = false;
  let settle = (): void => {};
  const shown = new Promise<void>((resolve) => {
    settle = resolve;
  });
  const end = (): void => {
    isOver = true;
    clearTimeout(timer);
    settle();
  };
  const wait: HandedOver = {
    turn: undefined,
    get shows() {
      return isOver || wait.turn === undefined ? undefined : shown;
    },
    keep: () => {
      if (wait.shows !== undefined) timer.ref();
      return wait.shows;
    },
    asked: () => {
      end();
      wait.turn?.asked();
    },
    answers: end,
    answered: () => wait.turn?.ended(),
    lapsed: undefined,
  };
  const lapse = async (): Promise<void> => {
    const isOpen = guard.flights.isOpen(flight);
    // A list that nobody reads was none. A tool may still run.
    if (tool === undefined && !isOpen) return;
    const message = whatLapsed(tool, wait.turn);
    guard.report(new Error(message));
    end();
    wait.lapsed = admission.refuse({ code: GUARD_FAILED.code, message });
    if (isOpen)
      guard.handler?.({ jsonrpc: "2.0", method: "notifications/cancelled", params: { requestId: flight.id } });
    try {
      await denyFault(guard, flight, await wait.lapsed.catch(() => GUARD_FAILED));
    } finally {
      wait.turn?.lost();
    }
  };
  const timer = setTimeout(() => void lapse().catch(guard.report), PATIENCE_MS);
  // A process that has nothing else to do does not wait for it, unless somebody closes the connection.
  timer.unref();
  return wait;
}

function whatLapsed(tool: string | undefined, turn: Turn | undefined): string {
  if (tool === undefined) return `the server gave no list within ${PATIENCE_MS} ms`;
  const name = JSON.stringify(tool);
  if (turn === undefined) {
    return `the calls of the tool ${name} before this one took ${PATIENCE_MS} ms, and none has asked for a decision yet`;
  }
  const bare = turn.isFirst ? "; or the server runs a function that was not wrapped, and may run on" : "";
  return `the tool ${name} asked for no decision within ${PATIENCE_MS} ms: its own schema, or what the server does before it, does not end${bare}`;
}
