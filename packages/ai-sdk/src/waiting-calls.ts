import { HopwiseError } from "@hopwise/core";
import { canonicalJson, type JsonValue } from "@hopwise/core/adapter";

/** A call as a loop makes it: its tool, and the arguments as the model sent them. */
export interface LoopCall {
  readonly tool: string;
  readonly arguments: unknown;
}

/**
 * Names the request of a call that waited in another process, or in a tool set that is gone: its id. What waited in this one
 * is named by itself.
 */
export type NameApproval = (call: LoopCall) => string | undefined | Promise<string | undefined>;

/**
 * The calls of one tool set that wait for people. It names their requests, so that a loop is told a *no* and does not ask
 * again. A model cannot be relied on to repeat an id, so the same call is recognised by its tool and arguments. What is remembered here opens nothing: the enforcement point believes the name of
 * a request, and nothing else.
 */
export interface WaitingCalls {
  /**
   * The request to name with a call: what the host program says now, or else what is remembered.
   *
   * @throws {HopwiseError} `config_invalid` where the host says what can be no name
   */
  named(call: LoopCall): Promise<string | undefined>;
  waits(call: LoopCall, request: string): void;
  /** Its approval was used: the next same call asks anew. */
  used(call: LoopCall): void;
  /** What was named with it was not taken for a name: it is not remembered. */
  misnamed(call: LoopCall): void;
}

/** A loop that asks for ever must not make this grow. */
const MOST = 1000;

export function waitingCalls(approvals?: NameApproval): WaitingCalls {
  const requests = new Map<string, string>();
  const spent = new Set<string>();
  return {
    named: async (call) => {
      // Arguments are read once, by the decision, where nothing waits.
      if (requests.size === 0 && approvals === undefined) return undefined;
      const key = keyOf(call);
      const said: unknown = await approvals?.(call);
      if (said !== undefined && typeof said !== "string") {
        throw new HopwiseError("config_invalid", "approvals must give the id of a request, a text, or undefined");
      }
      const request = said === undefined || spent.has(said) ? requests.get(key) : said;
      if (request !== undefined) remember(requests, key, request);
      return request;
    },
    waits: (call, request) => remember(requests, keyOf(call), request),
    used: (call) => {
      if (requests.size === 0) return;
      const key = keyOf(call);
      const request = requests.get(key);
      if (request === undefined) return;
      requests.delete(key);
      spent.add(request);
      if (spent.size > MOST) spent.delete(spent.values().next().value as string);
    },
    misnamed: (call) => void (requests.size > 0 && requests.delete(keyOf(call))),
  };
}

function remember(requests: Map<string, string>, key: string, request: string): void {
  requests.delete(key);
  requests.set(key, request);
  if (requests.size > MOST) requests.delete(requests.keys().next().value as string);
}

/** Models order members as they like. What is no plain JSON is taken as JSON.stringify writes it. */
function keyOf({ tool, arguments: args }: LoopCall): string {
  try {
    return canonicalJson(JSON.parse(JSON.stringify([tool, args])) as JsonValue);
  } catch {
    // What is no JSON is refused, and waits for nobody.
    return JSON.stringify([tool]);
  }
}
