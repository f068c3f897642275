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

/** An action that an entry asks about. */
export interface AskedAction {
  /** Undefined where it follows from the name of a tool which the map does not have. */
  readonly action: string | undefined;
  /** The same, or with `**` in the place of such a name; `*` where nothing can be told. */
  readonly pattern: string;
}

/** The actions of an entry. */
export function actionsOf(tool: string, { action, list }: AskedTool): readonly AskedAction[] {
  const actions = [asked(tool, "action", action), ...(list === undefined ? [] : [asked(tool, "list", list)])];
  return [...new Map(actions.map((it) => [it.pattern, it])).values()];
}

/** The listing action of an entry, and the attributes that it is asked about with: few entries have any. */
export function listingOf(
  tool: string,
  { list }: AskedTool,
): (AskedAction & { readonly attributes: ReadonlySet<string> }) | undefined {
  if (list === undefined) return undefined;
  return { ...asked(tool, "list", list), attributes: new Set(Object.keys(Object(attributesBy(list, tool)))) };
}

function attributesBy(list: NonNullable<AskedTool["list"]>, tool: string): unknown {
  try {
    return typeof list === "string" ? undefined : Object(list(tool)).attributes;
  } catch {
    return undefined;
  }
}

/** The action of an entry; undefined where it follows from a tool's name which the map does not have. */
export function actionOf(tool: string, { action }: AskedTool): string | undefined {
  return asked(tool, "action", action).action;
}

function asked(tool: string, name: "action" | "list", of: string | ((tool: string) => unknown)): AskedAction {
  if (typeof of !== "string" && tool === "*") return { action: undefined, pattern: patternBy(of, name) };
  const action = typeof of === "string" ? of : actionBy(of, tool, name);
  return { action, pattern: action };
}

/** What a function of the tool map says of the tools that the map does not name: asked about one that nobody has. */
function patternBy(tell: (tool: string) => unknown, name: "action" | "list"): string {
  const tool = "a-tool-that-nobody-has";
  try {
    const action = actionBy(tell, tool, name);
    return action.includes(tool) ? action.replaceAll(tool, "**") : "*";
  } catch {
    return "*";
  }
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
