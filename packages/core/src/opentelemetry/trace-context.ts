import {
  type Context,
  context,
  isSpanContextValid,
  type Link,
  propagation,
  ROOT_CONTEXT,
  type Span,
  TraceFlags,
  trace,
} from "@opentelemetry/api";
import type { TraceHeaders } from "../decision/index.ts";
import { quietly } from "./quietly.ts";

/**
 * Runs a function once, inside of a span where possible, so that requests which it starts (to sources) join the trace.
 */
export function within<T>(at: Context, run: () => T): T {
  let came: { readonly of: () => T } | undefined;
  const once = (): void => {
    if (came !== undefined) return;
    try {
      const value = run();
      came = { of: () => value };
    } catch (error) {
      came = {
        of: () => {
          throw error;
        },
      };
    }
  };
  quietly(() => context.with(at, once));
  once();
  return (came as unknown as { readonly of: () => T }).of();
}

/** Header names that gRPC and HTTP both carry unchanged. Any other could make a good request fail. */
const NAME = /^(?!grpc-)[a-z0-9_-]{1,64}(?<!-bin)$/;
const VALUE = /^[\x20-\x7e]{1,512}$/;

/**
 * The headers by which a request joins a span's trace. The trace alone: other data of the active context (baggage) is
 * not for the decision point.
 */
export function headersOf(span: Span): TraceHeaders | undefined {
  const carrier: { [name: string]: unknown } = {};
  quietly(() => propagation.inject(trace.setSpan(ROOT_CONTEXT, span), carrier));
  const headers = Object.entries(carrier)
    .map(([name, value]): [string, unknown] => [name.toLowerCase(), value])
    .filter((entry): entry is [string, string] => {
      const [name, value] = entry;
      return NAME.test(name) && typeof value === "string" && VALUE.test(value);
    });
  return headers.length === 0 ? undefined : Object.fromEntries(headers);
}

const TRACEPARENT = /^00-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}$/;

/**
 * The span that a caller claims to call from. It never becomes a parent: a stranger would choose the trace, and whether
 * it is kept.
 */
export function linkOf(traceparent: string | undefined): Link | undefined {
  const [, traceId, spanId] = TRACEPARENT.exec(traceparent ?? "") ?? [];
  if (traceId === undefined || spanId === undefined) return undefined;
  const caller = { traceId, spanId, traceFlags: TraceFlags.NONE, isRemote: true };
  return isSpanContextValid(caller) ? { context: caller } : undefined;
}
