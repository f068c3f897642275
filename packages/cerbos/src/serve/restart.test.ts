import { chmodSync, existsSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { GRPC } from "@cerbos/grpc";
import { describe, expect, it, onTestFinished } from "vitest";
import { findBinary } from "../binary/find-binary.ts";
import { fakeCerbos, PAYMENTS, REPORT_SCHEMA, REPORTS, temporaryFolder } from "../testing/policies.ts";
import { pidsOf, runFolder, startHost, untilGone } from "../testing/processes.ts";
import { until } from "../testing/until.ts";
import type { PdpChange } from "./keep-running.ts";
import { type Pdp, type StartPdpOptions, startPdp } from "./start-pdp.ts";

const homeOf = (target: string): string => dirname(runFolder(target));

/** A PDP that starts again, and what is told of it. */
async function started(
  options: Partial<StartPdpOptions> = {},
  pauses = {},
): Promise<{ pdp: Pdp; changes: PdpChange[] }> {
  const changes: PdpChange[] = [];
  const pdp = await startPdp({
    policies: temporaryFolder({ "payments.yaml": PAYMENTS }),
    restart: { firstPauseMs: 20, ...pauses, onChange: (change) => changes.push(change) },
    ...options,
  });
  onTestFinished(() => pdp.close());
  return { pdp, changes };
}

function kill(pdp: Pdp): void {
  process.kill(pidsOf(runFolder(pdp.target)).pdp, "SIGKILL");
}

const isUp = (changes: readonly PdpChange[]) => (): boolean => changes.at(-1)?.up === true;

function pay(client: GRPC, amount: number): Promise<boolean> {
  return client.isAllowed({
    principal: { id: "ann", roles: ["user"], attr: { cap: 10 } },
    resource: { kind: "payment", id: "p1", attr: { amount } },
    action: "pay",
  });
}

describe("a PDP that starts again", () => {
  it("serves at the same target after each death, to its own client and to others, and tells what happened", async () => {
    const { pdp, changes } = await started();
    const other = new GRPC(pdp.target, { tls: false, channelOptions: { "grpc.initial_reconnect_backoff_ms": 100 } });
    onTestFinished(() => other.close());
    for (let death = 1; death <= 3; death++) {
      const { pdp: before } = pidsOf(runFolder(pdp.target));
      kill(pdp);
      await until(() => changes.length === death * 2);
      expect(pidsOf(runFolder(pdp.target)).pdp).not.toBe(before);
      expect([await pay(pdp.client, 5), await pay(pdp.client, 50)]).toEqual([true, false]);
      await until(() => pay(other, 5).catch(() => false));
    }
    expect(changes.slice(0, 2)).toEqual([
      { up: false, problem: "the PDP is gone (SIGKILL)", pauseMs: 20 },
      { up: true },
    ]);
    await pdp.close();
    expect(await pdp.exited).toEqual({ code: 0, signal: null });
    await untilGone(homeOf(pdp.target));
  });

  it("comes back at the same target where somebody cleaned up the folder of its socket", async () => {
    const { pdp, changes } = await started();
    const { pdp: pid } = pidsOf(runFolder(pdp.target));
    rmSync(homeOf(pdp.target), { recursive: true });
    process.kill(pid, "SIGKILL");
    await until(isUp(changes));
    expect(await pay(pdp.client, 5)).toBe(true);
  });

  it("comes back when the shell that watches it is killed, too", async () => {
    const { pdp, changes } = await started();
    process.kill(pidsOf(runFolder(pdp.target)).supervisor, "SIGKILL");
    await until(isUp(changes));
    expect(await pay(pdp.client, 5)).toBe(true);
  });

  it("tells what could not be evaluated after it came back, too", async () => {
    const { pdp, changes } = await started();
    kill(pdp);
    await until(isUp(changes));
    const principal = { id: "bob", roles: ["user"] };
    const resource = { kind: "payment", id: "p1", attr: { amount: 50 } };
    const { cerbosCallId } = await pdp.client.checkResources({
      principal,
      resources: [{ resource, actions: ["pay"] }],
    });
    expect(await pdp.failuresOf(cerbosCallId, "deny")).toEqual([
      { expression: "R.attr.amount > P.attr.cap", error: "no such key: cap" },
    ]);
  });

  it("does not serve policies that broke meanwhile: it says so, tries again, and takes the corrected ones", async () => {
    const policies = temporaryFolder({
      "payments.yaml": PAYMENTS,
      "r.yaml": REPORTS,
      "_schemas/report.json": REPORT_SCHEMA,
    });
    const ran = join(temporaryFolder(), "ran");
    const binary = fakeCerbos(`echo "$1" >> ${ran}; exec ${await findBinary()} "$@"`);
    const { pdp, changes } = await started({ policies, binary });
    // A missing schema keeps no PDP from starting: it would deny all reports, and nobody would know why.
    rmSync(join(policies, "_schemas/report.json"));
    kill(pdp);
    await until(() => changes.length >= 3);
    expect(changes.map(({ up }) => up)).not.toContain(true);
    expect(changes[1]?.problem).toMatch(/do not compile[\s\S]*report\.json/);
    await expect(pay(pdp.client, 5)).rejects.toMatchObject({ code: 14 });
    // Not for a moment: a client would at once ask a PDP that serves.
    const served = (): number =>
      readFileSync(ran, "utf8")
        .split("\n")
        .filter((word) => word === "server").length;
    expect(served()).toBe(1);
    writeFileSync(join(policies, "_schemas/report.json"), REPORT_SCHEMA);
    await until(isUp(changes));
    expect(served()).toBe(2);
    expect(await pay(pdp.client, 5)).toBe(true);
  });

  it("makes its decision log private again before it writes to it", async () => {
    const decisionLog = join(temporaryFolder(), "decisions.jsonl");
    const { pdp, changes } = await started({ decisionLog });
    await pay(pdp.client, 5);
    chmodSync(decisionLog, 0o644);
    kill(pdp);
    await until(isUp(changes));
    expect(statSync(decisionLog).mode & 0o777).toBe(0o600);
    await pay(pdp.client, 5);
    await pdp.close();
    expect(readFileSync(decisionLog, "utf8").trim().split("\n")).toHaveLength(2);
  });

  it("that dies again and again is started again and again, with pauses that grow, and leaves nothing behind", async () => {
    const flag = join(temporaryFolder(), "broken");
    const binary = fakeCerbos(
      `[ "$1" = server ] && [ -e ${flag} ] && { echo "no space left on device" >&2; exit 7; }; exec ${await findBinary()} "$@"`,
    );
    const { pdp, changes } = await started({ binary }, { firstPauseMs: 5, longestPauseMs: 40 });
    writeFileSync(flag, "");
    kill(pdp);
    await until(() => changes.length >= 6);
    expect(changes.slice(0, 6).map(({ pauseMs }) => pauseMs)).toEqual([5, 10, 20, 40, 40, 40]);
    expect(changes[5]?.problem).toContain("no space left on device");
    rmSync(flag);
    await until(isUp(changes));
    expect(await pay(pdp.client, 5)).toBe(true);
    await pdp.close();
    await untilGone(homeOf(pdp.target));
  });
});

describe("a PDP that is gone for now", () => {
  const FOR_LONG = { firstPauseMs: 60_000 };

  it("is closed in the middle of its pause, and nothing is left", async () => {
    const { pdp, changes } = await started({}, FOR_LONG);
    kill(pdp);
    await until(() => changes.length === 1);
    await pdp.close();
    expect(await pdp.exited).toEqual({ code: null, signal: "SIGKILL" });
    await untilGone(homeOf(pdp.target));
    await expect(pay(pdp.client, 5)).rejects.toThrow();
  });

  it.each([0, 30, 100, 200, 400])(
    "is closed %d ms after its new start began, and nothing is left",
    async (waitedMs) => {
      const { pdp, changes } = await started({}, { firstPauseMs: 1 });
      kill(pdp);
      await until(() => changes.length >= 1);
      await new Promise((settle) => setTimeout(settle, waitedMs));
      await pdp.close();
      await pdp.exited;
      await untilGone(homeOf(pdp.target));
    },
  );

  it.each([true, false])(
    "keeps the place of its socket ours: nobody can put a false PDP there (restart: %s)",
    async (on) => {
      const { pdp, changes } = await started(on ? {} : { restart: false }, FOR_LONG);
      kill(pdp);
      if (on) await until(() => changes.length === 1);
      else await pdp.exited;
      const home = homeOf(pdp.target);
      expect(statSync(home)).toMatchObject({ uid: process.getuid?.() });
      expect(statSync(home).mode & 0o777).toBe(0o700);
      expect(existsSync(runFolder(pdp.target))).toBe(false);
      await expect(pay(pdp.client, 5)).rejects.toMatchObject({ code: 14 });
      await pdp.close();
      expect(existsSync(home)).toBe(false);
    },
  );

  const START = `const changed = new Promise((settle) => { globalThis.settle = settle; });
    const pdp = await startPdp({ policies: process.env.POLICIES, restart: { firstPauseMs: 60_000, onChange: () => settle() } });
    say(pdp.target);`;
  const policies = (): string => temporaryFolder({ "payments.yaml": PAYMENTS });

  it("leaves nothing when its host is killed in the pause", async () => {
    const host = startHost(`${START} setInterval(() => {}, 1000); await changed; say("gone");`, {
      POLICIES: policies(),
    });
    const target = (await host.heard()) as string;
    process.kill(pidsOf(runFolder(target)).pdp, "SIGKILL");
    expect(await host.heard()).toBe("gone");
    expect(existsSync(homeOf(target))).toBe(true);
    process.kill(host.pid, "SIGKILL");
    await untilGone(homeOf(target));
  });

  it("does not keep its host alive, and leaves nothing when that ends in the pause", async () => {
    const body = `${START} const open = setInterval(() => {}, 1000); await changed; clearInterval(open); say("gone");`;
    const host = startHost(body, { POLICIES: policies() });
    const target = (await host.heard()) as string;
    process.kill(pidsOf(runFolder(target)).pdp, "SIGKILL");
    expect(await host.heard()).toBe("gone");
    expect(await host.exited).toBe(0);
    await untilGone(homeOf(target));
  });
});
