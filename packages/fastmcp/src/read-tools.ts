import {
  atLeast,
  atOnce,
  func,
  list,
  maybe,
  number,
  type Rows,
  readerOf,
  reading,
  type Shape,
  such,
  text,
} from "@hopwise/core/options";
import type { AnyTool } from "./wrap-tool.ts";

const SCHEMA = such("a Standard Schema, such as z.object({ … })", (value) => {
  const { validate } = Object(Object(value)["~standard"]) as { readonly validate?: unknown };
  return typeof validate === "function";
});

/** What a guard relies on, and what FastMCP would take in silence. Its own other members are FastMCP's to judge. */
type Members = Pick<AnyTool, "name" | "execute" | "parameters" | "outputSchema" | "canAccess" | "timeoutMs">;

const ROWS: Rows<Members> = {
  name: text("a tool's name, such as send_payment"),
  execute: func("the function that the tool runs"),
  parameters: maybe(SCHEMA),
  outputSchema: maybe(SCHEMA),
  // FastMCP does not wait for its answer: a promise would let everybody in.
  canAccess: maybe(atOnce("a function that tells who may see the tool")),
  timeoutMs: maybe(number({ min: 1, max: 86_400_000, example: 30_000 })),
};
const NAMES = Object.keys(ROWS) as readonly (keyof Members)[];
const WHAT = "a tool, such as { name, parameters, execute }";
const TOOL: Shape = atLeast<Members>(ROWS, WHAT);
const ANY = such(WHAT, () => true);

/**
 * Checks a tool before a server gets it.
 *
 * @returns the same tool, whose members were read once: what a getter says later changes nothing
 * @throws {HopwiseError} `config_invalid` for what can be no tool
 */
export function readTool(tool: AnyTool): AnyTool {
  const own = membersOf("addTool", [], tool);
  readerOf("addTool", TOOL)(own);
  return over(tool, own);
}

/** Checks tools before a server gets them. @throws {HopwiseError} `config_invalid` for what can be no tool */
export function readTools(called: string, tools: readonly AnyTool[]): readonly AnyTool[] {
  const given = readerOf<readonly AnyTool[]>(called, list(ANY, "a list of tools"))(tools);
  const own = given.map((tool, i) => membersOf(called, [i], tool));
  readerOf(called, list(TOOL, "a list of tools"))(own);
  return given.map((tool, i) => over(tool, own[i] as Members));
}

function membersOf(called: string, place: readonly number[], tool: AnyTool): Members {
  return reading(called, place, WHAT, tool, (given) => {
    const read = NAMES.map((name) => [name, given[name]] as const).filter(([, value]) => value !== undefined);
    return Object.fromEntries(read) as unknown as Members;
  });
}

/** Over the tool itself: it may be frozen, and have its members from a class, on which its functions then run. */
function over(tool: AnyTool, own: Members): AnyTool {
  const { execute, canAccess } = own;
  const members: Partial<Members> = {
    ...own,
    execute: (args, context) => execute.call(tool, args, context),
    ...(canAccess && { canAccess: (auth) => canAccess.call(tool, auth) }),
  };
  const once = NAMES.map((name) => [name, { value: members[name], enumerable: members[name] !== undefined }]);
  return Object.create(tool, Object.fromEntries(once));
}
