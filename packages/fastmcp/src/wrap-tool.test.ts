import type { Decision } from "@hopwise/core";
import { runWithin } from "@hopwise/core/running";
import { createGuardedTools } from "@hopwise/mcp";
import { expect, it } from "vitest";
import { type AnyTool, toolWrapper } from "./wrap-tool.ts";

it.each([false, true])(
  "a tool whose call is over when it was decided (%s) does not begin, and says so",
  async (isOver) => {
    const done: string[] = [];
    const call = {
      caller: undefined,
      filter: undefined,
      nothingHappened: () => void done.push("nothing"),
      end: () => void done.push("ended"),
    };
    const tools = createGuardedTools();
    const tool: AnyTool = { name: "pay", execute: async () => void done.push("ran") };
    const { execute } = toolWrapper()(tool, tools);
    const decide = async () => ({ outcome: "allowed", arguments: {} }) as Decision;
    const stop = new AbortController();
    if (isOver) stop.abort(new Error("it took too long"));
    const ran = runWithin(call, () =>
      tools.scope.run({ tool: "pay", decide, begins: () => true, ran: { returned: false } } as never, async () =>
        execute({}, { signal: stop.signal } as never),
      ),
    );
    if (isOver) await expect(ran).rejects.toThrow("it took too long");
    else await ran;
    expect(done).toEqual(isOver ? ["nothing"] : ["ran", "ended"]);
  },
);
