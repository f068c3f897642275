import { HopwiseError } from "../../errors.ts";
import { type CheckedGrant, type Grant, grant, type Schemas, type ToolGrantInput } from "../../grant/index.ts";
import { pointerTo } from "../../json/index.ts";
import { isPlainObject, mustBe, reading } from "../../options/index.ts";
import { isAudience, operationProblem } from "../keys/index.ts";

/** The grants for several enforcement points: for each, by its audience, the input of `grant`. */
export interface GrantsByAudience {
  readonly [audience: string]: { readonly [tool: string]: ToolGrantInput };
}

/**
 * Builds a grant for a chain whose root has several audiences: there a tool is known as `<audience>#<tool>`, since two
 * servers may have tools of one name. A root with one audience takes {@link grant}, with bare names. Tokens below a
 * root with several audiences keep the qualified names, even those for one audience only.
 *
 * ```ts
 * grantFor({
 *   [payServer]: { send_payment: { to: wildcard(), amount: range({ max: 1000 }) } },
 *   [mailServer]: { send_mail: { to: suffix("@acme.example"), text: length(2000) } },
 * })
 * ```
 *
 * @param schemas the tools' own schemas, by audience and name, for the compiler to check; see {@link grant}. It tells
 *   audiences apart where they are constants (`const payServer = "https://…"`).
 * @throws {HopwiseError} `config_invalid` with the JSON pointer of the first mistake
 */
export function grantFor<
  const G extends GrantsByAudience,
  S extends { readonly [audience: string]: Schemas } = Record<never, never>,
>(
  audiences: G & {
    readonly [A in keyof G]: CheckedGrant<G[A], A extends keyof S ? S[A] : Record<never, never>>;
  },
  _schemas?: S,
): Grant {
  return reading("grantFor", "audiences", AUDIENCES, audiences, qualified);
}

const AUDIENCES = "tools by audience, such as { [payServer]: { … } }";
const TOOLS = "tools with their arguments, such as { pay: { to: wildcard() } }";

function qualified(audiences: GrantsByAudience): Grant {
  if (!isPlainObject(audiences)) mustBe("grantFor", "audiences", AUDIENCES, audiences);
  const qualified: Record<string, ToolGrantInput> = {};
  for (const [audience, tools] of Object.entries<GrantsByAudience[string]>(audiences)) {
    const at = pointerTo("", audience);
    if (!isAudience(audience) || audience.startsWith("mcp:")) {
      refuse(at, "grantFor takes tools by audience, an absolute URI without a fragment; bare tools are for grant");
    }
    if (!isPlainObject(tools)) mustBe("grantFor", [audience], TOOLS, tools);
    const names = Object.keys(tools);
    if (names.length === 0) refuse(at, "an audience without a tool: leave it out");
    for (const name of names) {
      const problem = operationProblem(name);
      if (problem !== undefined) refuse(pointerTo(at, name), `under an audience, a tool has its own name: ${problem}`);
      qualified[`${audience}#${name}`] = tools[name] as ToolGrantInput;
    }
  }
  return grant(qualified);
}

function refuse(pointer: string, problem: string): never {
  throw new HopwiseError("config_invalid", `the grant is not right at "${pointer}": ${problem}`, { pointer });
}
