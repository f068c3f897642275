import type { PolicyDecisionPoint, RunningPdp } from "../decision/index.ts";
import { defined } from "../lib/index.ts";
import {
  ANY,
  besides,
  METHOD,
  maybe,
  type Rows,
  type Shape,
  such,
  suchAt,
  text,
  wrongBesides,
} from "../options/index.ts";

/** A client, with its version where it comes with one; undefined for what is none. */
export function runningOf(cerbos: unknown): RunningPdp | undefined {
  const running = asRunning(cerbos);
  if (running === undefined) return undefined;
  const { client, version } = running;
  const own = <Name extends "failuresOf" | "health">(name: Name): RunningPdp[Name] =>
    running[name]?.bind(running) as RunningPdp[Name];
  return { client, ...defined({ version, failuresOf: own("failuresOf"), health: own("health") }) };
}

/** Clients may have a member `client` of their own. */
function asRunning(cerbos: unknown): RunningPdp | undefined {
  const given = Object(cerbos) as Partial<PolicyDecisionPoint & RunningPdp>;
  const running = "checkResources" in given ? { client: given as PolicyDecisionPoint } : given;
  return typeof running.client?.checkResources === "function" ? (running as RunningPdp) : undefined;
}

const CLIENT: Rows<Omit<PolicyDecisionPoint, "checkResources">> = { planResources: METHOD, whole: METHOD };
const RUNNING: Rows<RunningPdp> = {
  client: besides(ANY, CLIENT),
  version: maybe(text("the version of Cerbos")),
  failuresOf: METHOD,
  health: METHOD,
};

/** A decision point, as an option: a client, or one with what it says of itself. */
export const CERBOS: Shape = suchAt<object>(
  "",
  (given) => wrongBesides(given, ("checkResources" in given ? CLIENT : RUNNING) as Rows<object>),
  such("what startPdp or connectPdp gave, or a Cerbos client", (cerbos) => asRunning(cerbos) !== undefined),
);
