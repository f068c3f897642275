import type { PolicyDecisionPoint, RunningPdp } from "../decision/index.ts";
import { defined } from "../lib/index.ts";

/** A client, with its version where it comes with one. Clients may have a member `client` of their own. */
export function runningOf(cerbos: unknown): RunningPdp | undefined {
  const given = Object(cerbos) as Partial<PolicyDecisionPoint & RunningPdp>;
  const running: Partial<RunningPdp> = "checkResources" in given ? { client: given as PolicyDecisionPoint } : given;
  const { client, version } = running;
  if (typeof client?.checkResources !== "function") return undefined;
  const own = <Name extends "failuresOf" | "health">(name: Name): RunningPdp[Name] =>
    typeof running[name] === "function" ? (running[name].bind(running) as RunningPdp[Name]) : undefined;
  return { client, ...defined({ version, failuresOf: own("failuresOf"), health: own("health") }) };
}
