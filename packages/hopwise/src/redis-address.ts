import type { Terminal } from "./terminal.ts";
import { wrong } from "./wrong.ts";

/** Where the password of Redis is, which is not typed. */
export const PASSWORD = "HOPWISE_REDIS_PASSWORD";

/** What Redis listens on, where it has no port. */
const SOCKET =
  /^redis\+unix:(?:\/\/(?:(?<user>[^@/:]*)(?::(?<typed>[^@/]*))?@)?)?(?<path>\/[^?]+)(?:\?db=(?<db>\d+))?$/s;

/** Where a client of Redis connects to, as its options have it. */
export type RedisAddress =
  | { readonly url: string }
  | {
      readonly socket: { readonly path: string };
      readonly username?: string;
      readonly password?: string;
      readonly database?: number;
    };

/** Whether what was typed names a Redis. */
export function isRedis(named: string): boolean {
  return /^(rediss?|redis\+unix):/.test(named);
}

/**
 * The address with the password of the environment. In the address itself a password works, too, and every `ps` on the machine
 * shows it.
 *
 * @returns undefined for what is no address; of a URL, the client finds that out
 */
export function redisAddress(
  named: string,
  { env = {}, err }: Pick<Terminal, "env" | "err">,
): RedisAddress | undefined {
  const secret = env[PASSWORD];
  if (secret === "") throw wrong(`${PASSWORD} is empty: set it to the password of Redis, or unset it`);
  const warn = (): void => {
    if (secret !== undefined)
      throw wrong(`${PASSWORD} is set, and --state has a password, too: leave out that of --state`);
    err(`--state has a password, which every list of processes shows: give it by ${PASSWORD}`);
  };
  if (named.startsWith("redis+unix:")) return onSocket(named, secret, warn);
  if (!URL.canParse(named)) return { url: named };
  const url = new URL(named);
  if (url.password !== "") warn();
  else if (secret !== undefined) {
    url.password = encodeURIComponent(secret);
    return { url: url.href };
  }
  return { url: named };
}

/** `URL` takes no user without a host. */
function onSocket(named: string, secret: string | undefined, warn: () => void): RedisAddress | undefined {
  const { user = "", typed = "", path, db } = SOCKET.exec(named)?.groups ?? {};
  if (path === undefined) return undefined;
  if (typed !== "") warn();
  try {
    const password = typed === "" ? secret : decodeURIComponent(typed);
    return {
      socket: { path: decodeURIComponent(path) },
      ...(user !== "" && { username: decodeURIComponent(user) }),
      ...(password !== undefined && { password }),
      ...(db !== undefined && { database: Number(db) }),
    };
  } catch {
    return undefined; // a % that stands for nothing
  }
}
