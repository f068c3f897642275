/** The signal that a loop gives its tools: it tells that the loop was stopped, or only that the time of a tool is over. */
import { getEventListeners } from "node:events";
import { authorizeTools, caller, currentFilter, nothingHappened } from "@hopwise/ai-sdk";
import { memoryState } from "@hopwise/core";
import { anyArguments, grant } from "@hopwise/core/grant";
import { answeringPdp, type Company, createCompany } from "@hopwise/core/testing";
import { table, text, visibleRows } from "@hopwise/filter";
import { generateText, isStepCount, streamText, type Tool, type ToolSet } from "ai";
import { beforeAll, describe, expect, it, vi } from "vitest";
import { z } from "zod";
import { scripted } from "../support/language-model.ts";

const IBAN = "DE02 4711";
const SECRETS = /4711|hidden-1/;
const DOCS = table({ id: text(), columns: { region: text() } });
const inputSchema = z.object({ id: z.string() });
const readRows = (): Promise<unknown> =>
  visibleRows(currentFilter(), DOCS, { dialect: "sqlite" }, () => [{ id: "hidden-1", region: "AMER" }]);

let company: Company;
beforeAll(async () => {
  const rows = { kind: "doc", action: "read", filter: {} };
  const reading = { kind: "invoice", action: "read", id: "id" };
  company = await createCompany({ tools: { search: rows, read_invoice: reading } });
});

const redacting = answeringPdp(({ action, resource: { kind } }) =>
  action === "read" && kind === "invoice" ? { effect: "allow", outputs: [{ redact: ["/iban"] }] } : "allow",
);

async function guarded(name: string, own: object, cerbos = redacting) {
  const authorizer = company.authorizer({ cerbos, state: memoryState({ since: 0 }) });
  const now = Math.floor(company.clock() / 1000);
  const delegation = await company.chain("alice", {
    to: "planner",
    grant: grant({ search: anyArguments, read_invoice: anyArguments }),
    budget: { id: "month", from: now, until: now + 600, calls: 10 },
  });
  const tools = await authorizeTools({ [name]: { inputSchema, ...own } as Tool }, { authorizer, delegation });
  const session = await authorizer.openSession(delegation);
  return { tools: tools as ToolSet, authorizer, left: async () => (await session.budgetLeft())?.calls };
}

type Guarded = Awaited<ReturnType<typeof guarded>>;

async function outcomeOf({ authorizer }: Guarded): Promise<object> {
  await vi.waitFor(() => expect(authorizer.audit.outcomes).toHaveLength(1));
  const [{ invocation: _i, time: _t, durationMs: _d, ...came } = {}] = authorizer.audit.outcomes;
  return came;
}

/** Waits for the signal, where there is one. */
type Wait = () => Promise<void>;
const waitFor =
  (signal: AbortSignal | undefined): Wait =>
  async () => {
    if (signal === undefined || signal.aborted) return;
    await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));
  };

/** What a tool may do once its time is over, as one that is in time. */
const ENDS: readonly [what: string, tool: "search" | "read_invoice", work: (wait: Wait) => Promise<unknown>][] = [
  [
    "throws, and quotes what is taken out",
    "read_invoice",
    async (wait) => {
      await wait();
      throw new Error(`lookup of ${IBAN} failed`);
    },
  ],
  [
    "throws, and quotes a row",
    "search",
    async (wait) => {
      await readRows();
      await wait();
      throw new Error("cannot render row hidden-1");
    },
  ],
  [
    "returns what its caller may see",
    "read_invoice",
    async (wait) => {
      await wait();
      return { iban: IBAN, for: caller()?.user.id };
    },
  ],
  [
    "returns what cannot be shown",
    "read_invoice",
    async (wait) => {
      await wait();
      return `paid from ${IBAN}`;
    },
  ],
  [
    "returns rows that were not checked",
    "search",
    async (wait) => {
      await wait();
      return [{ id: "hidden-1" }];
    },
  ],
  [
    "asks which rows it may show",
    "search",
    async (wait) => {
      await wait();
      return (await readRows()) === undefined ? "no rows" : "rows";
    },
  ],
  [
    "says that nothing happened",
    "read_invoice",
    async (wait) => {
      await wait();
      nothingHappened();
      return { declined: true };
    },
  ],
];

type Context = { readonly abortSignal?: AbortSignal };
type Work = (wait: Wait) => Promise<unknown>;
const KINDS: readonly [kind: string, make: (work: Work) => object][] = [
  ["a tool", (work) => ({ execute: async (_: unknown, { abortSignal }: Context) => work(waitFor(abortSignal)) })],
  [
    "a tool that streams",
    (work) => ({
      async *execute(_: unknown, { abortSignal }: Context) {
        yield await work(waitFor(abortSignal));
      },
    }),
  ],
];
const LOOPS: readonly [name: string, run: (options: Parameters<typeof generateText>[0]) => Promise<unknown>][] = [
  ["generateText", async (options) => generateText(options)],
  ["streamText", async (options) => streamText(options as Parameters<typeof streamText>[0]).consumeStream()],
];

describe.each(LOOPS)("in a loop of %s, when the time of a tool is over", (_, loop) => {
  const run = async (name: string, own: object, timeout?: { readonly toolMs: number }) => {
    const scene = await guarded(name, own);
    const script = scripted([{ tool: name, input: { id: "7" } }]);
    const options = { model: script.model, tools: scene.tools, prompt: "Look.", stopWhen: isStepCount(3) };
    await loop({ ...options, ...(timeout && { timeout }) });
    return { read: script.results(), came: await outcomeOf(scene), left: await scene.left(), shown: script.shown() };
  };

  it.each(KINDS.flatMap(([kind, make]) => ENDS.map(([what, name, work]) => [kind, what, name, make(work)] as const)))(
    "%s that then %s is a call like one in time: to its model, on record, in its budget",
    async (__, ___, name, own) => {
      const inTime = await run(name, own);
      const late = await run(name, own, { toolMs: 20 });
      expect(late).toEqual(inTime);
      expect(late.read).toHaveLength(1);
      expect(late.shown).not.toMatch(SECRETS);
    },
  );
});

const hostile = (): object => ({
  get name(): never {
    throw new Error("looked at");
  },
});

/** Why a signal was aborted, and what the outcome of the call then is. */
const REASONS = [
  ["its loop was stopped", "withdrawn", () => undefined],
  ["its loop was stopped with words of the host", "withdrawn", () => new Error("enough")],
  ["its loop was stopped with what throws when it is looked at", "withdrawn", hostile],
  ["its time was over", "failed", () => new DOMException("too long", "TimeoutError")],
] as const;

/** As a loop gives it to a tool. */
const callOf = (abortSignal: AbortSignal) => ({ toolCallId: "1", messages: [], context: {}, abortSignal });

describe.each(REASONS)("where %s", (_, outcome, reason) => {
  const call = async ({ tools }: Guarded, abortSignal: AbortSignal): Promise<unknown> => {
    const [{ execute } = {}] = Object.values(tools);
    const came: unknown = execute?.({ id: "7" }, callOf(abortSignal));
    if (!(Symbol.asyncIterator in Object(came))) return came;
    for await (const _ of came as AsyncGenerator);
    return undefined;
  };

  it.each(KINDS)("%s that throws tells its model nothing of what it quotes", async (__, make) => {
    const stop = new AbortController();
    const scene = await guarded(
      "read_invoice",
      make(async () => {
        stop.abort(reason());
        throw new Error(`lookup of ${IBAN} failed`);
      }),
    );
    await expect(call(scene, stop.signal)).rejects.toThrow(/^The tool failed\.$/);
    expect(await outcomeOf(scene)).toMatchObject({ outcome });
  });

  describe.each(KINDS)("%s", (__, make) => {
    it.each([
      ["onInputStart", ["onInputStart"]],
      ["onInputAvailable", ["onInputStart", "onInputAvailable"]],
      ["nothing", ["onInputStart", "onInputAvailable", "execute"]],
    ])("begins nothing more after %s", async (during, expected) => {
      const stop = new AbortController();
      const ran: string[] = [];
      const note = (name: string) => async () => {
        ran.push(name);
        if (name === during) stop.abort(reason());
      };
      const own = { onInputStart: note("onInputStart"), onInputAvailable: note("onInputAvailable") };
      const scene = await guarded("read_invoice", { ...make(note("execute")), ...own });
      await call(scene, stop.signal).catch(() => {});
      expect(ran).toEqual(expected);
      // What ran may have had effects: nothing is given back.
      const came = await outcomeOf(scene);
      expect(came).toMatchObject({ outcome: during === "nothing" ? "returned" : outcome });
      expect(came).not.toHaveProperty("nothingHappened");
      expect(await scene.left()).toBe(9);
    });

    it("begins nothing after the decision, and all is given back", async () => {
      const stop = new AbortController();
      const ran: unknown[] = [];
      const cerbos = answeringPdp(({ action, resource: { kind } }) => {
        if (action !== "read" || kind !== "invoice") return "allow";
        if (armed) stop.abort(reason());
        return { effect: "allow", outputs: [{ redact: ["/iban"] }] };
      });
      let armed = false;
      const scene = await guarded(
        "read_invoice",
        make(async () => void ran.push(caller())),
        cerbos,
      );
      armed = true;
      const told: unknown = await call(scene, stop.signal).catch((error: unknown) => error);
      expect([stop.signal.aborted, told]).toEqual([true, stop.signal.reason]);
      expect(ran).toEqual([]);
      expect(await outcomeOf(scene)).toMatchObject({ outcome, nothingHappened: true });
      await expect.poll(scene.left).toBe(10);
    });
  });
});

it("all calls of a loop have one signal, which has one listener: Node.js 20 warns of more than ten", async () => {
  const stop = new AbortController();
  let begun = 0;
  const { tools, authorizer } = await guarded("read_invoice", { execute: () => new Promise(() => begun++) });
  for (let i = 0; i < 10; i++) tools["read_invoice"]?.execute?.({ id: "7" }, callOf(stop.signal));
  await vi.waitFor(() => expect(begun).toBe(10));
  expect(getEventListeners(stop.signal, "abort")).toHaveLength(1);
  stop.abort();
  await vi.waitFor(() => expect(authorizer.audit.outcomes).toHaveLength(10));
});

it("a call that has ended is not kept by its signal, which a program may have for as long as it runs", async () => {
  const stop = new AbortController();
  const { tools } = await guarded("read_invoice", { execute: () => ({ id: "7", iban: "DE02" }) });
  for (let i = 0; i < 2; i++) await tools["read_invoice"]?.execute?.({ id: "7" }, callOf(stop.signal));
  expect(getEventListeners(stop.signal, "abort")).toEqual([]);
});
