import { createRequire } from "node:module";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import type { SharedState } from "@hopwise/core/state";
import type { Option, Typed } from "./command.ts";
import { isRedis, PASSWORD, type RedisAddress, redisAddress } from "./redis-address.ts";
import type { Terminal } from "./terminal.ts";
import { wrong } from "./wrong.ts";

/** What names a store: a command takes all of these, or none. */
export const STORE: Readonly<Record<"state" | "prefix" | "fail-over-ms", Option>> = {
  state: {
    value: "STORE",
    help: `sqlite:FILE, or redis://HOST:PORT (rediss: with TLS; redis://USER@HOST:PORT, and its password in ${PASSWORD}), or redis+unix:/PATH of a unix socket (redis+unix://USER@/PATH?db=N); what a server has opened before`,
  },
  prefix: { value: "TEXT", help: "of a Redis store, where its servers give one to redisState; hopwise by default" },
  "fail-over-ms": {
    value: "MS",
    help: "of a Redis store with replicas, as its servers give it to redisState (failOverMs)",
  },
};

const WHICH = "--state is sqlite:FILE, redis://HOST:PORT, or redis+unix:/PATH of a unix socket";

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
  if (named === undefined) throw wrong(`Name the store: ${WHICH}`);
  if (isRedis(named)) return openRedis(named, typed, terminal);
  const [, rest = ""] = /^sqlite:(.*)$/s.exec(named) ?? [];
  if (rest === "") throw wrong(WHICH);
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
  clientOptions(): { readonly socket: object };
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
  const where = redisAddress(address, terminal);
  if (where === undefined) throw noAddress();
  const { redisState, clientOptions } = await load<Redis>("@hopwise/redis", folder);
  const { createClient } = await load<{ createClient(options: object): RedisClient }>("@redis/client", folder);
  const [prefix, failOverMs] = [typed.value("prefix"), typed.value("fail-over-ms")];
  const client = clientOf(() => createClient(connecting(clientOptions(), where)));
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

/** The client quotes an address that it does not understand, which may have a password in it. */
function clientOf(create: () => RedisClient): RedisClient {
  try {
    return create();
  } catch {
    throw noAddress();
  }
}

function noAddress(): Error {
  return wrong(`This is no address of Redis: ${WHICH}`);
}

/** A socket's path stands beside what else is said of the socket. */
function connecting(options: { readonly socket: object }, where: RedisAddress): object {
  return "url" in where
    ? { ...options, ...where }
    : { ...options, ...where, socket: { ...options.socket, ...where.socket } };
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
