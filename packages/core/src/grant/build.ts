import { HopwiseError } from "../errors.ts";
import { pointerTo } from "../json/index.ts";
import { isPlainObject, mustBe, reading, wordsAt } from "../options/index.ts";
import type { Constraint, Grant, ToolGrant } from "./constraint.ts";
import { isEveryTool } from "./every-tool.ts";
import { absent } from "./kinds/absent.ts";
import { readGrant } from "./made.ts";
import { anyArguments, noArguments } from "./markers.ts";
import type { CheckedGrant, Schemas } from "./typed.ts";

/** The grant of one tool, as an author writes it: a constraint for each argument, or one of the two markers. */
export type ToolGrantInput = { readonly [argument: string]: Constraint } | typeof anyArguments | typeof noArguments;

/**
 * Builds a grant: what is handed over, tool by tool, argument by argument.
 *
 * ```ts
 * grant({
 *   read_invoice: { id: oneOf("INV-7", "INV-9") },
 *   send_payment: { to: wildcard(), amount: range({ max: 1000 }), currency: exact("EUR") },
 * })
 * ```
 *
 * For a root with several audiences use `grantFor`.
 *
 * @param schemas the tools' own schemas (zod or any Standard Schema), by name: then a wrong argument name, a missing
 *   one, or a constraint that does not fit the argument's type is a compile error
 * @throws {HopwiseError} `config_invalid` with the JSON pointer of the first mistake
 */
export function grant<
  const G extends { readonly [tool: string]: ToolGrantInput },
  S extends Schemas = Record<never, never>,
>(tools: G & CheckedGrant<G, S>, _schemas?: S): Grant {
  return reading("grant", "tools", TOOLS, tools, built);
}

const TOOLS = "tools with their arguments, such as { pay: { to: wildcard() } }";

function built(tools: { readonly [tool: string]: ToolGrantInput }): Grant {
  // Of a Map, or of what inherits its members, an empty grant would be made, and nobody would be told.
  if (!isPlainObject(tools)) mustBe("grant", "tools", TOOLS, tools);
  const whole = Object.keys(tools).find((tool) => tool === "*" || isEveryTool(tool));
  if (whole !== undefined) {
    const why = "every tool is handed over by everyTool(), which is a grant by itself and names no other";
    refuse(`grant: "${whole}" is no tool; ${why}`, pointerTo("", whole));
  }
  const written = Object.entries<ToolGrantInput>(tools).map(([tool, input]) => [
    tool,
    input === anyArguments ? {} : constraintsOf(tool, input),
  ]);
  const qualified = written.filter(([tool]) => String(tool).includes("#")).length;
  if (qualified !== 0 && qualified !== written.length) {
    refuse(
      "the grant has bare tools beside some of an audience (<audience>#<tool>); a chain has the ones or the others, see grantFor",
    );
  }
  return readGrant(Object.fromEntries(written));
}

function constraintsOf(tool: string, input: Exclude<ToolGrantInput, typeof anyArguments>): ToolGrant {
  if (input === noArguments) return { "": absent() };
  const pointer = pointerTo("", tool);
  if (!isPlainObject(input)) {
    return broken(pointer, "constraints by argument are expected, anyArguments or noArguments", input);
  }
  if (Object.keys(input).length === 0) {
    refuse(`the grant of "${tool}" names no argument; say anyArguments or noArguments, whichever is meant`, pointer);
  }
  const bare = Object.entries(input).find(([, constraint]) => typeof constraint !== "object");
  if (bare === undefined) return input;
  return broken(pointerTo(pointer, bare[0]), "a constraint is expected, such as exact(…) or wildcard()", bare[1]);
}

function broken(pointer: string, expected: string, given: unknown): never {
  refuse(`the grant is broken at "${pointer}": ${expected}; got ${wordsAt(given, [])}`, pointer);
}

function refuse(message: string, pointer?: string): never {
  throw new HopwiseError("config_invalid", message, { pointer });
}
