/** The tools of an AI SDK loop in shadow mode, on the real policies. */
import { authorizeTools, caller } from "@hopwise/ai-sdk";
import type { Tool, ToolSet } from "ai";
import { expect, it } from "vitest";
import { z } from "zod";
import { GOOD } from "../support/calls.ts";
import { type World, worldHere } from "../support/world.ts";

const world = await worldHere();

const inputSchema = z.object({ to: z.string(), amount: z.number(), currency: z.string() });
const OPTIONS = { toolCallId: "1", messages: [], context: {} };
const TOO_MUCH = { ...GOOD, amount: 4000 };

async function guarded(options: Parameters<World["authorizer"]>[0] = {}) {
  const { authorizer, audit } = world.authorizer({ onWarning: () => {}, ...options });
  const execute = async () => `paid for ${caller()?.user.id ?? "everybody"}`;
  const delegation = world.researcher;
  const tools = (await authorizeTools(
    { send_payment: { inputSchema, execute } as Tool },
    { authorizer, delegation },
  )) as ToolSet;
  const pay = async (args: object): Promise<unknown> => tools["send_payment"]?.execute?.(args, OPTIONS as never);
  return { tools, pay, audit };
}

it("a tool that was not handed over is shown, runs for its caller, and the record says what would have happened", async () => {
  expect(Object.keys((await guarded()).tools)).toEqual([]);
  const { tools, pay, audit } = await guarded({ shadow: ["send_payment"] });
  expect(Object.keys(tools)).toEqual(["send_payment"]);
  expect(await pay(TOO_MUCH)).toBe("paid for alice");
  expect(audit.records.map(({ tool, enforced, shadow }) => [tool, enforced, shadow?.code])).toEqual([
    ["mcp:tools/list", undefined, undefined],
    ["send_payment", false, "grant_tool_missing"],
  ]);
});

it("once its delegation has expired, a tool is not told for whom it runs", async () => {
  let now = Date.now();
  const { pay, audit } = await guarded({ shadow: "everything", clock: () => now });
  now += 2 * 3_600_000;
  await expect(pay(GOOD)).rejects.toThrow(/it is not known for whom this call runs, .*\(token_expired\)/);
  expect(audit.records.at(-1)).toMatchObject({ enforced: false, shadow: { code: "token_expired" } });
});
