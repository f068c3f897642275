/** Commands whose answer nobody reads to its end: what they do, and with which code they end. */
import { execFileSync, spawnSync } from "node:child_process";
import { join } from "node:path";
import { openAuditLog } from "@hopwise/audit";
import { generateSigner } from "@hopwise/core";
import { sampleDecision } from "@hopwise/core/testing";
import { sqliteState } from "@hopwise/sqlite";
import { describe, expect, it, onTestFinished } from "vitest";
import { run } from "../../packages/hopwise/src/run.ts";
import { BIN } from "./hopwise.ts";
import { projectWithStores } from "./project.ts";

const HOPWISE = `"${process.execPath}" "${BIN}"`;

/** A project with an audit log of two calls, and a store that knows nothing yet. */
async function project(): Promise<string> {
  const folder = projectWithStores(onTestFinished);
  const audit = await openAuditLog({ folder: join(folder, "audit"), signer: await generateSigner() });
  for (const invocation of ["call-1", "call-2"]) await audit.record(sampleDecision({ invocation }));
  await audit.close();
  const state = await sqliteState({ file: join(folder, "state.db") });
  await state.close();
  return folder;
}

/** @returns the code of the command itself, behind what its reader printed */
function piped(folder: string, command: string, reader: string): string {
  return execFileSync("sh", ["-c", `{ { ${HOPWISE} ${command}; echo "code $?" >&3; } | ${reader}; } 3>&1`], {
    cwd: folder,
    encoding: "utf8",
  });
}

describe("a command whose reader is gone", () => {
  const REVOKE = "revoke --agent planner --audit audit --yes --state";

  it("does what it was told, before it ends with 0", async () => {
    const folder = await project();
    expect(piped(folder, `${REVOKE} sqlite:state.db`, "true")).toBe("code 0\n");
    expect(piped(folder, "revoke --list --state sqlite:state.db", "cat")).toMatch(/agent planner; .*\ncode 0\n$/);
  });

  it("says by its code what it could not do", async () => {
    expect(piped(await project(), `${REVOKE} sqlite:typo.db 2>&1`, "true")).toBe("code 2\n");
  });

  it("reads no more records than somebody reads", async () => {
    const folder = await project();
    const out: string[] = [];
    const terminal = { err: () => {}, colors: false, input: async () => undefined, now: Date.now, folder };
    const isRead = (): boolean => out.length === 0;
    expect(await run(["audit", "find", "audit"], { ...terminal, out: (line) => void out.push(line), isRead })).toBe(0);
    expect(out).toEqual([expect.stringContaining("call-1")]);
  });
});

/** A disk that is full is a device of Linux alone. */
describe.runIf(process.platform === "linux")("a command whose answer finds no room", () => {
  it("ends with 2, and says why", async () => {
    const { status, stderr } = spawnSync("sh", ["-c", `${HOPWISE} audit find audit --json >/dev/full`], {
      cwd: await project(),
      encoding: "utf8",
    });
    expect([status, stderr]).toEqual([
      2,
      "error: the answer could not be written: ENOSPC: no space left on device, write\n",
    ]);
  });

  it("ends with its own code where it is the errors that find none", async () => {
    const call = `${HOPWISE} nothing 2>/dev/full`;
    expect(spawnSync("sh", ["-c", call], { cwd: await project() }).status).toBe(2);
  });
});
