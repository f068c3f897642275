import type { AsyncLocalStorage } from "node:async_hooks";
import type { Admission, Authorizer, Denied, JsonObject, Subject } from "@hopwise/core";
import { credentialIn, withoutCredential } from "./credential.ts";
import { errorDenial, refused, toolDenial } from "./denial.ts";
import {
  headersOf,
  isRequest,
  type JsonRpcId,
  type JsonRpcMessage,
  type JsonRpcRequest,
  type McpTransport,
  type MessageExtra,
} from "./jsonrpc.ts";
import { type ListRule, type Operation, operationOf } from "./operation.ts";

/** The one request within which a handler runs, from the guard to the tool. */
export interface RequestScope {
  readonly requestId: JsonRpcId;
  readonly transport: McpTransport;
  /** The tool that was admitted, and its admission: the wrapper round the tool ends it in a decision. */
  readonly tool: string;
  readonly admission: Admission;
}

export interface GuardOptions {
  readonly authorizer: Authorizer;
  /** Joins what the transport sees (chain, proof, headers) with what the tool sees (its parsed arguments). */
  readonly scope: AsyncLocalStorage<RequestScope>;
  /** Whether a tool is wrapped, so that its call ends in a decision; a call of any other is refused by name. */
  readonly isWrapped: (tool: string) => boolean;
  /**
   * Opts in to users without agents: verifies the token of this very request and says whose it is; `undefined` where
   * there is none. Never asked on stdio, which has no requests.
   */
  readonly userFromAuth?:
    | ((request: { readonly headers: Headers }) => Subject | undefined | Promise<Subject | undefined>)
    | undefined;
}

/** A list that was asked for, until its result comes by. */
interface PendingList {
  readonly admission: Admission;
  readonly list: ListRule;
}

/** What a server may say outside of a request on HTTP: it reaches whoever holds the stream, so it must carry nothing. */
const CARRIES_NOTHING = /^(ping|roots\/list|notifications\/(tools|resources|prompts)\/list_changed)$/;

/**
 * Stands in front of a server's transport: the only place that sees every request. Refuses, strips chain and proof,
 * and filters lists on their way out, so that it holds for each request whatever the server caches.
 */
export function guardTransport(inner: McpTransport, options: GuardOptions): McpTransport {
  const { authorizer, scope, isWrapped, userFromAuth } = options;
  let handler: McpTransport["onmessage"];
  let overHttp = false;
  const inFlight = new Set<JsonRpcId>();
  const reads = new Set<JsonRpcId>();
  const lists = new Map<JsonRpcId, PendingList>();

  const reply = (request: JsonRpcRequest, message: JsonRpcMessage): Promise<void> =>
    inner.send(message, { relatedRequestId: request.id });

  const deny = (request: JsonRpcRequest, operation: Operation, denied: Denied): Promise<void> =>
    operation.kind === "tool" && denied.code !== "proof_missing"
      ? reply(request, { jsonrpc: "2.0", id: request.id, result: toolDenial(denied) })
      : reply(request, errorDenial(request.id, denied));

  const receive = async (
    request: JsonRpcRequest,
    operation: Operation,
    extra: MessageExtra | undefined,
  ): Promise<void> => {
    if (operation.kind === "unguarded" || operation.kind === "lifecycle") {
      return reply(
        request,
        refused(
          request.id,
          "method_unguarded",
          `This server does not guard "${request.method}" yet, so it does not serve it.`,
        ),
      );
    }
    const headers = headersOf(extra);
    const user = headers === undefined ? undefined : await userFromAuth?.({ headers });
    const credential = credentialIn(request) ?? (user && { user });
    const admission = await authorizer.admit({
      tool: operation.tool,
      ...("arguments" in operation && { arguments: operation.arguments }),
      credential,
      ...(user !== undefined && { transportUser: user }),
    });
    if (admission.outcome === "denied") return deny(request, operation, admission);

    const stripped = withoutCredential(request);
    switch (operation.kind) {
      case "list":
        lists.set(request.id, { admission, list: operation.list });
        return handler?.(stripped, extra);
      case "data": {
        const decision = await admission.decide();
        if (decision.outcome !== "allowed") return deny(request, operation, decision as Denied);
        reads.add(request.id);
        return handler?.({ ...stripped, params: { ...stripped.params, ...decision.arguments } }, extra);
      }
      case "tool": {
        if (!isWrapped(operation.tool)) {
          return reply(
            request,
            refused(
              request.id,
              "method_unguarded",
              `The tool "${operation.tool}" is not guarded: guard the server before its tools are added.`,
            ),
          );
        }
        const within: RequestScope = { requestId: request.id, transport: guarded, tool: operation.tool, admission };
        const checked = { ...stripped, params: { ...stripped.params, arguments: admission.arguments } };
        return scope.run(within, () => handler?.(checked, extra));
      }
    }
  };

  const onMessage = (message: JsonRpcMessage, extra?: MessageExtra): void => {
    if (headersOf(extra) !== undefined) overHttp = true;
    if (!isRequest(message)) {
      // Answers to the server's own questions, and notifications, which ask for nothing.
      if (message.method === undefined || message.method.startsWith("notifications/")) handler?.(message, extra);
      return;
    }
    const operation = operationOf(message);
    if (operation.kind === "lifecycle") {
      handler?.(withoutCredential(message), extra);
      return;
    }
    if (inFlight.has(message.id)) {
      void reply(message, refused(message.id, "arguments_malformed", "A request with this id is under way.")).catch(
        report,
      );
      return;
    }
    inFlight.add(message.id);
    receive(message, operation, extra).catch((error: unknown) => {
      report(error);
      inFlight.delete(message.id);
      // A fault in the guard is a denial, too: nothing was let through.
      return reply(message, {
        jsonrpc: "2.0",
        id: message.id,
        error: {
          code: 4303,
          message: "Not allowed. The call could not be checked.",
          data: { code: "context_unavailable", retryable: true },
        },
      }).catch(report);
    });
  };

  const report = (error: unknown): void => inner.onerror?.(error instanceof Error ? error : new Error(String(error)));

  const filterList = async (message: JsonRpcMessage, { admission, list }: PendingList): Promise<JsonRpcMessage> => {
    const items = message.result?.[list.member];
    const all = Array.isArray(items) ? (items as { readonly [key: string]: unknown }[]) : [];
    const answer = await admission.list(
      all.map((item) => list.offer(item) as { tool: string; arguments?: JsonObject }),
    );
    if (answer.outcome === "denied") return errorDenial(message.id as JsonRpcId, answer);
    const visible = all.filter(
      (item, i) => answer.shown[i] === true && (list.member !== "tools" || isWrapped(String(item["name"]))),
    );
    return { ...message, result: { ...message.result, [list.member]: visible } };
  };

  const sendAnswer = async (
    message: JsonRpcMessage,
    options: { relatedRequestId?: JsonRpcId } | undefined,
  ): Promise<void> => {
    const id = message.id as JsonRpcId;
    const pending = lists.get(id);
    const isRead = reads.delete(id);
    lists.delete(id);
    inFlight.delete(id);
    if (pending !== undefined && message.result !== undefined)
      return inner.send(await filterList(message, pending), options);
    // FastMCP answers an unknown URI with the list of all there are.
    if (isRead && message.error !== undefined) {
      return inner.send(
        { ...message, error: { code: message.error.code, message: "This could not be read." } },
        options,
      );
    }
    return inner.send(message, options);
  };

  const guarded: McpTransport = {
    start: () => inner.start(),
    close: () => inner.close(),
    send: async (message, sendOptions) => {
      if (message.method === undefined) return sendAnswer(message, sendOptions);
      if (sendOptions?.relatedRequestId !== undefined) return inner.send(message, sendOptions);
      const within = scope.getStore();
      // Said while a call runs: it belongs on that call's own stream, where only its caller reads.
      if (within?.transport === guarded && inFlight.has(within.requestId)) {
        return inner.send(message, { ...sendOptions, relatedRequestId: within.requestId });
      }
      if (!overHttp || CARRIES_NOTHING.test(message.method)) return inner.send(message, sendOptions);
      if (message.id !== undefined)
        throw new Error(`"${message.method}" can be asked over HTTP only while a call runs`);
    },
    get onmessage() {
      return handler;
    },
    set onmessage(next) {
      handler = next;
      inner.onmessage = onMessage;
    },
    get onclose() {
      return inner.onclose;
    },
    set onclose(next) {
      inner.onclose = next;
    },
    get onerror() {
      return inner.onerror;
    },
    set onerror(next) {
      inner.onerror = next;
    },
    get sessionId() {
      return inner.sessionId;
    },
    set sessionId(next) {
      inner.sessionId = next;
    },
    setProtocolVersion: (version) => inner.setProtocolVersion?.(version),
  };
  return guarded;
}
