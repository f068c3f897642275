import { describe, expect, it } from "vitest";
import { allowed, denied, requestScope } from "./guard.fixture.ts";
import { createGuardedTools } from "./guarded-tools.ts";

describe("guarded tools", () => {
  it("are those that were wrapped, until they are forgotten", () => {
    const tools = createGuardedTools();
    expect([tools.has("pay"), tools.size]).toEqual([false, 0]);
    tools.wrap("pay", () => undefined);
    tools.wrap("pay", () => undefined);
    expect([tools.has("pay"), tools.has("toString"), tools.size]).toEqual([true, false, 1]);
    tools.clear();
    expect([tools.has("pay"), tools.size]).toEqual([false, 0]);
  });

  it("are closed where their server runs something else under a name, until all are forgotten", () => {
    const tools = createGuardedTools();
    tools.wrap("pay", () => undefined);
    tools.distrust("pay");
    tools.wrap("pay", () => undefined);
    expect(tools.has("pay")).toBe(false);
    tools.clear();
    tools.wrap("pay", () => undefined);
    expect(tools.has("pay")).toBe(true);
  });

  it("run with what was decided, and with all else that their server gave them", async () => {
    const tools = createGuardedTools();
    const pay = tools.wrap("pay", (args: object, context: string) => [args, context]);
    const decide = async () => allowed({ arguments: { to: "checked" } });
    expect(await tools.scope.run(requestScope({ decide }), () => pay({ to: "parsed" }, "context"))).toEqual([
      { to: "checked" },
      "context",
    ]);
  });

  it("do not run where they are denied: the denial is their result", async () => {
    const tools = createGuardedTools();
    const pay = tools.wrap("pay", () => "it ran");
    const scope = requestScope({ decide: async () => denied() });
    expect(await tools.scope.run(scope, () => pay({}))).toMatchObject({ isError: true });
  });

  it("of several sessions share a scope and nothing else", async () => {
    const one = createGuardedTools();
    const two = createGuardedTools(one.scope);
    one.wrap("pay", () => undefined);
    expect([two.scope === one.scope, two.has("pay")]).toEqual([true, false]);
  });
});
