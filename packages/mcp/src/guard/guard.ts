import type { Allowed, Authorizer } from "@hopwise/core";
import { quietly, type ReadUri } from "@hopwise/core/adapter";
import type { Outcome } from "@hopwise/core/audit";
import type { McpTransport } from "../protocol/index.ts";
import { createFlights, type Flight, type Flights } from "./flights.ts";
import type { GuardedTools } from "./guarded-tools.ts";
import { createListChanges, type ListChanges } from "./list-changes.ts";
import { createOwnRequests, type OwnRequests } from "./own-requests.ts";
import { createQuestions, type Questions } from "./questions.ts";
import type { Schemas } from "./server-lists.ts";
import type { SharedGuardOptions } from "./shared-options.ts";

export interface GuardOptions extends SharedGuardOptions {
  readonly authorizer: Authorizer;
  /**
   * The tools that were wrapped, so that each call ends in a decision before it runs. To its caller, any other tool does
   * not exist, and the server never hears of the call.
   */
  readonly tools: GuardedTools;
  /**
   * Tells how the server will read the URI of a resource: by which of its templates, with which values, and how that template
   * writes them (`written`). A resource that the server would read in another way than the tool map's templates is denied; where
   * the map has none, so is one whose URI is written otherwise. Default: the map decides alone; the handler must then hold what it
   * gets against `scope`, and a URI that a URL parser would write otherwise, or that encodes what needs no code, is refused.
   * `() => undefined`, for a server without templates, says that it takes each URI as it is written.
   */
  readonly readUri?: ((uri: string) => ReadUri | undefined | Promise<ReadUri | undefined>) | undefined;
}

/** What the parts of one transport's guard share. */
export interface Guard extends GuardOptions {
  /** What the guard itself asks of the server. */
  readonly own: OwnRequests;
  /** What the server asks its client. */
  readonly questions: Questions;
  readonly inner: McpTransport;
  readonly flights: Flights;
  /** The server's own handler of messages, behind the guard. */
  handler: McpTransport["onmessage"];
  /** Undefined until the first message shows which transport this is. */
  overHttp: boolean | undefined;
  /** Whether the client said that it can show its user a page. */
  showsPages: boolean;
  /** The requests whose page it was asked to show. */
  readonly offered: Set<string>;
  /** The schemas of tools, as callers of this transport were told them. */
  readonly listed: Map<string, Schemas>;
  /** Whether there was ever a call whose result the policies change or filter: see `isBound`. */
  owed: boolean;
  /** Tells the client that its lists may be others now. */
  readonly changes: ListChanges;
  /** Tells the host program of a fault. */
  report(error: unknown): void;
  /** Writes what came of an allowed call, once. */
  reportOutcome(decision: Allowed, outcome: Outcome): void;
}

export function createGuard(inner: McpTransport, options: GuardOptions): Guard {
  const ended = new WeakSet<Allowed>();
  // A logger that fails must not take the answer, or the process, with it.
  const report = (error: unknown): void =>
    quietly(() => inner.onerror?.(error instanceof Error ? error : new Error(String(error))));
  return {
    ...options,
    own: createOwnRequests(),
    questions: createQuestions(),
    inner,
    flights: createFlights(),
    handler: undefined,
    overHttp: undefined,
    showsPages: false,
    offered: new Set(),
    listed: new Map(),
    owed: false,
    changes: createListChanges(inner, options.authorizer),
    report,
    reportOutcome: (decision, outcome) => {
      if (ended.has(decision)) return;
      ended.add(decision);
      // It rejects where a program gave a copy of the decision: then the outcome is on no record, and somebody must hear of that.
      options.authorizer.report(decision, outcome).catch(report);
    },
  };
}

/** The denial where the guard itself fails: nothing is let through. */
export const GUARD_FAILED = { code: "guard_failed", message: "the guard of the transport failed" } as const;

/** A call whose caller had left before it could be answered. */
export function reportWithdrawn({ reportOutcome }: Guard, { decision }: Flight): void {
  if (decision?.outcome === "allowed") reportOutcome(decision, { outcome: "withdrawn" });
}
