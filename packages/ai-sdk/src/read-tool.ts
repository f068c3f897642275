import { HopwiseError } from "@hopwise/core";
import type { Tool } from "ai";

/** The part of an AI SDK tool that matters here. Structural: any version's tool fits. */
export interface AnyTool {
  readonly execute?: ((input: never, options: never) => unknown) | undefined;
  /** The provider runs it, even where it has an `execute`. */
  readonly isProviderExecuted?: boolean | undefined;
}

/** A member of a tool, as it was read once. */
export interface Member {
  readonly value: unknown;
  readonly enumerable: boolean;
}

/** A tool whose members were read, once: what a getter or a proxy says later changes nothing. */
export interface ReadTool {
  readonly name: string;
  /** The tool itself, for its functions to run on as their `this`; it is not read again. */
  readonly tool: object;
  readonly members: ReadonlyMap<PropertyKey, Member>;
}

/**
 * When a tool's own code may run:
 *
 * - `kept`: data, and schemas, of which the law says that they read first
 * - `told`: where it is a function, it sees no call's input before the decision: it describes the tool, or a result. One that
 *   stands in a message history may be made up, and so may its call: the AI SDK describes it all the same, and nothing runs by that
 * - `decided`: runs once its call was allowed, with the arguments that were checked
 * - `after`: the loop calls it with the model's input; runs right before `execute` instead
 * - `early`: the same, and would be useless later
 */
export type Treatment = "kept" | "told" | "decided" | "after" | "early";

type NameOf<AnyKind> = AnyKind extends unknown ? keyof AnyKind : never;

/** Every member that a tool of the AI SDK has. One that a later version adds does not compile before it has its row. */
const TREATMENTS: { readonly [Name in NameOf<Tool>]: Treatment } = {
  execute: "decided",
  onInputStart: "after",
  onInputAvailable: "after",
  onInputDelta: "early",
  needsApproval: "early",
  description: "told",
  toModelOutput: "told",
  type: "kept",
  id: "kept",
  args: "kept",
  isProviderExecuted: "kept",
  supportsDeferredResults: "kept",
  title: "kept",
  metadata: "kept",
  providerOptions: "kept",
  inputSchema: "kept",
  inputExamples: "kept",
  strict: "kept",
  contextSchema: "kept",
  outputSchema: "kept",
  deferLoading: "kept",
};

/** What a member was when it was read. */
export function memberOf({ members }: ReadTool, name: keyof typeof TREATMENTS | "_meta"): unknown {
  return members.get(name)?.value;
}

/** How a member is dealt with; undefined for one that is not the AI SDK's. */
export function treatmentOf(key: PropertyKey): Treatment | undefined {
  return Object.hasOwn(TREATMENTS, key) ? TREATMENTS[key as keyof typeof TREATMENTS] : undefined;
}

/** A function that the loop would call with the model's input; it gets what `execute` gets, and the input beside it. */
export type Callback = (this: object, options: object) => unknown;

/** The functions that run right before `execute`, in the order in which the loop would have called them. */
export function callbacksOf({ members }: ReadTool): readonly Callback[] {
  return Object.keys(TREATMENTS)
    .filter((key) => treatmentOf(key) === "after")
    .map((key) => members.get(key)?.value)
    .filter((value) => typeof value === "function") as Callback[];
}

/** @throws {HopwiseError} `config_invalid` for what is no tool, or none that could be decided */
export function readTool(name: string, tool: unknown): ReadTool {
  if (typeof tool !== "object" || tool === null) {
    throw new HopwiseError("config_invalid", `the tool "${name}" is no object; make it with the AI SDK's tool()`);
  }
  const read = { name, tool, members: membersOf(name, tool) };
  refuseReplaced(read);
  return read;
}

/** Known ones are asked for by name: they may be inherited, or a proxy's. */
function membersOf(name: string, tool: object): ReadonlyMap<PropertyKey, Member> {
  const members = new Map<PropertyKey, Member>();
  try {
    for (const key of new Set([...Reflect.ownKeys(tool), ...Object.keys(TREATMENTS)])) {
      const value: unknown = Reflect.get(tool, key);
      const known = treatmentOf(key) !== undefined;
      // A function that nobody knows might be called at any time; it stays with the tool.
      if (value === undefined || (!known && typeof value === "function")) continue;
      members.set(key, { value, enumerable: known || Object.prototype.propertyIsEnumerable.call(tool, key) });
    }
  } catch (cause) {
    throw new HopwiseError("config_invalid", `the tool "${name}" cannot be read: a getter of it fails`, { cause });
  }
  return members;
}

const TOOL_SEARCH = Symbol.for("vercel.ai.toolSearch");

/** The AI SDK puts a tool of its own in the place of some: nobody would decide the calls of that one. */
function refuseReplaced({ name, members }: ReadTool): void {
  const caller = members.get("experimental_toolCaller")?.value as { readonly type?: unknown } | undefined;
  if (members.has(TOOL_SEARCH) || (caller !== undefined && caller.type !== "provider")) {
    throw new HopwiseError(
      "config_invalid",
      `the AI SDK runs another tool in the place of "${name}" (a tool search, or a local tool caller), whose calls could not be decided; leave it out here and, if it may run undecided, add it to the set that authorizeTools gives`,
    );
  }
}
