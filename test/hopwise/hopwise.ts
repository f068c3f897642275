/** Runs the command line: here, by the function that the program calls, or as a process of its own. */
import { spawn } from "node:child_process";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { run } from "../../packages/hopwise/src/run.ts";

/** The program, as Node.js runs it; in a run of the tests what was built of it (test/support/built-packages.ts). */
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
  /** What a person at the terminal answers. Default: nobody sits there. Not for a process. */
  readonly answer?: string;
  readonly env?: NodeJS.ProcessEnv;
}

/** What the program would answer, without the half second that starting it takes. */
export async function hopwise(
  args: readonly string[],
  { folder, input = "", answer, env = {} }: Surroundings = {},
): Promise<Answer> {
  const [out, err]: [string[], string[]] = [[], []];
  const code = await run(args, {
    out: (line) => void out.push(`${line}\n`),
    err: (line) => void err.push(`${line}\n`),
    colors: false,
    input: async () => input,
    ask: async (question) => {
      if (answer !== undefined) err.push(`${question}\n`);
      return answer;
    },
    now: Date.now,
    folder: folder ?? process.cwd(),
    env,
  });
  return { code, out: out.join(""), err: err.join("") };
}

export async function hopwiseProcess(
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
