import type { Allowed, Authorizer, Call, Decision, Denied, Pending } from "@hopwise/core";
import type { Admission, Listing } from "@hopwise/core/adapter";
import type { Outcome } from "@hopwise/core/audit";
import type { JsonRpcMessage, JsonRpcRequest, McpTransport, MessageExtra, SendOptions } from "../protocol/index.ts";
import type { RequestScope } from "./decide-tool.ts";
import { createGuard, type Guard, type GuardOptions } from "./guard.ts";
import { createGuardedTools, type GuardedTools } from "./guarded-tools.ts";
import { receive } from "./receive.ts";

/** A transport that keeps each message that is sent, and each fault that its host hears of. */
export interface Wire {
  readonly inner: McpTransport;
  readonly sent: { readonly message: JsonRpcMessage; readonly options: SendOptions | undefined }[];
  readonly faults: Error[];
}

export function createWire(): Wire {
  const sent: Wire["sent"] = [];
  const faults: Error[] = [];
  const inner: McpTransport = {
    start: async () => {},
    close: async () => {},
    send: async (message, options) => void sent.push({ message, options }),
    onerror: (error) => void faults.push(error),
  };
  return { inner, sent, faults };
}

export function allowed(changed: Partial<Allowed> = {}): Allowed {
  const decision = { outcome: "allowed", invocation: "one", tool: "pay", arguments: { to: "ACME" }, ...changed };
  return decision as unknown as Allowed;
}

export function denied(code: string = "policy_denied"): Denied {
  return { outcome: "denied", invocation: "one", tool: "pay", code, message: "why", hop: 0 } as unknown as Denied;
}

/** A call that waits until 2027. */
export const PENDING: Pending = {
  outcome: "pending",
  invocation: "one",
  tool: "pay",
  approval: { request: "AAAAAAAAAAAAAAAAAAAAAA", reason: "large", approvers: 1, untilSeconds: 1_800_000_000 },
} as unknown as Pending;

/** The answers of an authorizer; where one is left out, it allows. */
export interface Answers {
  readonly admit?: (call: Call) => Promise<Denied>;
  readonly decide?: () => Promise<Decision>;
  readonly list?: () => Promise<Listing | Denied>;
  readonly refuse?: () => Promise<Denied>;
}

/** An authorizer by hand, and what it was asked, in order. */
export function createFakeAuthorizer(answers: Answers = {}): {
  readonly authorizer: Authorizer;
  readonly asked: (readonly [string, ...unknown[]])[];
  readonly outcomes: Outcome[];
} {
  const asked: [string, ...unknown[]][] = [];
  const outcomes: Outcome[] = [];
  const refuse =
    (name: string) =>
    async (...args: unknown[]): Promise<Denied> => {
      asked.push([name, ...args]);
      const { code } = args.at(-1) as { code: string };
      return answers.refuse?.() ?? denied(code);
    };
  const admission = {
    outcome: "admitted",
    invocation: "one",
    arguments: { to: "ACME" },
    decide: async (call: unknown) => {
      asked.push(["decide", call]);
      return answers.decide?.() ?? allowed();
    },
    list: async (items: readonly unknown[]) => {
      asked.push(["list", items]);
      return answers.list?.() ?? { outcome: "listed", shown: items.map(() => true) };
    },
    refuse: refuse("admission.refuse"),
  } as unknown as Admission;
  const neverAsked = (): Promise<never> => Promise.reject(new Error("no guard asks this"));
  const authorizer = {
    audience: ["https://pay.example/mcp"],
    checkTool: () => {},
    hasEntry: neverAsked,
    authorize: neverAsked,
    openSession: neverAsked,
    admit: async (call: Call) => {
      asked.push(["admit", call]);
      return answers.admit?.(call) ?? admission;
    },
    refuse: refuse("refuse"),
    deadlineMs: 5,
    report: async (_: Allowed, outcome: Outcome) => void outcomes.push(outcome),
  } as unknown as Authorizer;
  return { authorizer, asked, outcomes };
}

/** The request of a call that was admitted, as a tool's wrapper finds it. */
export function requestScope(changed: Partial<RequestScope>): RequestScope {
  return {
    id: 1,
    tool: "pay",
    uri: undefined,
    prompt: undefined,
    decide: async () => allowed(),
    page: () => undefined,
    strayed: () => {},
    begins: () => true,
    ran: { returned: false },
    ...changed,
  };
}

/** Tools that were wrapped, though nobody ever runs them. Their server, which is none, is not asked what it lists. */
export function toolsNamed(...names: readonly string[]): GuardedTools {
  const tools = createGuardedTools();
  for (const name of names) tools.wrap(name, () => undefined);
  tools.lists.note(new Map(names.map((name) => [name, {}])));
  return tools;
}

/** The guard of one transport, and what its server's handler got. */
export interface Stand extends Wire {
  readonly guard: Guard;
  readonly handled: JsonRpcMessage[];
  readonly asked: (readonly [string, ...unknown[]])[];
  readonly outcomes: Outcome[];
}

export function createStand(answers: Answers = {}, options: Partial<GuardOptions> = {}): Stand {
  const wire = createWire();
  const { authorizer, asked, outcomes } = createFakeAuthorizer(answers);
  const guard = createGuard(wire.inner, { authorizer, tools: toolsNamed("pay"), ...options });
  const handled: JsonRpcMessage[] = [];
  guard.handler = (message) => void handled.push(message);
  return { ...wire, guard, handled, asked, outcomes };
}

export function request(
  id: string | number,
  method: string,
  params?: { readonly [key: string]: unknown },
): JsonRpcRequest {
  return { jsonrpc: "2.0", id, method, ...(params !== undefined && { params }) };
}

export const CALL: { readonly name: string; readonly arguments: object } = { name: "pay", arguments: { to: "ACME" } };

/** The meta data of a request that carries a chain, a proof and a trace, beside what MCP puts there. */
export const META: { readonly [name: string]: unknown } = {
  "dev.hopwise/chain": "c",
  "dev.hopwise/proof": "p",
  traceparent: "00-1",
  progressToken: 1,
};

/** A tool call with a chain and a proof. */
export function pay(id: string | number = "own"): JsonRpcRequest {
  return request(id, "tools/call", { ...CALL, _meta: META });
}

/** The guard after it took this request in. */
export async function received(
  message: JsonRpcRequest,
  answers: Answers = {},
  options: Partial<GuardOptions> = {},
  extra?: MessageExtra,
): Promise<Stand> {
  const stand = createStand(answers, options);
  receive(stand.guard, message, extra);
  await settled();
  return stand;
}

/** The call that the authorizer was asked to admit. */
export function admitAsked({ asked }: Stand): unknown {
  return asked.find(([what]) => what === "admit")?.[1];
}

/** The codes of the refusals among the messages that were sent. */
export function codesIn({ sent }: Pick<Wire, "sent">): readonly string[] {
  return Array.from(
    JSON.stringify(sent).matchAll(/(?:Not allowed|Waits for a person) \((\w+)\)\./g),
    ([, code = ""]) => code,
  );
}

/** What is under way has come to its end, or waits for something else than the loop. */
export async function settled(): Promise<void> {
  for (let turns = 0; turns < 5; turns++) await new Promise((resolve) => setImmediate(resolve));
}
