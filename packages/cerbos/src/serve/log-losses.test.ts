import { join } from "node:path";
import { expect, it, onTestFinished, vi } from "vitest";
import { findBinary } from "../binary/find-binary.ts";
import { fakeCerbos, PAYMENTS, temporaryFolder } from "../testing/policies.ts";
import { until } from "../testing/until.ts";
import { watchLosses } from "./log-losses.ts";
import { startPdp } from "./start-pdp.ts";

/** As Cerbos 0.55.0 and 0.51.0 print it. */
const LOST =
  "2026-11-29 18:55:19.308993929 +0000 UTC m=+1.728392373 write error: write /var/log/d.log: no space left on device";
const PROBLEM =
  "Cerbos' decision log loses records, and calls are decided on: write /var/log/d.log: no space left on device";

it("a record that is lost is told once, and is a problem until none was lost for a minute", () => {
  let now = 0;
  const told: string[] = [];
  const losses = watchLosses(
    (problem) => told.push(problem),
    () => now,
  );
  for (now of [0, 50_000, 100_000]) losses.read(LOST);
  expect([told, losses.health]).toEqual([[PROBLEM], { ok: false, problem: PROBLEM }]);
  now = 160_000;
  expect(losses.health).toBeUndefined();
  losses.read(LOST);
  expect(told).toEqual([PROBLEM, PROBLEM]);
});

it("nothing else that Cerbos prints is taken for it, whatever a caller puts into it", () => {
  const losses = watchLosses(() => expect.unreachable());
  for (const line of ["", "{}", JSON.stringify({ message: LOST }), "panic: no space left on device"]) losses.read(line);
  expect(losses.health).toBeUndefined();
});

it("is what health and a warning say of a PDP whose decision log is full, which decides on", async () => {
  const warned = vi.spyOn(process, "emitWarning").mockImplementation(() => {});
  onTestFinished(() => warned.mockRestore());
  const binary = fakeCerbos(`[ "$1" = server ] && ulimit -f 8; exec ${await findBinary()} "$@"`);
  const decisionLog = join(temporaryFolder(), "decisions.jsonl");
  const pdp = await startPdp({ policies: temporaryFolder({ "p.yaml": PAYMENTS }), binary, decisionLog });
  onTestFinished(() => pdp.close());
  const pays = (): Promise<boolean> =>
    pdp.client.isAllowed({
      principal: { id: "ann", roles: ["user"], attr: { cap: 10 } },
      resource: { kind: "payment", id: "p1", attr: { amount: 5, note: "x".repeat(1_000) } },
      action: "pay",
    });
  await until(async () => (await pays()) && !pdp.health().ok);
  expect(pdp.health().problem).toMatch(/decision log loses records/);
  expect(warned.mock.calls).toEqual([[expect.stringContaining("decision log loses records"), "HopwiseWarning"]]);
});
