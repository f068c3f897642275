/** Whose trace a call is part of, and whose spans become part of a call's. */
import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { startPdp } from "@hopwise/cerbos";
import { context, propagation, trace } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import { CompositePropagator, W3CBaggagePropagator, W3CTraceContextPropagator } from "@opentelemetry/core";
import { AlwaysOffSampler } from "@opentelemetry/sdk-trace";
import { beforeAll, describe, expect, it, onTestFinished, vi } from "vitest";
import { users } from "../../examples/finance-team/company.ts";
import { findBinary } from "../../packages/cerbos/src/binary/index.ts";
import { GOOD } from "../support/calls.ts";
import { clientOf } from "../support/mcp/client.ts";
import { serveHere } from "../support/mcp/server.ts";
import { STORY_POLICIES } from "../support/story-pdp.ts";
import { webServer } from "../support/web-server.ts";
import { type World, worldHere } from "../support/world.ts";
import { recorder } from "./recorder.ts";

const world = await worldHere();
beforeAll(() => {
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  propagation.setGlobalPropagator(
    new CompositePropagator({ propagators: [new W3CTraceContextPropagator(), new W3CBaggagePropagator()] }),
  );
});

const PAY = { tool: "send_payment", arguments: GOOD } as const;
const LIST = [{ tool: "send_payment" }, { tool: "get_transactions" }];

/** Collects what the PDP itself exports, as it comes: protocol buffers, in which ids stand byte by byte. */
async function collector(): Promise<{
  readonly url: string;
  has(hexId: string): boolean;
  says(text: string): boolean;
}> {
  const bodies: Buffer[] = [];
  const { url } = await webServer(async (request, response) => {
    bodies.push(await buffer(request));
    response.end();
  });
  return {
    url,
    has: (hexId) => Buffer.concat(bodies).includes(Buffer.from(hexId, "hex")),
    says: (text) => Buffer.concat(bodies).includes(text),
  };
}

/** The real PDP with its own tracing on: startPdp keeps it off, so it starts a script that switches it on. */
async function tracingPdp(url: string) {
  const folder = await mkdtemp(join(tmpdir(), "hopwise-tracing-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  const binary = join(folder, "cerbos");
  const settings = `OTEL_EXPORTER_OTLP_TRACES_ENDPOINT='${url}/v1/traces' OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf OTEL_BSP_SCHEDULE_DELAY=20`;
  await writeFile(binary, `#!/bin/sh\n${settings} exec '${await findBinary()}' "$@"\n`);
  await chmod(binary, 0o755);
  const pdp = await startPdp({ policies: STORY_POLICIES, binary });
  onTestFinished(() => pdp.close());
  return pdp;
}

describe("the policy decision point's own spans", () => {
  it("are children of the span of the hop that it was asked about, and of a list's", async () => {
    const { url, has, says } = await collector();
    const pdp = await tracingPdp(url);
    const { telemetry, spans, close } = recorder();
    onTestFinished(close);
    const { authorizer } = world.authorizer({ cerbos: pdp, telemetry });
    const session = await authorizer.openSession(world.planner);
    expect((await session.authorize(PAY)).outcome).toBe("allowed");
    expect((await session.list(LIST)).outcome).toBe("listed");
    const all = await spans();
    const hops = all.filter(({ name }) => name === "hopwise.hop");
    const listing = all.filter(({ name }) => name === "hopwise.policy").at(-1);
    const parents = [...hops, listing].map((span) => span?.spanContext());
    expect(parents).toHaveLength(3);
    await vi.waitFor(
      () => {
        for (const parent of parents) {
          expect(has(parent?.traceId as string), "its trace").toBe(true);
          expect(has(parent?.spanId as string), "its parent").toBe(true);
        }
        // As docs/telemetry.md says: the resource's id, which is an argument here, and no other argument.
        for (const text of ["cerbos.request.resource_id", GOOD.to]) expect(says(text), text).toBe(true);
        expect(says(GOOD.currency) || says("currency"), "an argument").toBe(false);
      },
      { timeout: 20_000 },
    );
  });

  it("are kept where the call's are: the decision point is told of a call that is not kept, and is told that", async () => {
    const { telemetry, close } = recorder({ sampler: new AlwaysOffSampler() });
    onTestFinished(close);
    const headers = await headersAt(telemetry, (session) => session.authorize(PAY));
    expect(headers).toHaveLength(2);
    for (const { traceparent } of headers) expect(traceparent).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-00$/);
  });
});

type Session = Awaited<ReturnType<ReturnType<World["authorizer"]>["authorizer"]["openSession"]>>;

/** The headers that requests of a planner's session come to the decision point with. */
async function headersAt(telemetry: ReturnType<typeof recorder>["telemetry"], act: (session: Session) => unknown) {
  const seen: { readonly [name: string]: string }[] = [];
  const { client } = world.pdp;
  const cerbos: Parameters<World["authorizer"]>[0] = {
    telemetry,
    cerbos: {
      checkResources: (request, options) => {
        seen.push(options?.headers ?? {});
        return client.checkResources(request, options);
      },
      planResources: (request, options) => {
        seen.push(options?.headers ?? {});
        return client.planResources(request, options);
      },
    },
  };
  const { authorizer } = world.authorizer(cerbos);
  await act(await authorizer.openSession(world.planner));
  return seen;
}

describe("a request to the policy decision point", () => {
  it("carries the trace and nothing else: no baggage of whoever calls", async () => {
    const { telemetry, close } = recorder();
    onTestFinished(close);
    const baggage = propagation.createBaggage({ card: { value: "4111-1111" } });
    const headers = await context.with(propagation.setBaggage(context.active(), baggage), () =>
      headersAt(telemetry, async (session) => {
        await session.authorize(PAY);
        await session.list(LIST);
      }),
    );
    expect(headers.length).toBeGreaterThan(2);
    for (const sent of headers) expect(Object.keys(sent)).toEqual(["traceparent"]);
  });

  it("carries no header where nobody traces", async () => {
    const seen = await headersAt(undefined as never, (session) => session.authorize(PAY));
    expect(seen).toEqual([{}, {}]);
  });
});

describe("a call's span", () => {
  it("is a child of whatever is active where the call is made, and what a source starts is a child of its stage", async () => {
    const { telemetry, tracerProvider, spans, close } = recorder();
    onTestFinished(close);
    const tracer = tracerProvider.getTracer("the application");
    const { authorizer } = world.authorizer({
      telemetry,
      users: {
        find: async (subject) => {
          await new Promise((resolve) => setImmediate(resolve));
          tracer.startSpan("asks the directory").end();
          return users.find(subject);
        },
      },
    });
    const session = await authorizer.openSession(world.planner);
    await tracer.startActiveSpan("agent's turn", async (turn) => {
      await session.authorize(PAY);
      turn.end();
    });
    const all = await spans();
    const parentOf = (name: string) => {
      const span = all.find((it) => it.name === name);
      return all.find((it) => it.spanContext().spanId === span?.parentSpanContext?.spanId)?.name;
    };
    expect(parentOf("authorize send_payment")).toBe("agent's turn");
    expect(parentOf("asks the directory")).toBe("hopwise.context");
  });

  it("links to the trace that a verified MCP request names in its _meta, and is not part of it", async () => {
    const { telemetry, spans, close } = recorder();
    onTestFinished(close);
    const traceId = "0af7651916cd43dd8448eb211c80319c";
    const { url } = await serveHere(world, { authorizer: { telemetry } });
    const client = await clientOf(url, world.planner);
    const _meta = { traceparent: `00-${traceId}-b7ad6b7169203331-01` };
    await client.callTool({ name: "send_payment", arguments: { ...GOOD }, _meta });
    const call = (await spans()).find(({ name }) => name === "authorize send_payment");
    expect(call?.attributes["hopwise.verified"]).toBe(true);
    expect(call?.links.map((link) => link.context.traceId)).toEqual([traceId]);
    expect(call?.spanContext().traceId).not.toBe(traceId);
  });
});

it("a call leaves the application's own active span as it was", async () => {
  const { telemetry, tracerProvider, close } = recorder();
  onTestFinished(close);
  const { authorizer } = world.authorizer({ telemetry });
  const session = await authorizer.openSession(world.planner);
  await tracerProvider.getTracer("the application").startActiveSpan("turn", async (turn) => {
    await session.authorize(PAY);
    expect(trace.getActiveSpan()).toBe(turn);
  });
});
