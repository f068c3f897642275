import { spawn } from "node:child_process";
import { once } from "node:events";
import { describe, expect, it } from "vitest";
import { identityOf, isGone } from "./process-identity.ts";

describe.runIf(process.platform === "linux")("the identity of a process", () => {
  it("tells the living from those that are gone", async () => {
    const child = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"]);
    const theirs = await identityOf(child.pid as number);
    expect(await isGone(theirs as string)).toBe(false);
    child.kill("SIGKILL");
    await once(child, "exit");
    expect(await isGone(theirs as string)).toBe(true);
    expect(await isGone((await identityOf(process.pid)) as string)).toBe(false);
  });

  it("tells a process from a later one with the same number", async () => {
    const [boot, namespace, pid] = ((await identityOf(process.pid)) as string).split("/");
    expect(await isGone(`${boot}/${namespace}/${pid}/12345`)).toBe(true);
  });

  it("says of nobody that it is gone who may live where this process cannot look", async () => {
    const [boot, namespace, pid, start] = ((await identityOf(process.pid)) as string).split("/");
    expect(await isGone(`another-boot/${namespace}/${pid}/${start}0`)).toBe(false);
    expect(await isGone(`${boot}/1/${pid}/${start}0`)).toBe(false);
  });
});
