import type { Admission, Listed } from "@hopwise/core/adapter";
import { errorDenial, isOurs, type JsonRpcMessage, type ListRule, needsTask, type Plain } from "../protocol/index.ts";
import { announce } from "./announce.ts";
import type { Flight } from "./flights.ts";
import type { Guard } from "./guard.ts";

type ListRules = Pick<Guard, "tools" | "mayChange">;

/** A list with what its caller may be shown of it. */
export async function filterList(
  message: JsonRpcMessage,
  flight: Flight,
  admission: Admission,
  list: ListRule,
  rules: ListRules,
): Promise<JsonRpcMessage> {
  const found = message.result?.[list.member];
  // Marks of Hopwise among a server's tools are nothing to call, and nothing to record.
  const items = (Array.isArray(found) ? (found as Plain[]) : []).filter(({ name }) => !isOurs(name));
  const answer = await admission.list(
    items.map((item): Listed => {
      const hidden = list.member === "tools" ? whyHidden(item, rules) : undefined;
      return { ...list.offer(item), ...(hidden && { hidden }) };
    }),
  );
  if (answer.outcome === "denied") return errorDenial(flight.id, answer);
  const shown = items.filter((_, i) => answer.shown[i] === true);
  const announced = list.member === "tools" ? shown.map((tool) => announce(tool, rules.mayChange)) : shown;
  return { ...message, result: { ...message.result, [list.member]: announced } };
}

/** Why nobody could call a tool that the server lists. */
function whyHidden({ name, execution }: Plain, { tools }: ListRules): Listed["hidden"] {
  if (!tools.has(String(name))) return "tool_unguarded";
  return needsTask(execution) ? "tool_not_served" : undefined;
}
