/**
 * A PostgreSQL for a test: Debian's own server where it is installed, else PGlite, which is PostgreSQL in WebAssembly. The
 * server listens on a socket in a folder of its own, and ends with the process that started it, however that ends.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { chownSync, existsSync, mkdtempSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { Client } from "pg";

export interface Postgres {
  /** @param values of `$1`, `$2` … */
  query(text: string, values?: readonly unknown[]): Promise<readonly { readonly [column: string]: unknown }[]>;
  close(): Promise<void>;
}

const SERVERS = "/usr/lib/postgresql";
const BIN: string | undefined = (existsSync(SERVERS) ? readdirSync(SERVERS) : [])
  .sort((a, b) => Number(b) - Number(a))
  .map((version) => join(SERVERS, version, "bin"))
  .find((bin) => existsSync(join(bin, "initdb")) && existsSync(join(bin, "postgres")));

/** What `startPostgres` starts, for the names of tests. */
export const POSTGRES: string = BIN === undefined ? "PGlite, since no PostgreSQL server is installed" : "PostgreSQL";

export function startPostgres(): Promise<Postgres> {
  return BIN === undefined ? startPglite() : startServer(BIN);
}

async function startPglite(): Promise<Postgres> {
  const { PGlite } = await import("@electric-sql/pglite");
  const database = await PGlite.create({ parsers: AS_TEXT });
  return {
    query: async (text, values = []) => (await database.query<Record<string, unknown>>(text, [...values])).rows,
    close: () => database.close(),
  };
}

/** A `Date` has milliseconds, and these have microseconds. */
const AS_TEXT = { 1184: (text: string): string => text };

/**
 * The database's own collation is that of a dictionary (en-US): what relies on the default one sorts otherwise than checks
 * do. The shell ends the server and takes its folder away once nobody holds its standard input any more.
 */
const SCRIPT = `
cd "$2" || exit 1
"$1/initdb" -D data -U hopwise -A trust --no-sync -E UTF8 --locale=C --locale-provider=icu --icu-locale=en-US >log 2>&1 ||
  "$1/initdb" -D data -U hopwise -A trust --no-sync -E UTF8 --locale=C >log 2>&1 || { cat log >&2; exit 1; }
"$1/postgres" -D data -k "$2" -c listen_addresses= -c fsync=off -c synchronous_commit=off -c full_page_writes=off \\
  -c shared_buffers=16MB -c max_connections=20 -c timezone=UTC >>log 2>&1 &
read -r _
kill -INT $! 2>/dev/null
wait
cd /
rm -rf "$2"
`;

async function startServer(bin: string): Promise<Postgres> {
  // A socket's path has at most 107 characters, and another user must get there: TMPDIR may be neither.
  const folder = mkdtempSync("/tmp/hopwise-postgres-");
  const user = ordinaryUser();
  if (user !== undefined) chownSync(folder, user.uid, user.gid);
  const shell = spawn("/bin/sh", ["-c", SCRIPT, "postgres", bin, folder], {
    ...user,
    stdio: ["pipe", "ignore", "inherit"],
    env: { PATH: process.env["PATH"] },
    cwd: "/",
    detached: true, // Ctrl-C ends the test, and by that the server, which then still has time to finish.
  });
  shell.unref();
  const client = await connected(folder, shell);
  return {
    query: async (text, values = []) => (await client.query(text, [...values])).rows,
    close: async () => {
      await client.end();
      shell.ref();
      shell.stdin.end();
      if (shell.exitCode === null) await once(shell, "exit");
    },
  };
}

async function connected(folder: string, shell: ChildProcess): Promise<Client> {
  for (;;) {
    if (shell.exitCode !== null) throw new Error("the PostgreSQL server did not start");
    const client = new Client({ host: folder, user: "hopwise", database: "postgres" });
    try {
      await client.connect();
      client.setTypeParser(1184 as never, AS_TEXT[1184] as never);
      return client;
    } catch {
      await client.end().catch(() => {});
      await delay(50);
    }
  }
}

/** PostgreSQL refuses to run as root. */
function ordinaryUser(): { readonly uid: number; readonly gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const users = readFileSync("/etc/passwd", "utf8")
    .split("\n")
    .map((line) => line.split(":"));
  const user = users.find(([name]) => name === "postgres") ?? users.find(([name]) => name === "nobody");
  if (user === undefined) throw new Error("there is no ordinary user to run PostgreSQL as");
  return { uid: Number(user[2]), gid: Number(user[3]) };
}
