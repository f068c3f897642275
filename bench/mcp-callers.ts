/**
 * Clients of a guarded server over stateful HTTP, in a process of their own, as they are wherever servers run. They make
 * their own chains: a secret key does not leave its process.
 */
import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { PublicTeam } from "./world.ts";

/** What the process is told, and what it answers. */
export type Order = { readonly connect: string; readonly callers: number } | { readonly calls: number };
export type Answer = { readonly team: PublicTeam } | { readonly done: true } | { readonly failed: string };

const PROGRAM = fileURLToPath(new URL("mcp-callers-process.ts", import.meta.url));

export interface Callers extends AsyncDisposable {
  /** Whose chains they have. */
  readonly team: PublicTeam;
  /** Connects so many clients to a server. */
  connect(url: URL, callers: number): Promise<void>;
  /** So many calls of all of them together, each caller one after the other. */
  call(calls: number): Promise<void>;
}

/** @throws where the process ends, or one of its calls is refused */
export async function startCallers(): Promise<Callers> {
  const child = fork(PROGRAM, { stdio: ["ignore", "ignore", "inherit", "ipc"] });
  const ended = once(child, "exit").then(() => ({ failed: "the callers' process ended" }));
  const answer = async (): Promise<Answer> => {
    const said: Answer = await Promise.race([once(child, "message").then(([message]) => message as Answer), ended]);
    if ("failed" in said) throw new Error(`the benchmark's call failed: ${said.failed}`);
    return said;
  };
  const order = async (what: Order): Promise<void> => {
    const answered = answer();
    child.send(what);
    await answered;
  };
  const first = await answer();
  if (!("team" in first)) throw new Error("the callers' process says no team");
  return {
    team: first.team,
    connect: (url, callers) => order({ connect: url.href, callers }),
    call: (calls) => order({ calls }),
    [Symbol.asyncDispose]: async () => {
      child.disconnect();
      await ended;
    },
  };
}
