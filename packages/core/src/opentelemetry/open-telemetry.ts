import {
  type Attributes,
  type Context,
  context,
  INVALID_SPAN_CONTEXT,
  isSpanContextValid,
  type MeterProvider,
  metrics,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  type Tracer,
  type TracerProvider,
  trace,
} from "@opentelemetry/api";
import { type HopwiseError, isRefusal } from "../errors.ts";
import { answeringAtOnce, having, maybe, optionsOf } from "../options/index.ts";
import { type CallWatch, NO_TELEMETRY, type StageWatch, type Telemetry } from "../telemetry/index.ts";
import { callAttributes, endAttributes, errorType, hopAttributes, isNamed, spanName } from "./attributes.ts";
import { createInstruments, type Instruments } from "./instruments.ts";
import { quietly } from "./quietly.ts";
import { headersOf, linkOf, within } from "./trace-context.ts";

/** Where traces and metrics go. */
export interface OpenTelemetryOptions {
  /** Default: the one that is registered with `@opentelemetry/api`, also where it is registered later. */
  readonly tracerProvider?: TracerProvider;
  /** Default: as above. */
  readonly meterProvider?: MeterProvider;
}

const SCOPE = "@hopwise/core";

/** What a provider gives: a promise of it would be looked at by nobody. */
function atOnce<T>(ask: () => T): T {
  return answeringAtOnce(ask, "a provider of OpenTelemetry")();
}

const readOptions = optionsOf<OpenTelemetryOptions>("openTelemetry", {
  tracerProvider: maybe(having("a tracer provider, such as new NodeTracerProvider({ … })", "getTracer")),
  meterProvider: maybe(having("a meter provider, such as new MeterProvider({ … })", "getMeter")),
});

/**
 * Tells OpenTelemetry of each call: a span, with a child for each stage and for each hop that is asked, counters and
 * durations. No token, key or argument is in any of them. The decision point gets the trace's headers, so that its own
 * spans join. Without a registered SDK it does nothing; a tracer, meter or propagator that fails changes no decision.
 *
 * @example
 * ```ts
 * const authorizer = createAuthorizer({ ...options, telemetry: openTelemetry() });
 * ```
 *
 * @throws {HopwiseError} `config_invalid` for options that cannot be right
 */
export function openTelemetry(options: OpenTelemetryOptions = {}): Telemetry {
  const { tracerProvider, meterProvider } = readOptions(options);
  const noSpan = trace.wrapSpanContext(INVALID_SPAN_CONTEXT);
  let tracer: Tracer | undefined;
  let made: { readonly by: MeterProvider; readonly instruments: Instruments } | undefined;

  const start = (name: string, attributes: Attributes, parent: Context, kind = SpanKind.INTERNAL): Span =>
    quietly(() => {
      // The API's own tracer looks for an SDK until one is registered.
      tracer ??= atOnce(() => (tracerProvider ?? trace).getTracer(SCOPE));
      return tracer.startSpan(name, { attributes, kind }, parent);
    }, noSpan);

  /** Unlike tracers, meters that were made before an SDK was registered never find it. */
  const instruments = (): Instruments => {
    const by = meterProvider ?? metrics.getMeterProvider();
    if (made?.by !== by) made = { by, instruments: createInstruments(atOnce(() => by.getMeter(SCOPE))) };
    return made.instruments;
  };

  const stageWatch = (at: Context, span: Span): StageWatch => ({
    get headers() {
      return headersOf(span);
    },
    hop: async ({ hop, kind, id }, ask) => {
      const about = { "hopwise.hop": hop, "hopwise.hop.kind": kind, "hopwise.hop.id": id };
      const asking = start("hopwise.hop", about, at, SpanKind.CLIENT);
      try {
        const verdict = await within(trace.setSpan(at, asking), () => ask(headersOf(asking)));
        note(asking, () => hopAttributes(verdict));
        return verdict;
      } finally {
        end(asking);
      }
    },
  });

  return {
    begin: (given): CallWatch => {
      const call = quietly(() => ({ ...given }), {} as typeof given);
      const parent = quietly(() => context.active(), ROOT_CONTEXT);
      const span = start(spanName(call.tool, call.named), callAttributes(call), parent);
      const at = quietly(() => trace.setSpan(parent, span), ROOT_CONTEXT);
      const ended: CallWatch["end"] = (how) => {
        note(span, () => {
          quietly(() => span.updateName(spanName(how.decision.tool, isNamed(call, how.decision))));
          const link = how.verified ? linkOf(call.traceparent) : undefined;
          if (link !== undefined) quietly(() => span.addLink(link));
          return endAttributes(call, how);
        });
        end(span);
        quietly(() => instruments().decided(call, how, at));
      };
      const stage: CallWatch["stage"] = async (name, run) => {
        const own = start(`hopwise.${name}`, { "hopwise.stage": name }, at);
        const inside = trace.setSpan(at, own);
        try {
          const result = await within(inside, () => run(stageWatch(inside, own)));
          if (isRefusal(result)) note(own, () => refusedBy(result));
          return result;
        } catch (error) {
          note(own, () => (isRefusal(error) ? refusedBy(error) : { "error.type": "_OTHER" }));
          throw error;
        } finally {
          end(own);
        }
      };
      const traced = quietly(() => isSpanContextValid(atOnce(() => span.spanContext())), false);
      if (!traced) return { ...NO_TELEMETRY.begin(call), end: ended };
      const kept = quietly(() => span.isRecording(), false);
      return { stage: kept ? stage : unkept(at, span), end: ended };
    },
    report: (decision, outcome) => quietly(() => instruments().reported(decision, outcome)),
  };
}

function refusedBy({ code }: HopwiseError): Attributes {
  return { "hopwise.code": code, ...errorType(code) };
}

/**
 * A call whose trace is not sampled still hands its trace on, so that the services it asks do not keep their part
 * either.
 */
function unkept(at: Context, span: Span): CallWatch["stage"] {
  const watch: StageWatch = {
    get headers() {
      return headersOf(span);
    },
    hop: (_, ask) => ask(headersOf(span)),
  };
  return (_, run) => within(at, () => run(watch));
}

/** Sets the attributes that are known at the end. The status gets no text, which would be an error's message. */
function note(span: Span, attributes: () => Attributes): void {
  quietly(() => {
    if (!quietly(() => span.isRecording(), false)) return;
    const all = attributes();
    quietly(() => span.setAttributes(all));
    if (all["error.type"] !== undefined) quietly(() => span.setStatus({ code: SpanStatusCode.ERROR }));
  });
}

function end(span: Span): void {
  quietly(() => span.end());
}
