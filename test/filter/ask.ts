/** What the real engine says of rows: by plans, and by checks of one row after the other. */
import { type Client, NotOK, type PlanResourcesResponse, type Principal, Status, type Value } from "@cerbos/core";
import type { RowExpression } from "@hopwise/filter";

/** What a plan says, or why nothing can be made of it. */
export type Planned = RowExpression | boolean | { readonly refused: string };

export async function planned(client: Client, principal: Principal, kind: string): Promise<Planned> {
  let plan: PlanResourcesResponse;
  try {
    plan = await client.planResources({ principal, resource: { kind }, action: "view" });
  } catch (fault) {
    if (!(fault instanceof NotOK) || fault.code !== Status.INTERNAL) throw fault;
    return { refused: "the engine cannot plan it" };
  }
  const [invalid] = plan.validationErrors;
  if (invalid !== undefined) return { refused: `does not fit the schema: ${invalid.message}` };
  if (plan.kind !== "KIND_CONDITIONAL") return plan.kind === "KIND_ALWAYS_ALLOWED";
  const condition = plainly(plan);
  return namesPrincipal(condition) ? { refused: "it would carry attributes of the principal" } : condition;
}

function plainly(plan: PlanResourcesResponse): RowExpression {
  return JSON.parse(JSON.stringify((plan as { readonly condition?: unknown }).condition));
}

const CARRIERS = ["get-field", "set-field", "struct"];

function namesPrincipal(node: RowExpression): boolean {
  if ("operator" in node) return CARRIERS.includes(node.operator) || node.operands.some(namesPrincipal);
  return "name" in node && node.name.startsWith("request.") && !node.name.startsWith("request.resource.");
}

/** The plans of all hops, joined. */
export function joined(plans: readonly Planned[]): Planned {
  const refused = plans.find((it) => typeof it === "object" && "refused" in it);
  if (refused !== undefined) return refused;
  if (plans.includes(false)) return false;
  const parts = plans.filter((it) => typeof it !== "boolean") as readonly RowExpression[];
  const [first] = parts;
  if (first === undefined) return true;
  return parts.length === 1 ? first : { operator: "and", operands: parts };
}

/** A row as policies see it. */
export interface Resource {
  readonly id: string;
  readonly attributes: object;
}

const MOST = 50;

/** Whether a principal may see each row, one by one. */
export async function allowed(
  client: Client,
  principal: Principal,
  kind: string,
  rows: readonly Resource[],
): Promise<readonly boolean[]> {
  const answers: boolean[] = [];
  for (let at = 0; at < rows.length; at += MOST) {
    const resources = rows.slice(at, at + MOST).map(({ id, attributes }) => ({
      resource: { kind, id, attr: attributes as Record<string, Value> },
      actions: ["view"],
    }));
    const { results } = await client.checkResources({ principal, resources });
    answers.push(...results.map((it) => it.isAllowed("view") === true));
  }
  return answers;
}
