import { HopwiseError } from "@hopwise/core";
import { atLeast, atOnce, either, flag, list, maybe, type Shape, text } from "@hopwise/core/options";
import { type FiledRule, filedRules } from "./filed-rules.ts";
import { overlap } from "./policy-fields.ts";
import type { SourceDocument } from "./policy-source.ts";

/** What the entry of a tool map asks policies about. Whole entries of an authorizer's map fit. */
export interface AskedTool {
  readonly kind: string;
  readonly action: string | ((tool: string) => string);
  readonly list?: string | ((tool: string) => { readonly action: string });
  readonly filter?: AskedFilter;
  readonly argumentsAs?: string;
  readonly attributesSchema?: { readonly required?: unknown };
}

/** What a tool map says of a filter, as far as policies have to bear it out. */
export interface AskedFilter {
  /** Whether rows are shown by the plans alone, and not checked again. */
  readonly plansSuffice?: boolean;
  /** Attributes without which no row is shown. Default: those that the entry's `attributesSchema` requires. */
  readonly required?: readonly string[];
}

const ACTION = text("a Cerbos action, such as read");

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
    argumentsAs: maybe(text("the attribute that holds the arguments")),
    attributesSchema: maybe(atLeast<object>({}, 'a JSON Schema, such as { type: "object", required: [] }')),
  },
  "the entry of a tool, such as { kind, action }",
);

/** What policies are asked about the handing over; the authorizer's option of the same name fits. */
export type AskedDelegation = { readonly kind: string; readonly action: string } | "grants-only";

/** What policies are asked about without any of them saying a word on it: each such question ends in a denial. */
export interface Unnamed {
  /** Such as `the tool "pay"`. */
  readonly asker: string;
  readonly kind: string;
  /** Undefined where no policy is for the kind at all. */
  readonly action: string | undefined;
}

/** Kinds and actions of a tool map, and of the handing over, that no resource or principal policy names. */
export function unnamedInPolicies(
  documents: readonly SourceDocument[],
  tools: { readonly [tool: string]: AskedTool },
  delegation: AskedDelegation,
): readonly Unnamed[] {
  // Role policies only narrow: what they name is not allowed by it.
  const rules = filedRules(documents).filter(({ policy }) => policy !== "role");
  const questions = Object.entries(tools).flatMap(([tool, entry]) =>
    questionsOf(tool, entry).map((action) => ({ asker: `the tool map's "${tool}"`, kind: entry.kind, action })),
  );
  const handingOver = delegation === "grants-only" ? [] : [{ ...delegation, asker: "the handing over" }];
  return [...questions, ...handingOver].flatMap(({ asker, kind, action }): readonly Unnamed[] => {
    const about = rules.filter(({ resource }) => overlap(resource, kind));
    if (about.length === 0) return [{ asker, kind, action: undefined }];
    return action === undefined || names(about, action) ? [] : [{ asker, kind, action }];
  });
}

function names(rules: readonly FiledRule[], action: string): boolean {
  return rules.some(({ actions }) => actions.some((it) => overlap(it, action)));
}

/** The actions of an entry; undefined for one that follows from a tool's name which the map does not have. */
function questionsOf(tool: string, entry: AskedTool): readonly (string | undefined)[] {
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
