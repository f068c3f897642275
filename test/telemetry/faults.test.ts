import type { Authorizer, Decision } from "@hopwise/core";
import { openTelemetry } from "@hopwise/core/opentelemetry";
import {
  type Context,
  context,
  metrics,
  propagation,
  ROOT_CONTEXT,
  SpanStatusCode,
  type Tracer,
  type TracerProvider,
  trace,
} from "@opentelemetry/api";
import {
  AlwaysOnSampler,
  type ReadableSpan,
  TracerProvider as SdkTracerProvider,
  SimpleSpanProcessor,
} from "@opentelemetry/sdk-trace";
import { afterEach, describe, expect, it } from "vitest";
import { GOOD } from "../support/calls.ts";
import { worldHere } from "../support/world.ts";
import { recorder, treeOf } from "./recorder.ts";

const world = await worldHere();
afterEach(() => {
  context.disable();
  propagation.disable();
  trace.disable();
  metrics.disable();
});

function fail(): never {
  throw new Error("telemetry is broken");
}
/** Whatever is asked of it fails: a member, a call, a new one. */
const BROKEN = new Proxy(() => {}, { get: fail, apply: fail }) as never;

const SPAN_METHODS = [
  "spanContext",
  "isRecording",
  "setAttributes",
  "updateName",
  "addLink",
  "setStatus",
  "end",
] as const;

/** Nobody waits for what it gives: left alone, this ends the process. */
const reject = async (): Promise<never> => fail();

/** A real tracer whose spans fail in one method. */
function failingAt(method: string, failed: () => unknown = fail): TracerProvider {
  const sdk = new SdkTracerProvider();
  const tracer: Pick<Tracer, "startSpan"> = {
    startSpan: (...args) => {
      const span = sdk.getTracer("real").startSpan(...args);
      return new Proxy(span, {
        get: (target, name) => {
          if (name === method) return failed;
          const value: unknown = Reflect.get(target, name);
          return typeof value === "function" ? value.bind(target) : value;
        },
      });
    },
  };
  return { getTracer: () => tracer as Tracer };
}

const exporterThat = (doesExport: (...args: never[]) => void): TracerProvider =>
  new SdkTracerProvider({
    spanProcessors: [
      new SimpleSpanProcessor({ exporter: { export: doesExport as never, shutdown: fail, forceFlush: fail } }),
    ],
  });

const processorThat = (methods: object): TracerProvider =>
  new SdkTracerProvider({
    spanProcessors: [
      { onStart: () => {}, onEnd: () => {}, forceFlush: async () => {}, shutdown: async () => {}, ...methods },
    ],
  });

const garbage = (value: unknown): never => value as never;

const TRACERS: readonly (readonly [what: string, provider: TracerProvider])[] = [
  ["a provider that throws", { getTracer: fail }],
  ["a provider of nothing", { getTracer: () => garbage(undefined) }],
  ["a tracer that throws", { getTracer: () => garbage({ startSpan: fail }) }],
  ["a tracer without spans", { getTracer: () => garbage({ startSpan: () => undefined }) }],
  ["spans that throw whatever is done", { getTracer: () => garbage({ startSpan: () => BROKEN }) }],
  ...SPAN_METHODS.map((method) => [`spans that throw at ${method}`, failingAt(method)] as const),
  ...SPAN_METHODS.map((method) => [`spans that reject at ${method}`, failingAt(method, reject)] as const),
  ["a sampler that throws", new SdkTracerProvider({ sampler: { ...new AlwaysOnSampler(), shouldSample: fail } })],
  ["a processor that throws at the start", processorThat({ onStart: fail })],
  ["a processor that throws at the end", processorThat({ onEnd: fail })],
  ["an exporter that throws", exporterThat(fail)],
  ["an exporter that fails", exporterThat((_, done: (result: object) => void) => done({ code: 1 }))],
  ["an exporter that never answers", exporterThat(() => {})],
];

const METERS: readonly (readonly [what: string, provider: never])[] = [
  ["a meter provider that throws", garbage({ getMeter: fail })],
  ["a meter without instruments", garbage({ getMeter: () => ({}) })],
  [
    "instruments that throw",
    garbage({ getMeter: () => ({ createCounter: () => ({ add: fail }), createHistogram: () => ({ record: fail }) }) }),
  ],
  [
    "instruments that reject",
    garbage({
      getMeter: () => ({ createCounter: () => ({ add: reject }), createHistogram: () => ({ record: reject }) }),
    }),
  ],
];

/** What three calls and a list end in, but for what differs from call to call. */
async function answersOf(authorizer: Authorizer): Promise<unknown> {
  const session = await authorizer.openSession(world.planner);
  const pay = (amount: number) => session.authorize({ tool: "send_payment", arguments: { ...GOOD, amount } });
  const allowed = await pay(400);
  if (allowed.outcome === "allowed") await authorizer.report(allowed, { outcome: "returned", result: "paid" });
  const decisions = [allowed, await pay(4000), await pay(40_000)];
  const stranger = await authorizer.authorize({ tool: "send_payment", arguments: GOOD, credential: undefined });
  const list = await session.list([{ tool: "send_payment" }, { tool: "get_transactions" }, { tool: "unheard_of" }]);
  return [...decisions.map(lasting), lasting(stranger), list];
}

function lasting(decision: Decision): unknown {
  const { invocation: _, time, timings, verdicts, ...rest } = decision;
  return { ...rest, verdicts: verdicts.map(({ cerbosCallId, ...verdict }) => verdict), spent: Object.keys(timings) };
}

describe("telemetry that fails", () => {
  async function expectTheSame(options: Parameters<typeof openTelemetry>[0]): Promise<void> {
    const plain = world.authorizer();
    const watched = world.authorizer({ telemetry: openTelemetry(options) });
    const expected = await answersOf(plain.authorizer);
    expect(expected).toMatchObject([
      { outcome: "allowed" },
      { code: "policy_denied" },
      { code: "grant_argument_refused" },
      { code: "proof_missing" },
      { shown: [true, true, false] },
    ]);
    expect(await answersOf(watched.authorizer)).toEqual(expected);
    expect(watched.audit.records.map(({ outcome, code }) => [outcome, code])).toEqual(
      plain.audit.records.map(({ outcome, code }) => [outcome, code]),
    );
    expect(watched.audit.outcomes).toHaveLength(plain.audit.outcomes.length);
  }

  it("changes no decision and no record: no SDK at all", () => expectTheSame({}));

  it.each(TRACERS)("changes no decision and no record: %s", (_, tracerProvider) => expectTheSame({ tracerProvider }));

  it.each(METERS)("changes no decision and no record: %s", (_, meterProvider) => expectTheSame({ meterProvider }));

  const inOrder = (then: (run: () => unknown) => unknown) => (_: Context, run: () => unknown) => {
    run();
    return then(run);
  };

  it.each([
    ["throws at every turn", { active: fail, with: fail }],
    ["throws after it ran what it was given", { with: inOrder(fail) }],
    ["runs it twice", { with: inOrder((run) => run()) }],
    ["never runs it", { with: () => undefined }],
    ["has no context", { active: (): unknown => undefined }],
  ])("changes no decision and no record: a context manager that %s", async (_, methods) => {
    const { tracerProvider, close } = recorder();
    const plain = {
      active: (): Context => ROOT_CONTEXT,
      with: (_: Context, run: () => unknown) => run(),
      disable: () => {},
    };
    context.setGlobalContextManager({ ...plain, ...methods } as never);
    await expectTheSame({ tracerProvider });
    await close();
  });

  it.each([
    ["throws", fail],
    [
      "sets what no header can be",
      (_: Context, carrier: { [name: string]: unknown }) => {
        Object.assign(carrier, { "bad name": "x", "a-bin": "x", "grpc-timeout": "1n", long: "x".repeat(9999) });
        Object.assign(carrier, { newline: "a\r\nb", number: 1, "": "x", ":path": "/elsewhere" });
      },
    ],
  ])("changes no decision and no record: a propagator that %s", async (_, inject) => {
    const { tracerProvider, close } = recorder();
    propagation.setGlobalPropagator({ inject, extract: (at) => at, fields: () => [] });
    await expectTheSame({ tracerProvider });
    await close();
  });
});

it("telemetry tells the SDK that is registered after the authorizer was made, and after its first call", async () => {
  const { tracerProvider, meterProvider, spans, points, close } = recorder();
  const { authorizer } = world.authorizer({ telemetry: openTelemetry() });
  const call = { tool: "send_payment", arguments: GOOD, credential: undefined };
  await authorizer.authorize(call);
  trace.setGlobalTracerProvider(tracerProvider);
  metrics.setGlobalMeterProvider(meterProvider);
  await authorizer.authorize(call);
  expect(treeOf(await spans())).toEqual(["authorize send_payment", "  hopwise.arguments"]);
  expect((await points()).find(({ metric }) => metric === "hopwise.unverified_attempts")?.count).toBe(1);
  await close();
});

it("a call that a fault of the host ends has the status of an error, and quotes nothing of it", async () => {
  const { telemetry, spans, close } = recorder();
  let broken = false;
  const clock = (): number => {
    if (broken) throw new TypeError("a mistake of the programmer, at hunter2");
    return Date.now();
  };
  const { authorizer } = world.authorizer({ telemetry, clock });
  const session = await authorizer.openSession(world.planner);
  broken = true;
  const decision = await session.authorize({ tool: "send_payment", arguments: GOOD });
  expect(decision).toMatchObject({ outcome: "denied", code: "state_unavailable" });
  const all = await spans();
  expect(treeOf(all)).toEqual(["authorize send_payment", "  hopwise.arguments", "  hopwise.token"]);
  for (const { attributes, status, events } of [all[0], all[2]] as ReadableSpan[]) {
    expect(attributes["error.type"]).toBe("state_unavailable");
    expect([status, events]).toEqual([{ code: SpanStatusCode.ERROR }, []]);
  }
  await close();
});
