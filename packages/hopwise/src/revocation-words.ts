import { isoOf } from "@hopwise/core/adapter";
import { millisecondsOf, WRITTEN_TIME } from "@hopwise/core/options";
import { type RevocationEntry, type RevocationTarget, readRevocation } from "@hopwise/core/state";
import type { Typed } from "./command.ts";
import { readThumbprint } from "./input.ts";
import { oneLine, type Terminal } from "./terminal.ts";
import { wrong } from "./wrong.ts";

const KINDS = ["token", "chain", "key", "agent", "user"] as const;

/**
 * The target that was typed; undefined where none was.
 *
 * @throws {HopwiseError} `config_invalid` for several, or half of one
 */
export async function targetOf(
  typed: Typed,
  nowSeconds: number,
  terminal: Terminal,
): Promise<RevocationTarget | undefined> {
  const [kind, ...more] = KINDS.filter((name) => typed.has(name));
  const [issuer, before] = [typed.value("issuer"), typed.value("before")];
  if (kind === undefined) {
    if (issuer === undefined && before === undefined) return undefined;
    return refuse("--issuer and --before say more of a key, an agent or a user: name one");
  }
  if (more.length > 0) return refuse(`one thing at a time: ${[kind, ...more].map((name) => `--${name}`).join(" or ")}`);
  if (before !== undefined && kind !== "user") return refuse("--before goes with --user");
  if (issuer !== undefined && (kind === "token" || kind === "chain"))
    return refuse(`--issuer does not go with --${kind}`);
  const value = kind === "key" ? await readThumbprint(typed.value(kind) as string, terminal) : typed.value(kind);
  const of = issuer === undefined ? {} : { issuer };
  if (kind !== "user") {
    const target = kind === "token" || kind === "chain" ? { token: value } : { [kind]: value, ...of };
    return readRevocation(target, undefined, nowSeconds).target;
  }
  if (issuer === undefined) return refuse("--user needs --issuer: of two issuers, one id is two users");
  const notBefore = before === undefined ? Math.ceil(nowSeconds) : secondsOf("before", before);
  return readRevocation({ user: { issuer, subject: value }, notBefore }, undefined, nowSeconds).target;
}

/** A time as people write it, ISO 8601, or seconds since the epoch. */
export function secondsOf(option: string, text: string): number {
  const seconds = /^\d+$/.test(text) ? Number(text) : millisecondsOf(text) / 1000;
  return seconds < 1e11 ? seconds : refuse(`--${option} is a time: ${WRITTEN_TIME}; or seconds since the epoch`);
}

/** A target in words. */
export function targetWords(target: RevocationTarget): string {
  if ("token" in target) return oneLine(`token ${target.token}, and every chain below it`);
  if ("user" in target) {
    const { issuer, subject } = target.user;
    return oneLine(`user ${subject} of ${issuer}, what was issued before ${isoOf(target.notBefore)}`);
  }
  const where = target.issuer === undefined ? "" : ` in chains of ${target.issuer}`;
  return oneLine("key" in target ? `key ${target.key}${where}` : `agent ${target.agent}${where}`);
}

/** One entry in force, in a line. */
export function entryLine({ target, atSeconds, untilSeconds, by, reason }: RevocationEntry): string {
  const [who] = "operator" in by ? [by.operator] : "issuer" in by ? [by.issuer] : [`agent ${by.agent} (hop ${by.hop})`];
  const until = untilSeconds === undefined ? "until it is lifted" : `until ${isoOf(untilSeconds)}`;
  const why = reason === undefined ? "" : `: ${reason}`;
  return oneLine(`${isoOf(atSeconds)} ${targetWords(target)}; ${until}; by ${who}${why}`);
}

function refuse(what: string): never {
  throw wrong(what);
}
