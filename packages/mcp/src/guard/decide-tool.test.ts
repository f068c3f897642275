import { AsyncLocalStorage } from "node:async_hooks";
import { describe, expect, it } from "vitest";
import { askingFirst, decideTool, type Ran, type RequestScope } from "./decide-tool.ts";
import { allowed, denied, PENDING, requestScope } from "./guard.fixture.ts";
import { asDecided } from "./wrap-prompt.ts";

/** What a tool's wrapper does within the request of a tool, and what the policies were asked about. */
async function within(
  requested: string | undefined,
  decision: Awaited<ReturnType<RequestScope["decide"]>>,
  parsed: unknown,
) {
  const scope = new AsyncLocalStorage<RequestScope>();
  const asked: unknown[] = [];
  const decide = async (on: unknown) => {
    asked.push(on);
    return decision;
  };
  const next = await scope.run(requestScope({ tool: requested, decide }), () => decideTool(scope, "pay", parsed));
  return { next, asked };
}

const codeIn = (next: unknown): unknown =>
  (next as { result?: { _meta: { [name: string]: { code: string } } } }).result?._meta["dev.hopwise/denial"]?.code;

describe("a tool", () => {
  it("runs with exactly the arguments that were checked", async () => {
    const { next, asked } = await within("pay", allowed({ arguments: { to: "checked" } }), { to: "parsed" });
    expect(next).toEqual({ run: true, arguments: { to: "checked" } });
    expect(asked).toEqual([{ to: "parsed" }]);
  });

  it("runs with what its schema made where the checked arguments are a projection of that", async () => {
    const parsed = { due: new Date(0) };
    const { next } = await within("pay", allowed({ projected: true }), parsed);
    expect(next).toEqual({ run: true, arguments: parsed });
    expect((next as { arguments: unknown }).arguments).toBe(parsed);
  });

  it("whose schema makes null is decided on that, as a projection of it is, and runs with no other", async () => {
    const { next, asked } = await within("pay", allowed({ projected: true }), null);
    expect([next, asked]).toEqual([{ run: true, arguments: null }, [null]]);
  });

  it("that takes no arguments is decided on none, and gets none", async () => {
    const { next, asked } = await within("pay", allowed(), undefined);
    expect(next).toEqual({ run: true, arguments: undefined });
    expect(asked).toEqual([{}]);
  });

  it.each([
    ["1.x", { signal: new AbortController().signal, requestId: 1, sendRequest: () => {} }],
    ["2.x", { mcpReq: { signal: new AbortController().signal, id: 1, send: () => {} } }],
  ])("that takes no arguments gets what SDK %s gives it in their place", async (_, context) => {
    const scope = new AsyncLocalStorage<RequestScope>();
    const asked: unknown[] = [];
    const decide = async (on: unknown) => {
      asked.push(on);
      return allowed({ arguments: {} });
    };
    const run = askingFirst(scope, "pay", (given: unknown) => [given]);
    expect(await scope.run(requestScope({ decide }), () => run(context))).toEqual([context]);
    expect(asked).toEqual([{}]);
  });

  it.each([
    ["1.x", (id: number) => ({ signal: new AbortController().signal, requestId: id, sendRequest: () => {} })],
    ["2.x", (id: number) => ({ mcpReq: { signal: new AbortController().signal, id, send: () => {} } })],
  ])("that SDK %s runs within another request is not decided for that one's caller", async (_, contextOf) => {
    const scope = new AsyncLocalStorage<RequestScope>();
    const [decide, ran] = [async () => allowed({ arguments: {} }), async (..._given: unknown[]) => "ran"];
    const within = requestScope({ id: 1, decide });
    for (const given of [[contextOf(2)], [{ to: "Mallory" }, contextOf(2)]]) {
      const result = await scope.run(within, () => askingFirst(scope, "pay", ran)(...(given as [unknown])));
      expect(codeIn({ result })).toBe("guard_failed");
      const prompt = { name: "pay", arguments: { to: "Mallory" }, refused: () => {} };
      const made = scope.run({ ...within, prompt }, () => asDecided(scope, "pay", ran)(...(given as [unknown])));
      await expect(made).rejects.toMatchObject({ code: "guard_failed" });
    }
    expect(await scope.run(within, () => askingFirst(scope, "pay", ran)({ to: "x" }, contextOf(1)))).toBe("ran");
  });

  it("that gets arguments and a signal in one object is decided on these, and so is one that gets a context beside them", async () => {
    const scope = new AsyncLocalStorage<RequestScope>();
    const asked: unknown[] = [];
    const decide = async (on: unknown) => {
      asked.push(on);
      return denied();
    };
    const run = askingFirst(scope, "pay", (_args: unknown, ..._more: unknown[]) => expect.unreachable());
    const { signal } = new AbortController();
    const given: readonly (readonly [object, ...object[]])[] = [
      [{ to: "Mallory", signal }],
      [{ to: "Mallory", mcpReq: { signal } }],
      [{ to: "Mallory", signal, sendRequest: () => {} }, { signal }],
    ];
    for (const args of given) await scope.run(requestScope({ decide }), () => run(...args));
    expect(asked).toEqual(given.map(([args]) => args));
  });

  it.each([{ signal: "x" }, { mcpReq: null }, { mcpReq: { signal: { aborted: false } } }])(
    "that takes %j is decided on that",
    async (args) => {
      const scope = new AsyncLocalStorage<RequestScope>();
      const asked: unknown[] = [];
      const decide = async (on: unknown) => {
        asked.push(on);
        return denied();
      };
      await scope.run(requestScope({ decide }), () => askingFirst(scope, "pay", () => expect.unreachable())(args));
      expect(asked).toEqual([args]);
    },
  );

  it("that asks its client by what it returns runs on with what was decided, once for each time that it asked", async () => {
    const scope = new AsyncLocalStorage<RequestScope>();
    const given: unknown[] = [];
    const asks = { resultType: "input_required", inputRequests: {} };
    let [decided, rounds] = [0, 0];
    const run = askingFirst(scope, "pay", (args: unknown, context: object) => {
      given.push([args, context]);
      return ++rounds < 3 ? asks : { content: [] };
    });
    const other = askingFirst(scope, "other", () => expect.unreachable());
    const ran: Ran = { returned: false };
    const decide = async () => (++decided === 1 ? allowed({ arguments: { to: "checked" } }) : denied());
    await scope.run(requestScope({ decide, ran }), async () => {
      expect(await run({ to: "parsed" }, { round: 1 })).toBe(asks);
      expect(ran.returned).toBe(false);
      expect(codeIn({ result: await other({}) })).toBe("method_unguarded");
      expect(await run({ to: "Mallory" }, { round: 2 })).toBe(asks);
      expect(await run({ to: "parsed" }, { round: 3 })).toEqual({ content: [] });
      expect([ran.returned, decided]).toEqual([true, 1]);
      expect(codeIn({ result: await run({ to: "parsed" }, { round: 4 }) })).toBe("policy_denied");
    });
    expect(given).toEqual([1, 2, 3].map((round) => [{ to: "checked" }, { round }]));
  });

  it.each([
    [{ content: [] }, true],
    ["done", true],
    [undefined, true],
    [{ task: "a member of a result" }, true],
    [{ content: [], isError: true }, false],
    [{ task: { taskId: "t", status: "working" } }, false],
  ])("that gives %j has given its result: %s", async (result, returned) => {
    const scope = new AsyncLocalStorage<RequestScope>();
    const ran: Ran = { returned: false };
    const decide = async () => allowed();
    await scope.run(requestScope({ decide, ran }), () => askingFirst(scope, "pay", () => result)({}));
    expect(ran.returned).toBe(returned);
  });

  it("does not run where the call is denied, or has to be approved first", async () => {
    expect(codeIn((await within("pay", denied(), {})).next)).toBe("policy_denied");
    const pending = (await within("pay", PENDING, {})).next;
    const data = { request: PENDING.approval.request, reason: "large", approvers: 1, until: 1_800_000_000 };
    expect(pending).toMatchObject({ run: false, result: { isError: true, _meta: { "dev.hopwise/pending": data } } });
  });

  it.each([true, false])("runs where it may still begin: %s", async (may) => {
    const scope = new AsyncLocalStorage<RequestScope>();
    const within = requestScope({ begins: () => may });
    expect((await scope.run(within, () => decideTool(scope, "pay", {}))).run).toBe(may);
  });

  it.each([
    ["the request of another tool", "read"],
    ["a request of another kind", undefined],
  ])("does not run within %s: nothing speaks for it, and nothing is asked", async (_, requested) => {
    const { next, asked } = await within(requested, allowed(), {});
    expect([next.run, codeIn(next)]).toEqual([false, "method_unguarded"]);
    expect(asked).toEqual([]);
  });

  it("does not run outside of any request", async () => {
    expect(codeIn(await decideTool(new AsyncLocalStorage<RequestScope>(), "pay", {}))).toBe("method_unguarded");
  });

  it("does not run where the decision cannot be had at all, and its wrapper sees no fault of the guard", async () => {
    const scope = new AsyncLocalStorage<RequestScope>();
    const within = requestScope({ decide: () => Promise.reject(new Error("hunter2")) });
    const decision = await scope.run(within, () => decideTool(scope, "pay", {}));
    expect(decision).toMatchObject({ run: false, result: { isError: true } });
    expect(JSON.stringify(decision)).toContain("guard_failed");
    expect(JSON.stringify(decision)).not.toContain("hunter2");
  });
});
