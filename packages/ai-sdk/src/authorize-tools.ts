import {
  type Allowed,
  type Authorizer,
  type Decision,
  type DelegationSource,
  type Denied,
  HopwiseError,
  type Pending,
  type Session,
} from "@hopwise/core";
import { modelView } from "@hopwise/core/adapter";
import { delegationOf } from "./decided-elsewhere.ts";
import { outputSchemaOf } from "./output-schema.ts";
import { recordRefusals } from "./record-refusals.ts";
import { beginRun, type Run } from "./run.ts";

/** The part of an AI SDK tool that matters here. Structural: any version's tool fits. */
export interface AnyTool {
  readonly execute?: ((input: never, options: never) => unknown) | undefined;
  readonly inputSchema?: unknown;
  /** The provider runs it, even where it has an `execute`. */
  readonly isProviderExecuted?: boolean | undefined;
  readonly outputSchema?: unknown;
}

export interface AuthorizeToolsOptions {
  readonly authorizer: Authorizer;
  /**
   * On whose behalf the agent loop runs: a delegation, or a function that keeps one alive (`renewing`). Its key must be
   * at hand: this call proves possession, once.
   */
  readonly delegation: DelegationSource;
}

/** Shared by all copies of this package in a process. */
const MARK = Symbol.for("dev.hopwise/tool-denied");

/**
 * Thrown for a call that was not allowed. The model reads its text, so the text says no more than a model may know.
 * `instanceof` also recognises a `ToolDenied` of another copy of this package.
 */
export class ToolDenied extends Error {
  override readonly name = "ToolDenied";
  readonly code: string;
  readonly retryable: boolean;
  /** The whole decision, for the host program. */
  declare readonly decision: Denied | Pending;

  constructor(decision: Denied | Pending) {
    const refusal = decision.outcome === "denied" ? decision : ({ code: "approval_required" } as const);
    const view = modelView(refusal);
    super(`Not allowed (${view.code}). ${view.message}`);
    this.code = view.code;
    this.retryable = view.retryable;
    Object.defineProperty(this, "decision", { value: decision, enumerable: false });
    Object.defineProperty(this, MARK, { value: true });
  }

  static override [Symbol.hasInstance](value: unknown): boolean {
    return typeof value === "object" && value !== null && (value as { [MARK]?: unknown })[MARK] === true;
  }
}

/** @throws {ToolDenied} where a call was not allowed */
function allowedOf(decision: Decision): Allowed {
  switch (decision.outcome) {
    case "allowed":
      return decision;
    case "denied":
    case "pending":
      throw new ToolDenied(decision);
  }
}

/**
 * Puts a tool set under a delegation: the model sees only tools that could be allowed, each call is decided on its
 * parsed arguments, and the tool gets exactly those, deeply frozen. A denial goes back to the model as the result of
 * the call, and the loop goes on.
 *
 * Tools of {@link createMcpClient} are passed on as they are: their server decides and records them.
 *
 * ```ts
 * const tools = await authorizeTools({ ...localTools, ...(await client.tools()) }, { authorizer, delegation });
 * const agent = new ToolLoopAgent({ model, tools });
 * ```
 *
 * @returns the same tools, of the same type, without those that could never be allowed
 * @throws {HopwiseError} where the delegation does not verify, or the policies cannot be asked; `config_invalid` for a
 *   tool that cannot be checked: it does not run here, its name is not allowed, or the tool map has no entry for it
 */
export async function authorizeTools<Tools extends { readonly [name: string]: AnyTool }>(
  tools: Tools,
  { authorizer, delegation }: AuthorizeToolsOptions,
): Promise<Tools> {
  const session = await authorizer.openSession(delegation);
  const names = Object.keys(tools);
  const local = names.filter((name) => !isRemote(name, tools[name] as AnyTool, delegation));
  for (const name of local) authorizer.checkTool(name);
  const hidden = new Set(local.length === 0 ? [] : await hiddenOf(local, session));
  const isLocal = new Set(local);
  const shown = names
    .filter((name) => !hidden.has(name))
    .map(
      (name) =>
        [name, isLocal.has(name) ? guarded(name, tools[name] as AnyTool, session, authorizer) : tools[name]] as const,
    );
  return Object.fromEntries(shown) as Tools;
}

/** Which of these tools could never be allowed. @throws {HopwiseError} where the policies cannot be asked */
async function hiddenOf(names: readonly string[], session: Session): Promise<readonly string[]> {
  const answer = await session.list(names.map((tool) => ({ tool })));
  if (answer.outcome === "denied") throw new HopwiseError(answer.code, answer.message, answer);
  return names.filter((_, i) => !answer.shown[i]);
}

/**
 * Whether the tool's server decides its calls. It must be bound to the same delegation, or one agent would use
 * another's.
 */
function isRemote(name: string, tool: AnyTool, delegation: DelegationSource): boolean {
  const bound = delegationOf(tool);
  if (bound === undefined) return false;
  if (bound !== delegation) {
    throw new HopwiseError(
      "config_invalid",
      `the MCP tool "${name}" is bound to another delegation than this agent's; make a client with this agent's delegation`,
    );
  }
  return true;
}

type CallOptions = { readonly abortSignal?: AbortSignal } | undefined;

function guarded(name: string, tool: AnyTool, session: Session, authorizer: Authorizer): AnyTool {
  const { execute } = tool;
  if (execute === undefined || tool.isProviderExecuted === true) {
    throw new HopwiseError(
      "config_invalid",
      `the tool "${name}" has no execute, or is the provider's: it would run at the provider or at the client, where no call can be checked; leave it out`,
    );
  }

  let announced: ReturnType<typeof outputSchemaOf> | undefined;
  const begin = async (input: unknown, options: CallOptions): Promise<Run> => {
    announced ??= outputSchemaOf(tool);
    const outputSchema = await announced;
    const call = { tool: name, arguments: input, fulfils: true, outputSchema };
    const decision = await session.authorize(call).catch((cause: unknown) => {
      // The error of a host program's callback is for the host program: this text goes to the model and to browsers.
      throw new Error("Not allowed. The call could not be checked.", { cause });
    });
    const run = beginRun(allowedOf(decision), input, authorizer, outputSchema);
    const stop = options?.abortSignal;
    if (stop?.aborted === true) {
      // The loop was stopped during the check and no longer waits for this call.
      run.withdrawn();
      stop.throwIfAborted();
    }
    return run;
  };

  // The AI SDK looks whether the returned value itself can be iterated: only a generator keeps streaming results.
  const wrapper = isAsyncGenerator(execute)
    ? async function* (input: unknown, options: never) {
        const run = await begin(input, options);
        try {
          for await (const value of execute.call(tool, run.arguments, options) as AsyncGenerator) yield run.show(value);
          run.returned();
        } catch (cause) {
          throw run.failed(cause);
        } finally {
          run.withdrawn();
        }
      }
    : async (input: unknown, options: never) => {
        const run = await begin(input, options);
        try {
          const shown = run.show(await lastOf(await execute.call(tool, run.arguments, options)));
          run.returned();
          return shown;
        } catch (cause) {
          throw run.failed(cause);
        }
      };

  // Copied by descriptor: a spread would lose members that other code attached without making them enumerable.
  const own = { enumerable: true, configurable: true, writable: true };
  return Object.create(Object.getPrototypeOf(tool), {
    ...Object.getOwnPropertyDescriptors(tool),
    inputSchema: {
      value: recordRefusals(tool.inputSchema, (input) => session.refuse({ tool: name, arguments: input })),
      ...own,
    },
    execute: { value: wrapper, ...own },
  }) as AnyTool;
}

function isAsyncGenerator(execute: (input: never, options: never) => unknown): boolean {
  return execute.constructor.name === "AsyncGeneratorFunction";
}

/** A function that returns a stream of results: its last one is the result. */
async function lastOf(result: unknown): Promise<unknown> {
  if (typeof result !== "object" || result === null || !(Symbol.asyncIterator in result)) return result;
  let last: unknown;
  for await (const value of result as AsyncIterable<unknown>) last = value;
  return last;
}
