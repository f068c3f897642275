/** The eight processes: started, asked, killed in the middle of what they do, started again. */
import { type ChildProcess, fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { Referee } from "./referee.ts";
import type { Answer, Setup, Task, Told } from "./tasks.ts";

/** One of them, over all its lives. */
export interface Instance {
  readonly isUp: boolean;
  /** How many questions it has not answered. */
  readonly underWay: number;
  /** Answers {@link KILLED} where it is killed meanwhile, and does not take anything while it is down. */
  ask(task: Task): Promise<Answer>;
  /** As an operating system short of memory does. @returns how many questions it had not answered */
  kill(): number;
  start(): Promise<void>;
  end(): void;
}

export interface Fleet {
  readonly all: readonly Instance[];
  /** Any that is up. */
  any(): Instance;
  up(): readonly Instance[];
}

/** The answer of a process that was killed before it gave one: nobody knows what became of it. */
export const KILLED = "process_killed";

const PROCESSES = 8;
/** Several times the sum of all deadlines of a call. */
const HANGS_MS = 15_000;
const FILE = fileURLToPath(new URL("process.ts", import.meta.url));
/** Else each process would strip the types of the same modules again. */
const CACHE = fileURLToPath(new URL("../../node_modules/.cache/node", import.meta.url));

export async function startFleet(setup: Setup, referee: Referee): Promise<Fleet> {
  const all = Array.from({ length: PROCESSES }, () => instanceOf(setup, referee));
  await Promise.all(all.map((one) => one.start()));
  const up = (): readonly Instance[] => all.filter(({ isUp }) => isUp);
  const any = (): Instance => {
    const living = up();
    return living[Math.floor(Math.random() * living.length)] as Instance;
  };
  return { all, up, any };
}

interface Life {
  readonly child: ChildProcess;
  readonly waiting: Map<number, (answer: Answer) => void>;
}

function instanceOf(setup: Setup, referee: Referee): Instance {
  let life: Life | undefined;
  let asked = 0;

  return {
    get isUp() {
      return life !== undefined;
    },
    get underWay() {
      return life?.waiting.size ?? 0;
    },
    ask: async (task) => {
      if (life === undefined) return { code: KILLED };
      const { child, waiting } = life;
      const { promise, resolve } = Promise.withResolvers<Answer>();
      const id = asked++;
      waiting.set(id, resolve);
      const late = setTimeout(() => {
        referee.hung(task.does);
        waiting.delete(id);
        resolve({ code: "hung" });
      }, HANGS_MS);
      // One that was killed just now takes nothing.
      child.send({ id, task }, () => {});
      const answer = await promise;
      clearTimeout(late);
      if (answer.code === "raw") referee.raw(`${task.does}: ${answer.value}`);
      return answer;
    },
    kill: () => {
      if (life === undefined) return 0;
      const { child, waiting } = life;
      life = undefined;
      child.kill("SIGKILL");
      const unanswered = waiting.size;
      for (const resolve of waiting.values()) resolve({ code: KILLED });
      waiting.clear();
      return unanswered;
    },
    start: async () => {
      life = await begin(setup, referee, () => life?.child);
    },
    end: () => {
      life?.child.disconnect();
      life = undefined;
    },
  };
}

/** @param current the process that should be there: one that is not, ends as it was told */
async function begin(setup: Setup, referee: Referee, current: () => ChildProcess | undefined): Promise<Life> {
  const env = { ...process.env, NODE_COMPILE_CACHE: CACHE };
  const child = fork(FILE, [JSON.stringify(setup)], { execArgv: ["--expose-gc"], env });
  const waiting: Life["waiting"] = new Map();
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  child.on("exit", (code, signal) => {
    const words = `a process ended by itself (${code ?? signal})`;
    reject(new Error(words));
    if (current() === child) referee.raw(words);
  });
  child.on("message", ({ ready, raw, id, answer }: Told) => {
    if (ready) resolve();
    if (raw !== undefined) {
      referee.raw(raw);
      reject(new Error(raw));
    }
    if (id === undefined || answer === undefined) return;
    waiting.get(id)?.(answer);
    waiting.delete(id);
  });
  await promise;
  return { child, waiting };
}
