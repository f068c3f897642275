/**
 * Redis for a test: Debian's own server, as a child process on loopback, in a folder of its own. A shell holds it: once nobody
 * holds the shell's standard input any more, it ends the server, also a stopped one, and takes the folder away.
 */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { type ClientOptions, clientOptions } from "@hopwise/redis";
import { createClient, type RedisClientOptions } from "@redis/client";

export type TestClient = ReturnType<typeof createClient>;

export interface RedisServer {
  readonly port: number;
  readonly folder: string;
  /** A client as the package wants it, connected; the test closes it. */
  client(): Promise<TestClient>;
  /** Asks it something, by a connection of its own. */
  ask(...command: readonly string[]): Promise<unknown>;
  signal(signal: NodeJS.Signals): void;
  /** Ends it at once, as a crash does. Its folder stays. */
  kill(): Promise<void>;
  /** Starts it again in its folder, after `kill`. @param args also these, from now on */
  restart(...args: readonly string[]): Promise<void>;
  close(): Promise<void>;
}

const SCRIPT = `
folder=$1
shift
cd "$folder" || exit 1
"$@" >>log 2>&1 &
echo $!
read -r word
kill -CONT $! 2>/dev/null
kill -KILL $! 2>/dev/null
wait
[ "$word" = keep ] || rm -rf "$folder"
`;

const FIRST = createClient();

/**
 * As `createClient`, which makes a class of some four hundred commands whenever it is asked for other options than the last
 * time: that takes longer than most of what a test does by its client. A duplicate is of the class of the first, which speaks
 * RESP 3.
 */
export function newClient(options: RedisClientOptions): TestClient {
  return FIRST.duplicate(options);
}

/** As a client should have them, for a machine that does other work, too: where it is not tried how soon something is noticed. */
export function patientOptions(): ClientOptions {
  const options = clientOptions();
  return { ...options, socket: { ...options.socket, connectTimeout: 2000, socketTimeout: 2000 } };
}

/** What is missing on this machine for these tests; undefined where nothing is. */
export const MISSING: string | undefined = ["redis-server", "redis-sentinel", "redis-cli"].find(
  (program) => spawnSync(program, ["--version"]).status !== 0,
);

/** For the name of a suite: says in one line what was left out, and why. */
export function unlessMissing(title: string): string {
  return MISSING === undefined ? title : `${title} (left out: this machine has no ${MISSING})`;
}

const SAVE_NOTHING = ["--save", "", "--appendonly", "no"];

/** Starts a server. @param args of redis-server, which come last and so win */
export async function startRedis(...args: readonly string[]): Promise<RedisServer> {
  for (let left = 5; ; left--) {
    try {
      return await startRedisAt(await freePort(), ...args);
    } catch (error) {
      // Somebody else took the port, or a cluster node's second one, since it was found free.
      if (!(error instanceof PortTaken) || left === 0) throw error;
    }
  }
}

class PortTaken extends Error {}

export async function startRedisAt(port: number, ...args: readonly string[]): Promise<RedisServer> {
  const folder = mkdtempSync(join(tmpdir(), "hopwise-redis-"));
  let given = [...SAVE_NOTHING, "--enable-debug-command", "local", "--repl-diskless-sync-delay", "0", ...args];
  const command = (): string[] => [
    "redis-server",
    "--port",
    `${port}`,
    "--bind",
    "127.0.0.1",
    "--dir",
    folder,
    ...given,
  ];
  const start = async (): Promise<Held> => {
    const held = await hold(folder, command());
    try {
      await answers(port, held.pid, folder);
    } catch (error) {
      await held.end("");
      throw error;
    }
    return held;
  };
  let process_ = await start();

  return {
    port,
    folder,
    client: () => connectTo(port),
    ask: (...words) => askAt(port, words),
    signal: (signal) => void process.kill(process_.pid, signal),
    kill: () => process_.end("keep"),
    restart: async (...more) => {
      given = [...given, ...more];
      process_ = await start();
    },
    close: async () => {
      await process_.end("");
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** A program that the shell holds. */
export interface Held {
  readonly pid: number;
  end(word: "keep" | ""): Promise<void>;
}

export async function hold(folder: string, command: readonly string[]): Promise<Held> {
  const shell = spawn("/bin/sh", ["-c", SCRIPT, "redis", folder, ...command], {
    stdio: ["pipe", "pipe", "ignore"],
    env: { PATH: process.env["PATH"], LC_ALL: "C" },
    detached: true, // Ctrl-C ends the test, and by that the server.
  });
  const [line] = await once(shell.stdout, "data");
  shell.unref();
  (shell.stdout as unknown as { unref(): void }).unref();
  return {
    pid: Number(String(line)),
    end: async (word) => {
      if (shell.exitCode !== null || shell.signalCode !== null) return;
      shell.ref();
      shell.stdin.end(`${word}\n`);
      await ended(shell);
    },
  };
}

async function ended(shell: ChildProcess): Promise<void> {
  if (shell.exitCode === null && shell.signalCode === null) await once(shell, "exit");
}

/**
 * Below the ports that the system itself gives out, as is the one of a cluster's own, ten thousand above. Programs of the docs have
 * ports from 18,734 on.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = 12_000 + Math.floor(Math.random() * 6_000);
    if ((await isFree(port)) && (await isFree(port + 10_000))) return port;
  }
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  const isListening = await new Promise<boolean>((resolve) => {
    server.once("error", () => resolve(false));
    server.listen(port, "127.0.0.1", () => resolve(true));
  });
  if (isListening) await new Promise((resolve) => server.close(resolve));
  return isListening;
}

export async function connectTo(port: number): Promise<TestClient> {
  const client = newClient({ url: `redis://127.0.0.1:${port}`, ...patientOptions() });
  client.on("error", () => {});
  await client.connect();
  return client;
}

export async function askAt(port: number, words: readonly string[]): Promise<unknown> {
  const client = newClient({ url: `redis://127.0.0.1:${port}`, socket: { reconnectStrategy: false } });
  client.on("error", () => {});
  await client.connect();
  try {
    return await client.sendCommand(words);
  } finally {
    client.destroy();
  }
}

/** Waits until the server of this process answers, and no other that has the port. */
async function answers(port: number, pid: number, folder: string): Promise<void> {
  let isTaken = false;
  await until(async () => {
    isTaken = readFileSync(join(folder, "log"), "utf8").includes("Failed listening on port");
    return isTaken || `${await askAt(port, ["INFO", "server"])}`.includes(`process_id:${pid}\r`);
  });
  if (isTaken) throw new PortTaken(`port ${port} is taken`);
}

/** Waits until something holds; a step that fails does not hold yet. */
export async function until(holds: () => unknown, ms = 20_000): Promise<void> {
  let last: unknown;
  for (const end = Date.now() + ms; Date.now() < end; await delay(20)) {
    try {
      if (await holds()) return;
    } catch (error) {
      last = error;
    }
  }
  throw new Error("it did not come to hold in time", { cause: last });
}
