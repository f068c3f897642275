import { readdirSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { findBinary } from "../binary/find-binary.ts";
import { fakeCerbos, PAYMENTS, temporaryFolder } from "../testing/policies.ts";
import { pidsOf, runFolder, startHost, untilGone } from "../testing/processes.ts";
import { until } from "../testing/until.ts";

const START = `const pdp = await startPdp({ policies: process.env.POLICIES });`;
const policies = (): string => temporaryFolder({ "payments.yaml": PAYMENTS });

async function untilGoneFrom(temporary: string): Promise<void> {
  await untilGone(`${temporary}/hopwise-pdp`);
  // A host that died between making the folder and starting the supervisor leaves a folder, never a socket.
  await until(
    () => !readdirSync(temporary, { recursive: true, encoding: "utf8" }).some((name) => name.endsWith(".sock")),
  );
}

describe("the PDP goes with its host", () => {
  it("when the host is killed", async () => {
    const host = startHost(`${START} say(pdp.target); setInterval(() => {}, 1000);`, { POLICIES: policies() });
    const folder = runFolder((await host.heard()) as string);
    process.kill(host.pid, "SIGKILL");
    await untilGone(folder);
  });

  it("when the host ends without a call to close, which the PDP does not keep it from", async () => {
    const host = startHost(`${START} say(pdp.target);`, { POLICIES: policies() });
    const folder = runFolder((await host.heard()) as string);
    expect(await host.exited).toBe(0);
    await untilGone(folder);
  });

  it("when the host throws", async () => {
    const body = `${START} say(pdp.target); process.once("uncaughtException", () => process.exit(70)); throw new Error();`;
    const host = startHost(body, { POLICIES: policies() });
    const folder = runFolder((await host.heard()) as string);
    expect(await host.exited).toBe(70);
    await untilGone(folder);
  });

  it("when the host and the shell between them are killed together", async () => {
    const body = `${START} say(pdp.target); setInterval(() => {}, 1000);`;
    const host = startHost(body, { POLICIES: policies() });
    const folder = runFolder((await host.heard()) as string);
    process.kill(pidsOf(folder).supervisor, "SIGKILL");
    process.kill(host.pid, "SIGKILL");
    await untilGone(folder);
  });

  it("when the executable is a launcher that runs Cerbos as a child of its own", async () => {
    const launcher = fakeCerbos(`${await findBinary()} "$@"; exit $?`);
    const body = `const pdp = await startPdp({ policies: process.env.POLICIES, binary: process.env.LAUNCHER });
      say(pdp.target); setInterval(() => {}, 1000);`;
    const host = startHost(body, { POLICIES: policies(), LAUNCHER: launcher });
    const folder = runFolder((await host.heard()) as string);
    process.kill(host.pid, "SIGKILL");
    await untilGone(folder);
  });

  it("when the host is killed at any moment of the start", async () => {
    const temporaries: string[] = [];
    for (let waited = 0; waited <= 400; waited += 50) {
      const temporary = temporaryFolder();
      const body = `say("starting"); ${START} setInterval(() => {}, 1000);`;
      const host = startHost(body, { POLICIES: policies(), TMPDIR: temporary });
      await host.heard();
      await delay(waited);
      process.kill(host.pid, "SIGKILL");
      temporaries.push(temporary);
    }
    // What is left of a host goes while the next ones start.
    for (const temporary of temporaries) await untilGoneFrom(temporary);
  }, 120_000);
});

it("a host that finishes its work after Ctrl-C can still ask its PDP", async () => {
  const body = `${START}
    process.once("SIGINT", async () => {
      await new Promise((resolve) => setTimeout(resolve, 200));
      say((await pdp.client.checkHealth()).status);
      await pdp.close();
      clearInterval(open);
    });
    const open = setInterval(() => {}, 1000);
    say(pdp.target);`;
  const host = startHost(body, { POLICIES: policies() });
  const folder = runFolder((await host.heard()) as string);
  process.kill(-host.pid, "SIGINT");
  expect(await host.heard()).toBe("SERVING");
  expect(await host.exited).toBe(0);
  await untilGone(folder);
});
