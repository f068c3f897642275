import { HopwiseError } from "@hopwise/core";
import { atLeast, atOnce, either, flag, func, list, maybe, type Shape, text } from "@hopwise/core/options";

/** What the entry of a tool map asks policies about. Whole entries of an authorizer's map fit. */
export interface AskedTool {
  readonly kind: string;
  readonly action: string | ((tool: string) => string);
  readonly list?: string | ((tool: string) => { readonly action: string });
  readonly filter?: AskedFilter;
  readonly scope?: AskedPlace;
  readonly policyVersion?: AskedPlace;
  readonly argumentsAs?: string;
  readonly attributesSchema?: { readonly required?: unknown };
}

/** A scope or version as it is written down. A function tells it for a call, and is not asked here. */
type AskedPlace = string | object;

/** What a tool map says of a filter, as far as policies have to bear it out. */
export interface AskedFilter {
  /** Whether rows are shown by the plans alone, and not checked again. */
  readonly plansSuffice?: boolean;
  /** Attributes without which no row is shown. Default: those that the entry's `attributesSchema` requires. */
  readonly required?: readonly string[];
}

const ACTION = text("a Cerbos action, such as read");
const PLACE = maybe(either("a text, or a function of the call", text("a text"), func("a function of the call")));

/** Whole entries of a tool map have other members, too. */
export const ASKED_TOOL: Shape = atLeast<AskedTool>(
  {
    kind: text("a Cerbos resource kind, such as invoice"),
    action: either("an action, or a function of the tool's name", ACTION, atOnce("a function of the tool's name")),
    list: maybe(
      either("a listing action, or a function of the tool's name", ACTION, atOnce("a function of the tool's name")),
    ),
    filter: maybe(
      atLeast<AskedFilter>(
        {
          plansSuffice: maybe(flag()),
          required: maybe(list(text("the name of an attribute"), "names of attributes")),
        },
        "what is said of a filter, such as { plansSuffice: true }",
      ),
    ),
    scope: PLACE,
    policyVersion: PLACE,
    argumentsAs: maybe(text("the attribute that holds the arguments")),
    attributesSchema: maybe(atLeast<object>({}, 'a JSON Schema, such as { type: "object", required: [] }')),
  },
  "the entry of a tool, such as { kind, action }",
);

/** What policies are asked about the handing over; the authorizer's option of the same name fits. */
export type AskedDelegation = { readonly kind: string; readonly action: string } | "grants-only";

/** The actions of an entry; undefined for one that follows from a tool's name which the map does not have. */
export function actionsOf(tool: string, entry: AskedTool): readonly (string | undefined)[] {
  const listed = entry.list === undefined ? undefined : told(tool, "list", entry.list);
  return [...new Set([actionOf(tool, entry), ...(listed === undefined ? [] : [listed])])];
}

/** The action of an entry; undefined where it follows from a tool's name which the map does not have. */
export function actionOf(tool: string, { action }: AskedTool): string | undefined {
  return told(tool, "action", action);
}

function told(tool: string, name: "action" | "list", of: string | ((tool: string) => unknown)): string | undefined {
  if (typeof of === "string") return of;
  return tool === "*" ? undefined : actionBy(of, tool, name);
}

/** What a function of the tool map says: the action, or what has it. @throws {HopwiseError} `config_invalid` for none */
function actionBy(tell: (tool: string) => unknown, tool: string, name: "action" | "list"): string {
  let cause: unknown;
  try {
    const given = tell(tool);
    const action: unknown = name === "list" ? Object(given).action : given;
    if (typeof action === "string" && action !== "") return action;
  } catch (fault) {
    cause = fault;
  }
  throw new HopwiseError("config_invalid", `lintPolicies: tools.${tool}.${name} is a function that gave no action`, {
    pointer: `/tools/${tool}/${name}`,
    cause,
  });
}
