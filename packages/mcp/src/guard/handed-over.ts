import type { Denied } from "@hopwise/core";
import type { Admission } from "@hopwise/core/adapter";
import type { Flight } from "./flights.ts";
import { GUARD_FAILED, type Guard } from "./guard.ts";
import { deny } from "./reply.ts";
import type { Turn } from "./turns.ts";

/** How long a server may take until a tool asks, or a list is there. A tool's own schema may ask another server. */
export const PATIENCE_MS = 30_000;

/** The wait for what a server does with a request that was admitted and not decided. */
export interface HandedOver {
  /** The turn of a tool's call, which it gives back. */
  turn: Turn | undefined;
  /** The tool asked. */
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
  const wait: HandedOver = {
    turn: undefined,
    asked: () => {
      clearTimeout(timer);
      wait.turn?.asked();
    },
    answers: () => clearTimeout(timer),
    answered: () => wait.turn?.ended(),
    lapsed: undefined,
  };
  const lapse = async (): Promise<void> => {
    const isOpen = guard.flights.isOpen(flight);
    // Servers do not answer what was cancelled, and a list that nobody reads was none. A tool may still run.
    if (tool === undefined && !isOpen) return;
    const message =
      tool === undefined
        ? `the server gave no list within ${PATIENCE_MS} ms`
        : `the tool ${JSON.stringify(tool)} asked for no decision within ${PATIENCE_MS} ms: its own schema, or what the server does before it, does not end`;
    guard.report(new Error(message));
    wait.lapsed = admission.refuse({ code: GUARD_FAILED.code, message });
    if (isOpen)
      guard.handler?.({ jsonrpc: "2.0", method: "notifications/cancelled", params: { requestId: flight.id } });
    try {
      await deny(guard, flight, await wait.lapsed.catch(() => GUARD_FAILED));
    } finally {
      wait.turn?.lost();
    }
  };
  const timer = setTimeout(() => void lapse().catch(guard.report), PATIENCE_MS);
  // A process that has nothing else to do does not wait for it.
  timer.unref();
  return wait;
}
