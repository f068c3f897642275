import type { ChildProcess } from "node:child_process";
import { constants } from "node:os";
import { createInterface } from "node:readline";
import { removeFolder } from "./remove-folder.ts";
import type { RunFolder } from "./run-folder.ts";
import { startShell } from "./start-shell.ts";

/** How the PDP's process ended: by itself with a code, or by a signal. Both are null when it never ran. */
export interface PdpExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** How it ended, to stand in brackets. */
export function exitWords({ code, signal }: PdpExit): string {
  return signal ?? `code ${code ?? "none"}`;
}

/** The PDP's process and its supervisor. */
export interface SupervisedPdp {
  readonly binary: string;
  /** Resolves when the PDP, its supervisor and their folder are gone. */
  readonly exited: Promise<PdpExit>;
  /** What the PDP printed last, oldest first. */
  lastLines(): readonly string[];
  /** Asks the PDP to finish, and kills it if it does not. Resolves when it is gone. */
  stop(): Promise<void>;
}

/**
 * The supervisor. A child does not die with its parent, so this shell stands between them: its standard input is a pipe
 * that only the host can close, and the kernel closes it for a host that was killed.
 *
 * - `detached` makes the shell lead a process group (and a session, so that Ctrl-C stops the host alone, which may
 *   still need the PDP to finish its work). Stopping signals the group, so the PDP's pid need not be known.
 * - The watcher starts before the PDP: a PDP never runs unwatched, not even when the host and this shell are killed
 *   together.
 * - Shells report a child that was killed. Once the host is gone, this report would hit a closed pipe and end the
 *   shell: hence `exec … >/dev/null`.
 * - The last TERM is for a launcher that ran the PDP as a child of its own and died without it (the npm package `cerbos`
 *   is one).
 * - `umask`: the decision log holds arguments of tools; only this user may read it.
 */
const SUPERVISOR = `
folder=$1
shift
umask 077
exec 3<&0 </dev/null
(
  trap '' TERM
  while read -r _; do :; done <&3
  kill -s TERM -- -$$
  tries=0
  while [ "$tries" -lt 20 ] && kill -s 0 $$; do
    sleep 0.1 || sleep 1
    tries=$((tries + 1))
  done
  rm -rf -- "$folder"
  kill -s KILL -- -$$
) >/dev/null 2>&1 &
watcher=$!
"$@" 3<&- &
pdp=$!
trap '' TERM
exec 3<&- >/dev/null 2>&1
wait "$pdp"
code=$?
rm -rf -- "$folder"
kill -s TERM -- -$$
kill -s KILL "$watcher"
exit "$code"
`;

/** Longer than the two seconds the supervisor gives the PDP, so that this only strikes when the supervisor is broken. */
const KILL_AFTER_MS = 5_000;

const KEPT_LINES = 20;

/** Cerbos warns at each start that its traces are not collected. That is intended. */
const TRACING_IS_OFF = '"log.logger":"cerbos.otel"';

/**
 * Runs `binary server` on the configuration in `folder`, in such a way that it cannot outlive this process.
 *
 * @throws {HopwiseError} as {@link startShell}
 */
export function supervise(options: {
  readonly binary: string;
  readonly folder: RunFolder;
  readonly onLog: ((line: string) => void) | undefined;
}): SupervisedPdp {
  const { binary, folder, onLog } = options;
  // Behind this, the path of a copy is the path of the folder that it was made of.
  const named = (line: string): string => line.replaceAll(folder.served, "");
  const command = [binary, "server", "--log-level=warn", `--config=${folder.config}`];
  const child = startShell(SUPERVISOR, ["hopwise-pdp", folder.path, ...command], "pipe");
  const lines: string[] = [];
  for (const input of [child.stdout, child.stderr]) {
    createInterface({ input }).on("line", (printed) => {
      if (printed.includes(TRACING_IS_OFF)) return;
      const line = named(printed);
      lines.push(line);
      if (lines.length > KEPT_LINES) lines.shift();
      onLog?.(line);
    });
  }
  const exited = untilGone(child, folder.path, (text) => lines.push(text));
  return {
    binary,
    exited,
    lastLines: () => lines.map(readable),
    async stop() {
      child.ref();
      child.stdin.destroy();
      const timer = setTimeout(() => kill(child, folder.path), KILL_AFTER_MS);
      await exited;
      clearTimeout(timer);
    },
  };
}

function untilGone(child: ChildProcess, folder: string, note: (text: string) => void): Promise<PdpExit> {
  return new Promise((resolve) => {
    child.once("error", (error) => {
      note(
        `${error.message}: it takes a shell to end Cerbos with this process. An image without one connects to a PDP beside it`,
      );
      removeFolder(folder);
      resolve({ code: null, signal: null });
    });
    // When the supervisor itself was killed, the PDP still runs, and only this can end it.
    child.once("exit", (_code, signal) => {
      if (signal !== null) kill(child, folder);
    });
    child.once("close", (code, signal) => resolve(signal === null ? exitOf(code) : { code: null, signal }));
  });
}

/**
 * Kills supervisor, watcher and PDP: a group that exists until the last of them is gone. The folder goes first: should
 * this process die in between, the watcher still does the rest.
 */
function kill(child: ChildProcess, folder: string): void {
  removeFolder(folder);
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, "SIGKILL");
  } catch {
    // already gone
  }
}

/** A shell passes on the death of its child by signal n as code 128 + n. */
function exitOf(code: number | null): PdpExit {
  const signal = Object.entries(constants.signals).find(([, number]) => code === 128 + number);
  return signal === undefined ? { code, signal: null } : { code: null, signal: signal[0] as NodeJS.Signals };
}

/** Cerbos logs JSON; for an error message only the text and the cause matter. */
function readable(line: string): string {
  let text = line;
  try {
    const { message, error } = JSON.parse(line) as { message?: unknown; error?: unknown };
    text = [message, error].filter((part) => typeof part === "string").join(": ") || line;
  } catch {
    // not JSON: the last line of a program that gives up
  }
  return text.replace(/\s+/g, " ").trim();
}
