/** One of the processes of the soak: the pay server's authorizer on the shared Redis, which does what its parent says. */
import { connectPdp } from "@hopwise/cerbos";
import { createAuthorizer, HopwiseError, inMemoryAgents, type ToolEntry } from "@hopwise/core";
import { acceptRevocations } from "@hopwise/core/state";
import { clientOptions, redisState } from "@hopwise/redis";
import { createClient } from "@redis/client";
import { ISSUER, PAY_SERVER, tools, users } from "../../examples/finance-team/company.ts";
import { NOTHING_HAPPENED } from "./referee.ts";
import { type Answer, type Call, LOG, type Setup, type Task, type Told } from "./tasks.ts";

const tell = (told: Told): unknown => process.send?.(told);
for (const event of ["uncaughtException", "unhandledRejection"]) {
  process.on(event, (error: unknown) => tell({ raw: `${event}: ${String(error)}` }));
}
process.on("disconnect", () => process.exit());
// The parent may have died while this was loaded.
if (!process.connected) process.exit();

const setup = JSON.parse(process.argv[2] ?? "{}") as Setup;
const client = createClient({ url: `redis://127.0.0.1:${setup.port}`, ...clientOptions() });
const state = await redisState({ client, durable: setup.durable, deadlineMs: 500 });
const authorizer = createAuthorizer({
  audience: PAY_SERVER,
  trust: [setup.anchor],
  users,
  agents: inMemoryAgents(
    Object.fromEntries(
      Object.entries(setup.keys).map(([name, key]) => [
        name,
        { roles: ["finance_agent"], attributes: { class: "finance", owner: "finance-team" }, keys: [key] },
      ]),
    ),
  ),
  tools: { ...tools, send_payment: { ...(tools["send_payment"] as ToolEntry), keepInRecord: ["to", "amount"] } },
  approvals: { approvers: [{ issuer: ISSUER, subject: "dana", keys: [setup.approver] }] },
  deadlineMs: 2000,
  state,
  cerbos: await connectPdp({ targets: setup.target, restMs: 100, startTimeoutMs: 60_000 }),
  audit: {
    record: () => {
      if (Math.random() < 0.02) throw new Error("the disk is full");
    },
  },
});
const accept = acceptRevocations({ trust: [setup.anchor], audience: LOG, state, deadlineMs: 4000 });

process.on("message", async ({ id, task }: { readonly id: number; readonly task: Task }) => {
  const answer = await doing(task).catch(
    (error: unknown): Answer =>
      error instanceof HopwiseError && task.does !== "call"
        ? { code: error.code, value: error.message }
        : { code: "raw", value: error instanceof Error ? error.stack : String(error) },
  );
  tell({ id, answer });
});
tell({ ready: true });

async function doing(task: Task): Promise<Answer> {
  switch (task.does) {
    case "call":
      return calling(task.call);
    case "revoke":
      await state.revocations.revoke(task.target);
      return { code: "done" };
    case "accept":
      await accept(task.signed);
      return { code: "done" };
    case "lift":
      return { code: "done", value: await state.revocations.lift(task.target) };
    case "find":
      return { code: "done", value: (await authorizer.approvals.find(task.request))?.request };
    case "answer":
      return { code: "done", value: (await authorizer.approvals.answer(task.request, task.signed)).state };
    case "verify":
      // A chain is verified, and remembered, before its proof is looked at.
      for (const chain of task.chains)
        await calling({ tool: "send_payment", arguments: {}, credential: { chain, proof: "" } });
      return { code: "done" };
    case "memory":
      globalThis.gc?.();
      return { code: "done", value: process.memoryUsage().heapUsed / 2 ** 20 };
  }
}

async function calling({ comesToNothing, ...call }: Call): Promise<Answer> {
  const decision = await authorizer.authorize({ ...call, fulfils: true });
  if (decision.outcome === "denied") return { code: decision.code, value: decision.message };
  if (decision.outcome === "pending") return { code: "pending", value: decision.approval.request };
  if (comesToNothing !== true) return { code: "allowed" };
  await authorizer.report(decision, { outcome: "failed", nothingHappened: true });
  return { code: NOTHING_HAPPENED };
}
