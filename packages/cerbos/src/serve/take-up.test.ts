import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { createChangeover } from "../ask/index.ts";
import { fakeCerbos, temporaryFolder } from "../testing/policies.ts";
import { takingUp } from "./take-up.ts";

/** What takes up changes for a PDP that does not say that it has loaded, until it does; and what was done, in order. */
function takesUp(script: string) {
  const path = temporaryFolder({ "door.yaml": "door" });
  const pdp = { loads: false, done: [] as string[] };
  const taking = takingUp({
    pdp: {
      loadAnew: async () => {
        pdp.done.push("load");
        if (!pdp.loads) throw new Error("no answer");
      },
      untilGoneOver: async () => void pdp.done.push("ask"),
    },
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
  return { pdp, ...taking };
}

it("puts no change in the place of one that Cerbos may still be reading: it would serve a mix of both", async () => {
  const { pdp, copy, takeUp } = takesUp("exit 0");
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
  const { pdp, copy, takeUp } = takesUp(`rm -f ${running}`);
  await copy(false);
  await takeUp(() => existsSync(running));
  expect(pdp.done).toEqual([]);
});
