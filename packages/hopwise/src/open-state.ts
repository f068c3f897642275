import { createRequire } from "node:module";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { HopwiseError } from "@hopwise/core";
import type { SharedState } from "@hopwise/core/state";
import type { Terminal } from "./terminal.ts";

const WHICH = "--state is sqlite:FILE or redis://HOST:PORT";

/**
 * Opens the store that is named, by the package for it, where that is installed: in the folder's project, or beside this one.
 *
 * @throws {HopwiseError} `config_invalid`, `state_unavailable`
 */
export async function openState(named: string, { folder }: Pick<Terminal, "folder">): Promise<SharedState> {
  const [, scheme = "", rest = ""] = /^([a-z]+):(.*)$/s.exec(named) ?? [];
  if (scheme === "sqlite" && rest !== "") {
    const { sqliteState } = await load<Sqlite>("@hopwise/sqlite", folder);
    return sqliteState({ file: resolve(folder, rest.replace(/^\/\/(?=\/)/, "")) });
  }
  if (scheme === "redis" || scheme === "rediss") return openRedis(named, folder);
  throw new HopwiseError("config_invalid", WHICH);
}

interface Sqlite {
  sqliteState(options: { readonly file: string }): Promise<SharedState>;
}

interface Redis {
  /** As the store wants a client: nothing waits without end, and nothing is queued. */
  clientOptions(): object;
  redisState(options: { readonly client: RedisClient }): Promise<SharedState>;
}

interface RedisClient {
  on(event: "error", listener: (error: unknown) => void): unknown;
  connect(): Promise<unknown>;
  destroy(): void;
}

const CONNECT_MS = 5000;

async function openRedis(url: string, folder: string): Promise<SharedState> {
  const { redisState, clientOptions } = await load<Redis>("@hopwise/redis", folder);
  const { createClient } = await load<{ createClient(options: object): RedisClient }>("@redis/client", folder);
  const client = createClient({ ...clientOptions(), url });
  let reason = "no answer";
  client.on("error", (error) => {
    reason = String((error as { code?: unknown } | null)?.code ?? "it refused the connection");
  });
  let timer: NodeJS.Timeout | undefined;
  try {
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error("late")), CONNECT_MS);
    });
    await Promise.race([client.connect(), late]);
  } catch {
    client.destroy();
    // The address may have a password in it.
    throw new HopwiseError("state_unavailable", `Redis could not be reached: ${reason}`);
  } finally {
    clearTimeout(timer);
  }
  const state = await redisState({ client });
  return {
    ...state,
    close: async () => {
      await state.close();
      client.destroy();
    },
  };
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
  throw new HopwiseError("config_invalid", `The package ${name} is not installed here: npm install ${name}`);
}
