import { type Authorizer, type DelegationSource, HopwiseError, type Session } from "@hopwise/core";
import { currentDelegation, isToolGranted, settleInTime } from "@hopwise/core/adapter";
import {
  AUTHORIZER,
  choice,
  DELEGATION_SOURCE,
  func,
  mapOf,
  maybe,
  optionsOf,
  readerOf,
  such,
} from "@hopwise/core/options";
import { executeOf, guardedExecute, type Point } from "./guarded-execute.ts";
import { guardedTool } from "./guarded-tool.ts";
import { type Binding, bindingOf, isDeciding, noteDeciding } from "./own-execute.ts";
import { type AnyTool, callbacksOf, memberOf, type ReadTool, readTool } from "./read-tool.ts";
import { refuseStricter } from "./refuse-stricter.ts";
import { type SentInputs, sentInputs } from "./sent-inputs.ts";
import { type LoopCall, type NameApproval, waitingCalls } from "./waiting-calls.ts";
import { watchSchema } from "./watch-schema.ts";

/**
 * When the functions of a tool may run that a loop calls with the model's input before it calls `execute`:
 *
 * - `after-the-decision`: `onInputStart` and `onInputAvailable` run right before `execute`, with the arguments that were
 *   checked. A tool with `onInputDelta`, or with a function as `needsApproval`, is refused; so is a tool of an MCP client
 *   with any of them, because its server decides later.
 * - `dangerously-before-the-decision`: the loop calls them as it would without a guard, also where the call is denied.
 */
export type Callbacks = "after-the-decision" | "dangerously-before-the-decision";

export interface AuthorizeToolsOptions {
  readonly authorizer: Authorizer;
  /**
   * On whose behalf the agent loop runs: a delegation, or a function that keeps one alive (`renewing`). Its key must be
   * at hand: this call proves possession, once.
   */
  readonly delegation: DelegationSource;
  /** By default `after-the-decision`: nothing of a tool but its schema sees the input of a call that is denied. */
  readonly callbacks?: Callbacks;
  /**
   * Names the request of a call that waited, to be told what became of that one: a call that names none finds what waits, or
   * was approved, by itself. What waits under this tool set is named, once the model makes the same call again. Of tools of MCP
   * clients, their client's own option does.
   */
  readonly approvals?: NameApproval;
}

/**
 * No data: a copy would ask the schemas of tools for what they make when it is needed. A name that looks like another one is
 * refused where the tool is, or by the server that has it: one server's must not cost the whole set.
 */
const TOOLS = mapOf(
  such("a tool", () => true),
  "a tool set, such as { pay: tool({ … }) }",
  such("a tool's name", () => true),
);
const readTools = readerOf<{ readonly [name: string]: unknown }>("authorizeTools", TOOLS);
const readOptions = optionsOf<AuthorizeToolsOptions>("authorizeTools", {
  authorizer: AUTHORIZER,
  delegation: DELEGATION_SOURCE,
  callbacks: maybe(choice("after-the-decision", "dangerously-before-the-decision")),
  approvals: maybe(func("a function that names the request which was approved for a call")),
});

/**
 * Puts a tool set under a delegation: the model sees only tools that could be allowed, each call is decided on its
 * parsed arguments before anything of the tool but its schema runs, and the tool gets exactly those, deeply frozen. A
 * denial goes back to the model as the error of the call (`ToolDenied`), and the loop goes on; so does a call that waits for
 * people (`ToolPending`).
 *
 * A tool whose `execute` is the very function that a client of {@link createMcpClient} made is not decided here: its
 * server decides and records each call. The tool may be described anew (`{ ...tool, description }`), or come from
 * `client.toolsFromDefinitions`. A function that wraps that `execute` is an `execute` like any other: decided here first.
 *
 * The set and its tools are frozen, plain objects, of members that were read once. An object that is made of them
 * (`{ ...tools, more }`, `{ ...tools.pay, execute }`) is beyond Hopwise: call `authorizeTools` last.
 *
 * ```ts
 * const tools = await authorizeTools({ ...localTools, ...(await client.tools()) }, { authorizer, delegation });
 * const agent = new ToolLoopAgent({ model, tools });
 * ```
 *
 * @returns the same tools, without those that could never be allowed. Their type is that of `tools` all the same: with
 *   optional members the AI SDK would take no `toolsContext` any more. Use `tools.pay?.` where you reach for a single one
 * @throws {HopwiseError} where the delegation does not verify, or the policies cannot be asked; `config_invalid` for
 *   options that cannot be right, and for a
 *   tool that cannot be checked: it does not run here, would run before the decision, comes from `authorizeTools` itself, its
 *   name is not allowed, or the tool map has no entry for it
 */
export async function authorizeTools<Tools extends { readonly [name: string]: AnyTool }>(
  tools: Tools,
  options: AuthorizeToolsOptions,
): Promise<Readonly<Tools>> {
  const set = readTools(tools);
  const { authorizer, delegation, callbacks, approvals } = readOptions(options);
  const early = callbacks === "dangerously-before-the-decision";
  const session = await authorizer.openSession(delegation);
  const named = approvals && ((call: LoopCall) => settleInTime(authorizer.deadlineMs, approvals(call)));
  const point = { authorizer, session, waiting: waitingCalls(named) };
  const read = Object.keys(tools).map((name) => readTool(name, set[name]));
  for (const tool of read) refuseDecided(tool);
  const remote = new Map<ReadTool, Binding>();
  for (const tool of read) {
    const binding = remoteBinding(tool, delegation);
    if (binding === undefined) {
      // First: whoever has a tool that runs elsewhere must not be told to give it an entry in the tool map.
      executeOf(tool);
      checkMapped(tool, authorizer);
    } else {
      await refuseStricter(tool.name, { outputSchema: memberOf(tool, "outputSchema"), _meta: memberOf(tool, "_meta") });
      remote.set(tool, binding);
    }
  }
  const hidden = new Set([
    ...(await hiddenHere(
      read.filter((tool) => !remote.has(tool)),
      session,
    )),
    ...(await hiddenThere(remote, delegation)),
  ]);
  const shown = read
    .filter((tool) => !hidden.has(tool))
    .map((tool) => [tool.name, remote.has(tool) ? passedOn(tool, early) : decidedHere(tool, early, point)]);
  return Object.freeze(Object.fromEntries(shown)) as Readonly<Tools>;
}

function decidedHere(tool: ReadTool, early: boolean, point: Point): AnyTool {
  const inputs = sentInputs();
  const watched = withWatchedSchema(tool, point, inputs);
  const execute = noteDeciding(guardedExecute(watched, early ? [] : callbacksOf(tool), point, inputs));
  return guardedTool(watched, execute, early ? "kept" : "later");
}

/**
 * Arguments that the tool's own schema refuses are on record, too. Of those that it reads it is known what was sent. Before the tool
 * was offered to a model, nobody called it: then the AI SDK has the schema read a history, as a browser sent it, and a record of
 * each refusal would be of calls that nobody made, as many as a browser likes. A provider's tool is offered without its schema.
 */
function withWatchedSchema(tool: ReadTool, { session }: Point, inputs: SentInputs): ReadTool {
  const schema = tool.members.get("inputSchema");
  if (schema === undefined) return tool;
  let callable = memberOf(tool, "type") === "provider";
  const value = watchSchema(tool.name, schema.value, {
    offered: () => {
      callable = true;
    },
    refused: (input) => {
      // Nobody waits for it: the call is refused in any case.
      if (callable) session.refuse({ tool: tool.name, arguments: input }).catch(() => {});
    },
    read: inputs.note,
  });
  return { ...tool, members: new Map([...tool.members, ["inputSchema", { ...schema, value }]]) };
}

function passedOn(tool: ReadTool, early: boolean): AnyTool {
  return guardedTool(tool, memberOf(tool, "execute") as AnyTool["execute"], early ? "kept" : "refused");
}

/** Which of these tools could never be allowed. @throws {HopwiseError} where the policies cannot be asked */
async function hiddenHere(tools: readonly ReadTool[], session: Session): Promise<readonly ReadTool[]> {
  if (tools.length === 0) return [];
  const answer = await session.list(tools.map(({ name }) => ({ tool: name })));
  if (answer.outcome === "denied") throw new HopwiseError(answer.code, answer.message, answer);
  return tools.filter((_, i) => !answer.shown[i]);
}

/** Which tools of MCP clients were not handed over: cached definitions may have them all. */
async function hiddenThere(
  remote: ReadonlyMap<ReadTool, Binding>,
  delegation: DelegationSource,
): Promise<readonly ReadTool[]> {
  if (remote.size === 0) return [];
  const current = await currentDelegation(delegation);
  return [...remote].flatMap(([read, { tool, audience }]) => (isToolGranted(current, tool, audience) ? [] : [read]));
}

/**
 * The binding of a tool whose server decides its calls. It must be bound to the same delegation, or one agent would use
 * another's.
 */
function remoteBinding(tool: ReadTool, delegation: DelegationSource): Binding | undefined {
  const binding = bindingOf(memberOf(tool, "execute"));
  if (binding !== undefined && binding.delegation !== delegation) {
    throw new HopwiseError(
      "config_invalid",
      `the MCP tool "${tool.name}" is bound to another delegation than this agent's; make a client with this agent's delegation`,
    );
  }
  return binding;
}

/** Another delegation's decision round this one's would be two: both on record, both spent, both waited for. */
function refuseDecided(tool: ReadTool): void {
  if (!isDeciding(memberOf(tool, "execute"))) return;
  throw new HopwiseError(
    "config_invalid",
    `the tool "${tool.name}" comes from authorizeTools, so each call would be decided twice, under both delegations; give the tool that it was made of`,
  );
}

function checkMapped({ name }: ReadTool, authorizer: Authorizer): void {
  try {
    authorizer.checkTool(name);
  } catch (cause) {
    if (!(cause instanceof HopwiseError)) throw cause;
    // A wrapper round an MCP client's function cannot be told from any other function.
    const hint = "its execute is not one that a client of createMcpClient made, so its calls are decided here";
    throw new HopwiseError(cause.code, `${cause.message} (${hint})`, { cause });
  }
}
