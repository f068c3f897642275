import type { AsyncLocalStorage } from "node:async_hooks";
import type { Admission, Allowed, Authorizer, Denied, JsonObject, Outcome, Subject } from "@hopwise/core";
import { checkAnswer, notThere } from "./check-answer.ts";
import { carriesCredential, credentialIn, traceparentIn, withoutCredential } from "./credential.ts";
import { asksForProof, errorDenial, ownDenial, refused, toolDenial } from "./denial.ts";
import { createFlights, type Flight, type RequestScope } from "./in-flight.ts";
import {
  cameOverHttp,
  headersOf,
  isNotification,
  isPlain,
  isRequest,
  type JsonRpcMessage,
  type JsonRpcRequest,
  type McpTransport,
  type MessageExtra,
  type SendOptions,
} from "./jsonrpc.ts";
import { type Operation, operationOf } from "./operation.ts";
import { createQuestions } from "./questions.ts";

export interface GuardOptions {
  readonly authorizer: Authorizer;
  /** Joins what the transport sees (chain, proof, headers) with what the tool sees (its parsed arguments). */
  readonly scope: AsyncLocalStorage<RequestScope>;
  /**
   * Whether a tool is wrapped, so that its call ends in a decision (`decideTool`) before it runs. Any other tool is to
   * its caller as if it were not there; the result of one that ran without a decision is withheld.
   */
  readonly isWrapped: (tool: string) => boolean;
  /**
   * Opts in to users without agents: verifies the token of this very request and says whose it is; `undefined` where
   * there is none. Never asked on stdio, which has no requests.
   */
  readonly userFromAuth?:
    | ((request: { readonly headers: Headers }) => Subject | undefined | Promise<Subject | undefined>)
    | undefined;
}

/** What a server may always say outside of a request. On HTTP it reaches whoever holds the stream, so it carries nothing. */
const CARRIES_NOTHING = /^(ping|roots\/list|notifications\/(tools|resources|prompts)\/list_changed)$/;

/** What an authorizer is asked about. */
type Guarded = Extract<Operation, { kind: "tool" | "data" | "list" }>;

/**
 * Stands in front of a server's transport: the only place that sees every request. Refuses, strips chain and proof,
 * and filters lists on their way out, so that it holds for each request whatever the server caches.
 */
export function guardTransport(inner: McpTransport, options: GuardOptions): McpTransport {
  const { authorizer, scope, isWrapped, userFromAuth } = options;
  let handler: McpTransport["onmessage"];
  /** Undefined until the first message: until then nobody knows who listens. */
  let overHttp: boolean | undefined;

  const report = (error: unknown): void => {
    try {
      inner.onerror?.(error instanceof Error ? error : new Error(String(error)));
    } catch {
      // A logger that fails must not take the answer, or the process, with it.
    }
  };
  const ended = new WeakSet<Allowed>();
  const came = (decision: Allowed, outcome: Outcome): void => {
    if (ended.has(decision)) return;
    ended.add(decision);
    void authorizer.report(decision, outcome);
  };
  const cameToNothing = ({ decision }: Flight): void => {
    if (decision?.outcome === "allowed") came(decision, { outcome: "withdrawn" });
  };
  const flights = createFlights(report, cameToNothing);
  const questions = createQuestions();

  /**
   * Answers a request, unless it was withdrawn.
   *
   * A HTTP transport finds the stream for an answer by the request's id alone, and a second request of the same id
   * leads it to the second one's stream. The guard withdraws the first as soon as it sees the second, which is some
   * microtasks later; a turn of the event loop lets these pass, so that no answer leaves in between.
   */
  const answer = async (flight: Flight, message: JsonRpcMessage): Promise<void> => {
    await turnOfTheLoop();
    const { id } = flight.request;
    if (flights.end(flight)) await inner.send({ ...message, id }, { relatedRequestId: id });
  };

  const deny = (flight: Flight, denied: Denied): Promise<void> =>
    answer(
      flight,
      flight.operation.kind === "tool" && !asksForProof(denied)
        ? { jsonrpc: "2.0", id: flight.id, result: toolDenial(denied) }
        : errorDenial(flight.id, denied),
    );

  /** A fault in the guard is a denial, too: nothing is let through. */
  const fail = (flight: Flight, error: unknown): Promise<void> => {
    report(error);
    const tool = flight.tool ?? flight.request.method;
    return deny(flight, ownDenial("context_unavailable", tool, { retryable: true }));
  };

  const admit = async (
    request: JsonRpcRequest,
    operation: Guarded,
    extra: MessageExtra | undefined,
  ): Promise<Admission | Denied> => {
    const headers = headersOf(extra);
    if (userFromAuth !== undefined && headers === undefined && cameOverHttp(extra)) {
      throw new Error("the transport did not tell the headers of a request, so its user is not known");
    }
    const user = headers === undefined ? undefined : ((await userFromAuth?.({ headers })) ?? undefined);
    return authorizer.admit({
      tool: operation.tool,
      ...("arguments" in operation && { arguments: operation.arguments }),
      credential: carriesCredential(request) ? credentialIn(request) : user && { user },
      ...(user !== undefined && { transportUser: user }),
      traceparent: traceparentIn(request),
    });
  };

  const receive = async (flight: Flight, extra: MessageExtra | undefined): Promise<void> => {
    const { request, operation } = flight;
    let params: JsonObject | undefined;
    switch (operation.kind) {
      case "malformed":
        return answer(
          flight,
          refused(request.id, "arguments_malformed", "The request's params cannot be read safely."),
        );
      case "unguarded":
        return answer(
          flight,
          refused(
            request.id,
            "method_unguarded",
            `This server does not guard ${quoted(request.method)} yet, so it does not serve it.`,
          ),
        );
      case "lifecycle":
        break;
      default: {
        const admission = await admit(request, operation, extra);
        if (admission.outcome === "denied") return deny(flight, admission);
        flight.admission = admission;
        if (operation.kind === "tool") {
          if (!isWrapped(operation.tool)) {
            report(
              new Error(
                `no guarded tool is called ${quoted(operation.tool)}; guard a server before its tools are added`,
              ),
            );
            return deny(flight, notThere(flight));
          }
          params = { arguments: admission.arguments };
        }
        if (operation.kind === "data") {
          const decision = await flight.decide(undefined);
          if (decision.outcome !== "allowed") return deny(flight, decision as Denied);
          params = decision.arguments;
        }
      }
    }
    // It may have been withdrawn while it was checked.
    if (!flights.isOpen(flight)) return;
    const stripped = withoutCredential(request);
    const checked = { ...stripped, id: flight.id, ...(params && { params: { ...stripped.params, ...params } }) };
    scope.run(flight, () => handler?.(checked, extra));
  };

  const withdraw = (flight: Flight, reason?: unknown): void => {
    if (flights.end(flight)) cameToNothing(flight);
    handler?.({ jsonrpc: "2.0", method: "notifications/cancelled", params: { requestId: flight.id, reason } });
  };

  const onRequest = (received: JsonRpcRequest, extra: MessageExtra | undefined): void => {
    // In one process the caller may still hold the message, and change it.
    const { params } = received;
    const request = isPlain(params) ? { ...received, params: { ...params } } : { ...received };
    const same = flights.called(request.id);
    if (same !== undefined) {
      // Whoever sent the second one may have taken over the stream of the first: neither is answered with data.
      withdraw(same, "another request has the same id");
      const answer = refused(request.id, "arguments_malformed", "A request with this id is under way.");
      inner.send(answer, { relatedRequestId: request.id }).catch(report);
      return;
    }
    const flight = flights.begin(request, operationOf(request));
    receive(flight, extra)
      .catch((error: unknown) => fail(flight, error))
      .catch(report);
  };

  const onMessage = (message: JsonRpcMessage, extra?: MessageExtra): void => {
    overHttp = overHttp === true || cameOverHttp(extra);
    if (isRequest(message)) {
      onRequest(message, extra);
    } else if (message.method === "notifications/cancelled") {
      const flight = flights.called(message.params?.["requestId"]);
      if (flight !== undefined) withdraw(flight, message.params?.["reason"]);
    } else if (isNotification(message)) {
      handler?.(withoutCredential(message), extra);
    } else if (message.method === undefined) {
      const answered = questions.answered(message);
      if (answered !== undefined) handler?.(answered, extra);
    }
  };

  const sendAnswer = async (message: JsonRpcMessage): Promise<void> => {
    const flight = flights.get(message.id);
    if (flight === undefined) return;
    try {
      return await answer(flight, await checkAnswer(message, flight, { isWrapped, report, came }));
    } catch (error) {
      return fail(flight, error);
    }
  };

  const own = (): Flight | undefined => {
    const within = scope.getStore() as Flight | undefined;
    return within !== undefined && flights.isOpen(within) ? within : undefined;
  };

  /** What the server says on its own account: a notification, or a question. */
  const sendWord = async (message: JsonRpcMessage, sendOptions: SendOptions | undefined): Promise<void> => {
    const related = sendOptions?.relatedRequestId;
    // Said while a call runs: it belongs on that call's own stream, where only its caller reads.
    const flight = related === undefined ? own() : flights.get(related);
    const said = flight === undefined ? message : withoutData(message, flight);
    if (said === undefined) return;
    const word = questions.ask(said);
    // What belongs to no call any more may be of one whose result had to be changed: withdrawn, timed out, or lost.
    const mayCarryData = overHttp === false && !flights.owed;
    const free = related === undefined && (mayCarryData || CARRIES_NOTHING.test(message.method as string));
    try {
      if (flight !== undefined) await turnOfTheLoop();
      if (flight !== undefined && flights.isOpen(flight)) {
        return await inner.send(word, { ...sendOptions, relatedRequestId: flight.request.id });
      }
      if (flight === undefined && free) return await inner.send(word, sendOptions);
      if (message.id !== undefined) throw new Error(`"${message.method}" can be asked here only while a call runs`);
    } catch (error) {
      questions.forget(word);
      throw error;
    }
  };

  return {
    start: () => inner.start(),
    close: () => inner.close(),
    send: (message, sendOptions) =>
      message.method === undefined ? sendAnswer(message) : sendWord(message, sendOptions),
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
      inner.onclose = () => {
        flights.endAll().forEach(cameToNothing);
        questions.forgetAll();
        next?.();
      };
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
}

function turnOfTheLoop(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** A name that a caller chose, for a text: on one line, and of bearable length. */
function quoted(name: string): string {
  return JSON.stringify(name.slice(0, 128));
}

/**
 * While the policies oblige to change a call's result, nothing that carries data leaves before it: of what a server says
 * meanwhile only how far it has come.
 */
function withoutData(message: JsonRpcMessage, { decision }: Flight): JsonRpcMessage | undefined {
  if (decision?.outcome !== "allowed" || decision.obligations === undefined) return message;
  if (message.id !== undefined) {
    throw new Error(`"${message.method}" cannot be asked in a call whose result the policies oblige to change`);
  }
  if (message.method !== "notifications/progress") return undefined;
  const { progressToken, progress, total } = message.params ?? {};
  return { ...message, params: { progressToken, progress, ...(total !== undefined && { total }) } };
}
