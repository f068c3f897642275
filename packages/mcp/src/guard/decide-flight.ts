import type { Decision } from "@hopwise/core";
import type { ReadUri } from "@hopwise/core/adapter";
import type { RequestScope, TellSchemas } from "./decide-tool.ts";
import type { Flight } from "./flights.ts";
import { GUARD_FAILED, type Guard } from "./guard.ts";
import { isBound } from "./is-bound.ts";
import { offerPage } from "./offer-page.ts";
import { askedOfServer, type Schemas, saidByWrapper } from "./server-lists.ts";

/** The scope of one request, as the guard itself reads it. */
export interface FlightScope extends RequestScope {
  readonly flight: Flight;
}

/** Ends an admission in a decision. */
export async function decideFlight(
  guard: Guard,
  flight: Flight,
  parsed: unknown,
  announced?: TellSchemas,
  readAs?: ReadUri,
): Promise<Decision> {
  const { admission } = flight;
  if (admission === undefined) throw new Error("the request was not admitted");
  // Too late: it was refused, and that is on record.
  if (flight.handedOver?.lapsed !== undefined) return flight.handedOver.lapsed;
  flight.asked = true;
  flight.handedOver?.asked();
  const { operation } = flight;
  const { inputSchema, outputSchema } =
    operation.kind === "tool" ? await schemasOf(guard, flight, operation.tool, announced) : {};
  const read = { parsed, inputSchema, ...(readAs && { readAs }) };
  flight.decision = await admission.decide({ ...read, fulfils: true, filters: true, outputSchema });
  flight.outputSchema = outputSchema;
  guard.owed ||= isBound(flight.decision);
  if (flight.decision.outcome === "pending") offerPage(guard, flight, flight.decision.approval);
  return flight.decision;
}

/** What a tool announces: as its wrapper says, or its caller was told, or else as the server lists it. */
async function schemasOf(
  guard: Guard,
  flight: Flight,
  tool: string,
  announced: TellSchemas | undefined,
): Promise<Schemas> {
  const listed = guard.listed.get(tool);
  const said = await saidByWrapper(guard, tool, announced);
  const { inputSchema, outputSchema } = said ?? listed ?? (await askedOfServer(guard, flight, tool));
  // A caller keeps to the arguments that it was told of; of results its wrapper knows what policies may do to them.
  return {
    inputSchema: listed?.inputSchema ?? inputSchema,
    outputSchema: outputSchema === undefined ? listed?.outputSchema : outputSchema,
  };
}

/**
 * Whether what was allowed may begin. Where its caller left while it was decided, or its server answered by itself, it does
 * not: so what the call took is given back.
 */
export function begins({ flights, reportOutcome }: Guard, flight: Flight): boolean {
  if (flights.isOpen(flight) && !flight.answered) return true;
  const { decision, left } = flight;
  if (decision?.outcome === "allowed") {
    reportOutcome(decision, { outcome: left ? "withdrawn" : "failed", nothingHappened: true });
  }
  return false;
}

/** The same for a tool's wrapper, whose server must not see what went wrong: a fault is a denial. */
export async function decideOrRefuse(
  guard: Guard,
  flight: Flight,
  parsed: unknown,
  announced?: TellSchemas,
): Promise<Decision> {
  try {
    return await decideFlight(guard, flight, parsed, announced);
  } catch (error) {
    guard.report(error);
    const { operation } = flight;
    const denied = await guard.authorizer.refuse({ tool: "tool" in operation ? operation.tool : "" }, GUARD_FAILED);
    // A wrapper that asks a second time must not take back what the first decision obliges to.
    flight.decision ??= denied;
    return denied;
  }
}
