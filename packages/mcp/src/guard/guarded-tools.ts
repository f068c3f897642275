import { AsyncLocalStorage } from "node:async_hooks";
import { atLeast, func, having, maybe, readerOf, type Shape, such, text } from "@hopwise/core/options";
import { OPERATIONS, type ToolDenial } from "../protocol/index.ts";
import { askingFirst, type RequestScope, type TellSchemas } from "./decide-tool.ts";
import { createServerLists, type ServerLists } from "./server-lists.ts";
import { createTurns, type Turns } from "./turns.ts";
import { asDecided } from "./wrap-prompt.ts";

/**
 * The tools of one server that ask before they run. A guard hands over the calls of these tools and of no others: a name
 * gets in here only by `wrap`, so that no tool runs whose function does not ask.
 */
export interface GuardedTools {
  /**
   * The same function, which asks before each run, and runs with exactly the arguments that were decided. Give it to the
   * server in the place of `run`. A call that is not allowed gets a denial as its result.
   *
   * @param announced gives the schemas that the server lists of the tool, which is then not asked for its list
   */
  wrap<Args, More extends readonly unknown[], Result>(
    name: string,
    run: (args: Args, ...more: More) => Result | Promise<Result>,
    announced?: TellSchemas,
  ): (args: Args, ...more: More) => Promise<Result | ToolDenial>;
  /**
   * The same function of a prompt, which runs only with arguments that were decided: those that were sent. Where the prompt's own
   * schema put one in, or changed one, it does not run. A prompt whose schema only checks needs none.
   */
  wrapPrompt<Args, More extends readonly unknown[], Result>(
    name: string,
    run: (args: Args, ...more: More) => Result | Promise<Result>,
  ): (args: Args, ...more: More) => Promise<Result>;
  has(name: string): boolean;
  /** Closes a name under which the server ran a function that did not ask, until the names are forgotten. */
  distrust(name: string): void;
  /** Forgets all names, before the server gets its tools anew. */
  clear(): void;
  readonly size: number;
  /** Lets the calls of a name in one by one, until its function has asked. */
  readonly turns: Turns;
  /** What the server lists of its tools, where a guard had to ask. */
  readonly lists: ServerLists;
  /** Joins what the transport sees of a request with what the tool sees: its parsed arguments. */
  readonly scope: AsyncLocalStorage<RequestScope>;
}

const SCOPE = having("an AsyncLocalStorage", "getStore", "run");
const WHAT = "createGuardedTools(), whose wrap was given each tool of the server";
const method = func(WHAT);
const MEMBERS = atLeast<GuardedTools>(
  {
    wrap: method,
    wrapPrompt: method,
    has: method,
    distrust: method,
    clear: method,
    size: such(WHAT, Number.isInteger),
    turns: having(WHAT, ...(["take", "forget"] satisfies (keyof Turns)[])),
    lists: having(WHAT, ...(["get", "note", "forget"] satisfies (keyof ServerLists)[])),
    scope: SCOPE,
  },
  WHAT,
);

/** All of its members: a guard uses each of them at some call. It stays the object that it is, since its size grows. */
export const GUARDED_TOOLS: Shape = such(WHAT, (value) => MEMBERS.safeParse(value).success);

const readScope = readerOf<AsyncLocalStorage<RequestScope>>("createGuardedTools", SCOPE);
const readName = readerOf<string>(
  "wrap",
  text("a tool's own name, such as send_payment, and no operation of MCP", (name) => !name.startsWith(OPERATIONS)),
);
const readDistrusted = readerOf<string>("distrust", text("a tool's name, such as send_payment"));
const readRun = readerOf<unknown>("wrap", func("the function that the tool runs"));
const readPrompt = readerOf<string>("wrapPrompt", text("a prompt's own name, such as summary"));
const readPromptRun = readerOf<unknown>("wrapPrompt", func("the function that makes the prompt"));
const readAnnounced = readerOf<unknown>(
  "wrap",
  maybe(func("a function that gives the listed schemas, { inputSchema, outputSchema }")),
);

/**
 * @param scope one for all sessions of a server, where they have tools of their own
 * @throws {HopwiseError} `config_invalid`, also from `wrap` and `wrapPrompt`
 */
export function createGuardedTools(
  scope: AsyncLocalStorage<RequestScope> = new AsyncLocalStorage<RequestScope>(),
): GuardedTools {
  readScope(scope);
  const names = new Set<string>();
  const distrusted = new Set<string>();
  const turns = createTurns();
  const lists = createServerLists();
  return {
    wrap: (name, run, announced) => {
      readRun(run);
      readAnnounced(announced);
      names.add(readName(name));
      turns.forget(name);
      lists.forget(name);
      return askingFirst(scope, name, run, announced);
    },
    wrapPrompt: (name, run) => {
      readPromptRun(run);
      return asDecided(scope, readPrompt(name), run);
    },
    has: (name) => names.has(name) && !distrusted.has(name),
    distrust: (name) => void distrusted.add(readDistrusted(name)),
    clear: () => {
      names.clear();
      distrusted.clear();
      lists.forget();
    },
    get size() {
      return names.size;
    },
    turns,
    lists,
    scope,
  };
}
