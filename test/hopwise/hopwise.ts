/** Runs the command line as a process of its own, from its source. */
import { spawn } from "node:child_process";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";

/** The program, as Node.js runs it. */
export const BIN: string = fileURLToPath(new URL("../../packages/hopwise/src/bin.ts", import.meta.url));

export interface Answer {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

export interface Surroundings {
  /** The working directory. */
  readonly folder?: string;
  /** What is piped in. Default: nothing. */
  readonly input?: string;
  readonly env?: NodeJS.ProcessEnv;
}

export async function hopwise(
  args: readonly string[],
  { folder, input = "", env }: Surroundings = {},
): Promise<Answer> {
  const child = spawn(process.execPath, [BIN, ...args], { cwd: folder, env: { ...process.env, ...env } });
  child.stdin.on("error", () => {}); // it may end without having read all
  child.stdin.end(input);
  const ended = new Promise<number | null>((resolve) => child.once("close", resolve));
  const [out, err, code] = await Promise.all([text(child.stdout), text(child.stderr), ended]);
  return { code, out, err };
}
