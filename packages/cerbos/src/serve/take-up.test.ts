import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it, vi } from "vitest";
import { createChangeover } from "../ask/index.ts";
import { fakeCerbos, temporaryFolder } from "../testing/policies.ts";
import { takingUp } from "./take-up.ts";

/** A PDP that says nothing when it is to load, until it does; and what was done, in order. */
const pdp = vi.hoisted(() => ({ loads: false, done: [] as string[] }));

vi.mock("@cerbos/grpc", () => ({
  GRPC: class {
    async reloadStore(): Promise<void> {
      pdp.done.push("load");
      if (!pdp.loads) throw new Error("no answer");
    }
    async checkResources(): Promise<void> {
      pdp.done.push("ask");
    }
    close(): void {}
  },
}));

function takesUp(script: string) {
  pdp.done.length = 0;
  const path = temporaryFolder({ "door.yaml": "door" });
  return takingUp({
    target: "unix:/nowhere",
    copies: { next: async () => ({ path, lost: [] }), exchange: async () => void pdp.done.push("exchange") },
    check: {
      binary: fakeCerbos(script),
      policies: path,
      schemaEnforcement: "reject",
      timeoutMs: 10_000,
      signal: new AbortController().signal,
    },
    changeover: createChangeover(0),
  });
}

it("puts no change in the place of one that Cerbos may still be reading: it would serve a mix of both", async () => {
  const { copy, takeUp } = takesUp("exit 0");
  await copy(false);
  for (let times = 0; times < 2; times++) await expect(takeUp(() => true)).rejects.toThrow("no answer");
  expect(pdp.done.splice(0)).toEqual(["exchange", "load", "load"]);
  pdp.loads = true;
  for (let times = 0; times < 2; times++) await takeUp(() => true);
  // It answers no question before it has gone over.
  expect(pdp.done).toEqual(["load", "ask", "exchange", "load", "ask", "exchange", "load"]);
});

it("leaves the copies alone where no PDP is to go over any more: the next one reads its own at this moment", async () => {
  const running = join(temporaryFolder(), "running");
  writeFileSync(running, "");
  // It ends while the change is checked.
  const { copy, takeUp } = takesUp(`rm -f ${running}`);
  await copy(false);
  await takeUp(() => existsSync(running));
  expect(pdp.done).toEqual([]);
});
