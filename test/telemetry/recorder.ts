/** The real SDK of OpenTelemetry, with exporters in memory, and what they were given as text that a test can read. */
import { openTelemetry } from "@hopwise/core/opentelemetry";
import type { Attributes } from "@opentelemetry/api";
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from "@opentelemetry/sdk-metrics";
import {
  InMemorySpanExporter,
  type ReadableSpan,
  type Sampler,
  SimpleSpanProcessor,
  TracerProvider,
} from "@opentelemetry/sdk-trace";

/** One point of a metric: `hopwise.decisions`, its attributes, and how many. */
export interface Point {
  readonly metric: string;
  readonly unit: string;
  readonly attributes: Attributes;
  readonly count: number;
}

export function recorder(options: { readonly sampler?: Sampler } = {}) {
  const spans = new InMemorySpanExporter();
  const order: string[] = [];
  const noteOrder = {
    onStart: (span: { spanContext(): { spanId: string } }) => void order.push(span.spanContext().spanId),
    onEnd: () => {},
    forceFlush: async () => {},
    shutdown: async () => {},
  };
  const spanProcessors = [noteOrder, new SimpleSpanProcessor({ exporter: spans })];
  const tracerProvider = new TracerProvider({ ...options, spanProcessors });
  const metrics = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
  const reader = new PeriodicExportingMetricReader({ exporter: metrics, exportIntervalMillis: 3_600_000 });
  const meterProvider = new MeterProvider({ readers: [reader] });

  return {
    tracerProvider,
    meterProvider,
    telemetry: openTelemetry({ tracerProvider, meterProvider }),
    /** Everything that ended, in the order in which it began. */
    spans: async (): Promise<readonly ReadableSpan[]> => {
      await tracerProvider.forceFlush();
      const place = (span: ReadableSpan): number => order.indexOf(span.spanContext().spanId);
      return spans.getFinishedSpans().toSorted((a, b) => place(a) - place(b));
    },
    points: async (): Promise<readonly Point[]> => {
      await meterProvider.forceFlush();
      return (metrics.getMetrics().at(-1)?.scopeMetrics ?? []).flatMap((scope) =>
        scope.metrics.flatMap(({ descriptor, dataPoints }) =>
          dataPoints.map(({ attributes, value }) => ({
            metric: descriptor.name,
            unit: descriptor.unit,
            attributes,
            count: typeof value === "number" ? value : value.count,
          })),
        ),
      );
    },
    close: async (): Promise<void> => {
      await tracerProvider.shutdown();
      await meterProvider.shutdown();
    },
  };
}

export type Recorder = ReturnType<typeof recorder>;

/** The names of spans, each indented under its parent. */
export function treeOf(spans: readonly ReadableSpan[]): readonly string[] {
  const ids = new Set(spans.map((span) => span.spanContext().spanId));
  const under = (parent: string | undefined, indent: string): string[] =>
    spans
      .filter(
        ({ parentSpanContext: up }) => (up !== undefined && ids.has(up.spanId) ? up.spanId : undefined) === parent,
      )
      .flatMap((span) => [indent + nameOf(span), ...under(span.spanContext().spanId, `${indent}  `)]);
  return under(undefined, "");
}

/** A hop's span says which hop. */
function nameOf({ name, attributes }: ReadableSpan): string {
  const id = attributes["hopwise.hop.id"];
  return id === undefined ? name : `${name} ${id} ${attributes["hopwise.effect"]}`;
}
