import { execFileSync, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { onTestFinished } from "vitest";
import { temporaryFolder } from "./policies.ts";
import { until } from "./until.ts";

/** A process whose command line names the folder. */
interface Found {
  readonly pid: number;
  /** The process that leads its group. */
  readonly leader: number;
  readonly command: string;
}

function processesOf(folder: string): readonly Found[] {
  const table = execFileSync("ps", ["-A", "-ww", "-o", "pid=,pgid=,args="], { encoding: "utf8" });
  return table
    .split("\n")
    .filter((line) => line.includes(folder) && !line.includes("<defunct>"))
    .map((line) => {
      const [, pid, leader, command = ""] = /^\s*(\d+)\s+(\d+)\s+(.*)$/.exec(line) ?? [];
      return { pid: Number(pid), leader: Number(leader), command };
    });
}

/** The folder of a PDP's sockets, from its target. */
export function runFolder(target: string): string {
  return dirname(target.replace("unix:", ""));
}

/** Pids of the PDP in this folder, and of the shell that watches it. */
export function pidsOf(folder: string): { readonly pdp: number; readonly supervisor: number } {
  const all = processesOf(folder);
  const pdp = all.find((it) => it.command.includes(" server ") && !it.command.startsWith("/bin/sh -c"));
  // Not the oldest by its pid: pids begin again once they have reached the end.
  const supervisor = all.find((it) => it.command.startsWith("/bin/sh -c") && it.pid === it.leader);
  if (pdp === undefined || supervisor === undefined) throw new Error(`no PDP runs in ${folder}`);
  return { pdp: pdp.pid, supervisor: supervisor.pid };
}

/** Resolves when no process names the folder any more and the folder itself is gone; the test's time limit is the limit. */
export async function untilGone(folder: string): Promise<void> {
  await until(() => processesOf(folder).length === 0 && !existsSync(folder));
}

/** A Node.js process that runs `body` (`startPdp` is in scope) and tells the test things by `say(value)`. */
export interface Host {
  readonly pid: number;
  /** The next thing it says. */
  heard(): Promise<unknown>;
  readonly exited: Promise<number | string | null>;
}

/** Starts a host in a process group of its own, as a terminal would. */
export function startHost(body: string, env: Readonly<Record<string, string>> = {}): Host {
  const index = new URL("../index.ts", import.meta.url).href;
  const script = `import { startPdp } from ${JSON.stringify(index)};
const say = (value) => process.stdout.write(JSON.stringify(value) + "\\n");
${body}`;
  const file = join(temporaryFolder({ "host.mjs": script }), "host.mjs");
  const host = spawn(process.execPath, [file], {
    detached: true,
    stdio: ["ignore", "pipe", "inherit"],
    env: { ...process.env, ...env },
  });
  onTestFinished(() => void host.kill("SIGKILL"));
  const lines = createInterface({ input: host.stdout })[Symbol.asyncIterator]();
  return {
    pid: host.pid as number,
    async heard() {
      const { value, done } = await lines.next();
      if (done === true) throw new Error("the host has ended and said nothing");
      return JSON.parse(value);
    },
    exited: new Promise((resolve) => host.once("exit", (code, signal) => resolve(code ?? signal))),
  };
}
