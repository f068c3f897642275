/** For whom a tool of an AI SDK loop runs: every function of it that runs, and every way in which a call ends. */
import { setTimeout as sleep } from "node:timers/promises";
import { authorizeTools, type Caller, caller } from "@hopwise/ai-sdk";
import type { Tool, ToolSet } from "ai";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { LOOPS, scripted } from "../support/language-model.ts";
import { clientOf, createScene, expectedOf, expectHarmless, type Scene, serve } from "./scene.ts";

let scene: Scene;
beforeAll(async () => {
  scene = await createScene();
});
afterAll(() => scene.close());

type Seen = readonly [byFunction: Caller | undefined, byContext: Caller | undefined];
type Options = { readonly context?: unknown } | undefined;
const look = (options: Options): Seen => [caller(), (options?.context as { caller?: Caller } | undefined)?.caller];

const inputSchema = z.object({});
const OPTIONS = { toolCallId: "1", messages: [], context: {} };

async function guarded(who: object, delegation = scene.ann): Promise<ToolSet> {
  const tools = { who: { inputSchema, ...who } as Tool };
  return (await authorizeTools(tools, { authorizer: scene.point(), delegation })) as ToolSet;
}

/** The functions of a tool that run within its call, each noting what it sees. */
const WITHIN: readonly [string, (note: (options: Options) => void) => object][] = [
  ["execute", (note) => ({ execute: async (_: unknown, options: Options) => note(options) })],
  [
    "execute, a generator",
    (note) => ({
      async *execute(_: unknown, options: Options) {
        try {
          note(options);
          yield 1;
          await sleep(1);
          note(options);
          yield 2;
        } finally {
          note(options);
        }
      },
    }),
  ],
  [
    "execute, which returns a stream",
    (note) => ({
      execute: (_: unknown, options: Options) =>
        (async function* () {
          note(options);
          yield 1;
          note(options);
        })(),
    }),
  ],
  ["onInputStart", (note) => ({ onInputStart: note, execute: async () => "done" })],
  ["onInputAvailable", (note) => ({ onInputAvailable: note, execute: async () => "done" })],
];

describe.each(LOOPS)("in a loop of %s", (_, loop) => {
  it.each(WITHIN)("%s knows for whom it runs, in two loops at once", async (_, make) => {
    const run = async (delegation: Scene["ann"]) => {
      const seen: Seen[] = [];
      const tools = await guarded(
        make((options) => void seen.push(look(options))),
        delegation,
      );
      await loop(
        scripted([
          { tool: "who", input: {} },
          { tool: "who", input: {} },
        ]).model,
        tools,
      );
      return seen;
    };
    const both = [scene.ann, scene.ben];
    for (const [i, seen] of (await Promise.all(both.map(run))).entries()) {
      const expected = expectedOf(both[i] as Scene["ann"]);
      expect(seen.length).toBeGreaterThanOrEqual(2);
      expect(new Set(seen.map((one) => JSON.stringify(one)))).toEqual(new Set([JSON.stringify([expected, expected])]));
      for (const [found] of seen) expectHarmless(found, ...both);
    }
    expect(caller()).toBeUndefined();
  });
});

describe("as soon as a call has ended, nobody is its caller any more", () => {
  const endings: readonly [
    string,
    (go: () => void) => object,
    (tools: ToolSet, begun: Promise<void>) => Promise<unknown>,
  ][] = [
    ["it returned", (go) => ({ execute: async () => go() }), async ({ who }) => who?.execute?.({}, OPTIONS)],
    [
      "it failed",
      (go) => ({
        execute: async () => {
          go();
          throw new Error("broken");
        },
      }),
      async ({ who }) => Promise.resolve(who?.execute?.({}, OPTIONS)).catch(() => {}),
    ],
    [
      "its consumer left its stream",
      (go) => ({
        async *execute() {
          go();
          yield 1;
          yield 2;
        },
      }),
      async ({ who }) => {
        const results = who?.execute?.({}, OPTIONS) as AsyncGenerator;
        await results.next();
        await results.return(undefined);
      },
    ],
    [
      "its loop was stopped",
      (go) => ({
        execute: async (_: unknown, { abortSignal }: { abortSignal: AbortSignal }) => {
          go();
          await sleep(60_000, undefined, { signal: abortSignal });
        },
      }),
      async ({ who }, begun) => {
        const stop = new AbortController();
        void begun.then(() => stop.abort());
        await Promise.resolve(who?.execute?.({}, { ...OPTIONS, abortSignal: stop.signal })).catch(() => {});
      },
    ],
    [
      "its loop was stopped, which the tool does not heed",
      (go) => ({
        execute: async () => {
          go();
          await new Promise(() => {});
        },
      }),
      async ({ who }, begun) => {
        const stop = new AbortController();
        void Promise.resolve(who?.execute?.({}, { ...OPTIONS, abortSignal: stop.signal })).catch(() => {});
        await begun;
        stop.abort();
      },
    ],
  ];

  it.each(endings)("because %s: not in work that it left running either", async (_, make, run) => {
    const ended = Promise.withResolvers<void>();
    const seen: unknown[] = [];
    const late = Promise.withResolvers<unknown>();
    const begun = Promise.withResolvers<void>();
    const go = (): void => {
      begun.resolve();
      seen.push(caller());
      void ended.promise.then(() => late.resolve(caller()));
    };
    await run(await guarded(make(go)), begun.promise);
    ended.resolve();
    expect(await late.promise).toBeUndefined();
    expect(seen).toStrictEqual([expectedOf(scene.ann)]);
  });

  it("nor in the context that it kept, nor in toModelOutput", async () => {
    const kept: Options[] = [];
    const told: unknown[] = [];
    const tools = await guarded({
      execute: async (_: unknown, options: Options) => void kept.push(options),
      toModelOutput: () => {
        told.push(caller());
        return { type: "text", value: "done" };
      },
    });
    await LOOPS[0]?.[1](scripted([{ tool: "who", input: {} }]).model, tools);
    expect([kept.map(look), told]).toEqual([[[undefined, undefined]], [undefined]]);
  });
});

describe("the context of a tool", () => {
  const run = async (context: unknown) => {
    const seen: unknown[] = [];
    const { who } = await guarded({
      execute: async (_: unknown, options: Options) => void seen.push(options?.context, ...look(options)),
    });
    await who?.execute?.({}, { ...OPTIONS, context } as never);
    return seen as [Record<string, unknown> | undefined, Caller | undefined, Caller | undefined];
  };

  it("has the caller besides, and nobody else says who that is", async () => {
    for (const context of [
      undefined,
      {},
      { tenant: "acme", caller: "root" },
      Object.freeze(Object.assign(Object.create(null), { tenant: "acme" })),
    ]) {
      const [given, byFunction, byContext] = await run(context);
      expect([byFunction, byContext]).toStrictEqual([expectedOf(scene.ann), expectedOf(scene.ann)]);
      expect(given?.["tenant"]).toBe((context as { tenant?: string } | undefined)?.tenant);
    }
  });

  it("is left as it is where it is no plain object; the function says it all the same", async () => {
    class Shop {
      readonly tenant = "acme";
    }
    for (const context of [new Shop(), null, 7, [1]]) {
      const [given, byFunction, byContext] = await run(context);
      expect(given).toBe(context);
      expect([byFunction, byContext]).toStrictEqual([expectedOf(scene.ann), undefined]);
    }
  });
});

describe("a tool that runs a loop of its own", () => {
  it("has its caller before and after, and the loop's tools have theirs, over MCP and here", async () => {
    const seen: unknown[] = [];
    const note = (where: string) => void seen.push([where, caller()?.user.subject]);
    const url = await serve(scene.point(), (server) =>
      server.addTool({
        name: "who",
        execute: async () => {
          note("before");
          const tools = await guarded({ execute: async () => note("inside") }, scene.ben);
          await LOOPS[0]?.[1](scripted([{ tool: "who", input: {} }]).model, tools);
          note("after");
          return "done";
        },
      }),
    );
    await (await clientOf(scene, url, scene.ann)).callTool({ name: "who", arguments: {} });
    expect(seen).toEqual([
      ["before", "ann"],
      ["inside", "ben"],
      ["after", "ann"],
    ]);
  });
});
