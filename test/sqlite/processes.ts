/** Starts processes with a driver each (`process.ts`), and ends them with the test. */
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { SqliteOptions } from "@hopwise/sqlite";
import { afterAll, onTestFinished } from "vitest";
import type { Tasks } from "./process.ts";

const PROGRAM = fileURLToPath(new URL("process.ts", import.meta.url));

export interface DriverProcess {
  /** One task after the other. @throws {Error} with what it threw */
  run<Name extends keyof Tasks>(name: Name, asked: Parameters<Tasks[Name]>[0]): Promise<ReturnType<Tasks[Name]>>;
  /** It hangs from then on. */
  stop(): void;
  kill(): Promise<void>;
}

/** All that live. Those that a test left with nothing open are used again: to start one takes longer than most tests. */
const living = new Set<ChildProcess>();
const idle: ChildProcess[] = [];
afterAll(() => {
  for (const child of living) child.kill("SIGKILL");
});

/** A process with a driver, until the test ends. */
export async function startProcess(options: SqliteOptions): Promise<DriverProcess> {
  const child = idle.pop() ?? (await startedAnew());
  let isStopped = false;
  const kill = async (): Promise<void> => {
    const gone = once(child, "exit");
    child.kill("SIGKILL");
    await gone;
  };
  const run: DriverProcess["run"] = async (name, asked) => {
    const answered = answerOf(child);
    child.send([name, asked]);
    return (await answered) as never;
  };
  onTestFinished(async () => {
    if (!living.has(child)) return;
    if (isStopped) return kill();
    await run("close", null);
    idle.push(child);
  });
  await run("open", options);
  const stop = (): void => {
    isStopped = true;
    child.kill("SIGSTOP");
  };
  return { run, kill, stop };
}

async function startedAnew(): Promise<ChildProcess> {
  const child = fork(PROGRAM);
  living.add(child);
  child.once("exit", () => living.delete(child));
  await answerOf(child);
  return child;
}

function answerOf(child: ChildProcess): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const end = (told: { readonly answer?: unknown; readonly error?: string }): void => {
      child.off("message", end).off("exit", gone);
      if (told.error === undefined) resolve(told.answer);
      else reject(new Error(told.error));
    };
    const gone = (): void => end({ error: "it is gone" });
    child.on("message", end).on("exit", gone);
  });
}
