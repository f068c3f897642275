import { execFileSync } from "node:child_process";
import { dirname } from "node:path";
import type { Pdp } from "@hopwise/cerbos";

/** Kills a decision point, as an operating system short of memory does. @returns whether there was one just then */
export function killPdp({ target }: Pdp): boolean {
  const folder = dirname(target.replace("unix:", ""));
  const table = execFileSync("ps", ["-A", "-ww", "-o", "pid=,args="], { encoding: "utf8" });
  const line = table
    .split("\n")
    .find((it) => it.includes(folder) && it.includes(" server ") && !it.includes("/bin/sh"));
  if (line === undefined) return false;
  try {
    return process.kill(Number.parseInt(line, 10), "SIGKILL");
  } catch {
    return false; // gone already
  }
}
