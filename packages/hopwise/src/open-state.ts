import { createRequire } from "node:module";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import type { SharedState } from "@hopwise/core/state";
import type { Option, Typed } from "./command.ts";
import type { Terminal } from "./terminal.ts";
import { wrong } from "./wrong.ts";

/** Where the password of Redis is, which is not typed. */
const PASSWORD = "HOPWISE_REDIS_PASSWORD";

/** What names a store: a command takes all of these, or none. */
export const STORE: Readonly<Record<"state" | "prefix" | "fail-over-ms", Option>> = {
  state: {
    value: "STORE",
    help: `sqlite:FILE, or redis://HOST:PORT (rediss: with TLS; redis://USER@HOST:PORT, and its password in ${PASSWORD}); what a server has opened before`,
  },
  prefix: { value: "TEXT", help: "of a Redis store, where its servers give one to redisState; hopwise by default" },
  "fail-over-ms": {
    value: "MS",
    help: "of a Redis store with replicas, as its servers give it to redisState (failOverMs)",
  },
};

const WHICH = "--state is sqlite:FILE or redis://HOST:PORT";

/**
 * Opens the store that was named, by the package for it, where that is installed: in the folder's project, or beside this one.
 * It makes none: what is revoked in a store that no server reads is revoked nowhere.
 *
 * @throws {HopwiseError} `config_invalid`, `state_unavailable`
 */
export async function openState(
  typed: Typed,
  terminal: Pick<Terminal, "folder" | "env" | "err">,
): Promise<SharedState> {
  const { folder } = terminal;
  const named = typed.value("state");
  if (named === undefined) throw wrong("Name the store: --state sqlite:FILE or --state redis://HOST:PORT");
  const [, scheme = "", rest = ""] = /^([a-z]+):(.*)$/s.exec(named) ?? [];
  if (scheme === "redis" || scheme === "rediss") return openRedis(named, typed, terminal);
  if (scheme !== "sqlite" || rest === "") throw wrong(WHICH);
  for (const option of ["prefix", "fail-over-ms"]) {
    if (typed.has(option)) throw wrong(`--${option} goes with a Redis store`);
  }
  const { sqliteState } = await load<Sqlite>("@hopwise/sqlite", folder);
  return sqliteState({ file: resolve(folder, rest.replace(/^\/\/(?=\/)/, "")), mustExist: true });
}

interface Sqlite {
  sqliteState(options: { readonly file: string; readonly mustExist: true }): Promise<SharedState>;
}

interface Redis {
  /** As the store wants a client: nothing waits without end, and nothing is queued. */
  clientOptions(): object;
  redisState(options: {
    readonly client: RedisClient;
    readonly mustExist: true;
    readonly prefix?: string;
    readonly failOverMs?: number;
  }): Promise<SharedState>;
}

interface RedisClient {
  readonly isOpen: boolean;
  destroy(): void;
}

async function openRedis(
  address: string,
  typed: Typed,
  terminal: Pick<Terminal, "folder" | "env" | "err">,
): Promise<SharedState> {
  const { folder } = terminal;
  const url = withPassword(address, terminal);
  const { redisState, clientOptions } = await load<Redis>("@hopwise/redis", folder);
  const { createClient } = await load<{ createClient(options: object): RedisClient }>("@redis/client", folder);
  const [prefix, failOverMs] = [typed.value("prefix"), typed.value("fail-over-ms")];
  const client = clientOf(() => createClient({ ...clientOptions(), url }));
  // Its connection would keep the program from ending.
  const leave = (): void => {
    if (client.isOpen) client.destroy();
  };
  try {
    const state = await redisState({
      client,
      mustExist: true,
      ...(prefix !== undefined && { prefix }),
      ...(failOverMs !== undefined && { failOverMs: Number(failOverMs) }),
    });
    return {
      ...state,
      close: async () => {
        try {
          await state.close();
        } finally {
          leave();
        }
      },
    };
  } catch (error) {
    leave();
    throw error;
  }
}

/**
 * The address with the password of the environment. In the address itself a password works, too, and every `ps` on the machine
 * shows it.
 */
function withPassword(address: string, { env = {}, err }: Pick<Terminal, "env" | "err">): string {
  const secret = env[PASSWORD];
  if (secret === "") throw wrong(`${PASSWORD} is empty: set it to the password of Redis, or unset it`);
  if (!URL.canParse(address)) return address; // the client refuses it
  const url = new URL(address);
  if (url.password !== "") {
    if (secret !== undefined)
      throw wrong(`${PASSWORD} is set, and --state has a password, too: leave out that of --state`);
    err(`--state has a password, which every list of processes shows: give it by ${PASSWORD}`);
    return address;
  }
  if (secret === undefined) return address;
  url.password = encodeURIComponent(secret);
  return url.href;
}

/** The client quotes an address that it does not understand, which may have a password in it. */
function clientOf(create: () => RedisClient): RedisClient {
  try {
    return create();
  } catch {
    throw wrong(`This is no address of Redis: ${WHICH}`);
  }
}

async function load<Module>(name: string, folder: string): Promise<Module> {
  for (const from of [resolve(folder, "package.json"), import.meta.url]) {
    let path: string;
    try {
      path = createRequire(from).resolve(name);
    } catch {
      continue;
    }
    return (await import(pathToFileURL(path).href)) as Module;
  }
  throw wrong(`The package ${name} is not installed here: npm install ${name}`);
}
