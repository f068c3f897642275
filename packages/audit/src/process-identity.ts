import { readFile, readlink } from "node:fs/promises";

/**
 * Names a process so that no later one has the same name: its boot, its PID namespace, its id, its start. Only Linux
 * tells all four; elsewhere no process is ever reported as gone.
 */
export async function identityOf(pid: number): Promise<string | undefined> {
  try {
    const boot = (await readFile("/proc/sys/kernel/random/boot_id", "latin1")).trim();
    const namespace = /\d+/.exec(await readlink("/proc/self/ns/pid"))?.[0];
    const start = await startOf(pid);
    return namespace === undefined ? undefined : `${boot}/${namespace}/${pid}/${start}`;
  } catch {
    return undefined;
  }
}

/** Whether that process is gone for certain. One of another boot or namespace cannot be told from here. */
export async function isGone(identity: string): Promise<boolean> {
  const [boot, namespace, pid] = identity.split("/");
  const now = await identityOf(Number(pid));
  return now?.startsWith(`${boot}/${namespace}/`) === true && now !== identity;
}

/** Clock ticks from boot to the process's start: field 22, counted after the name, which may contain anything. */
async function startOf(pid: number): Promise<string> {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, "latin1");
    const [state, ...fields] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return state === "Z" || state === "X" ? "gone" : (fields[18] as string);
  } catch (cause) {
    if ((cause as { code?: unknown }).code === "ENOENT") return "gone";
    throw cause;
  }
}
