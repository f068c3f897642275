import { HopwiseError, isOwn } from "../errors.ts";
import { answered, faultWord, hasUnset, hostHeaders, leave, pastCaches, readText, whyNoAnswer } from "../lib/index.ts";
import { atOnce, func, HEADERS, maybe, type Rows, whole } from "../options/index.ts";
import { ANSWER_ROWS, type CachedSourceOptions, type One } from "../source/index.ts";
import { isHttps } from "../token/index.ts";
import { whyNameLeaves } from "./own-address.ts";

/** How somebody is asked about over HTTP, by a GET each, and how an answer is read. */
export interface HttpSourceOptions<Key, Value>
  extends Omit<CachedSourceOptions<Key, Value>, "find" | "keyOf" | "tenantOf"> {
  /**
   * The address to ask. Put the name through `encodeURIComponent`: somebody else may have chosen it. Names with a step `.` or `..` in
   * them, such as `x/../y`, count as unknown without a request: many a proxy undoes the escaping. An address of https, or of this
   * machine: what an answer says of somebody decides what they may do. Where something else protects the way, such as a service
   * mesh, a `fetch` of your own can ask by http.
   */
  readonly url: (key: Key) => string | URL;
  /**
   * Reads a response's JSON; throw where the JSON is not as expected. `null` says that the answer knows nobody by that name, or nobody
   * any more: SCIM answers a search without a hit by an empty list, and has who left as `active: false`.
   */
  readonly parse: (body: unknown, key: Key) => Value | null;
  /** Headers of each request, such as `authorization`. */
  readonly headers?: () => Readonly<Record<string, string>> | Promise<Readonly<Record<string, string>>>;
  /** The longest answer that is read, in bytes after decompression. A longer one counts as a failure. Default 1 MiB. */
  readonly maxBytes?: number;
  readonly fetch?: typeof globalThis.fetch;
}

const MAX_BYTES = 1024 * 1024;

export const HTTP_ROWS: Rows<HttpSourceOptions<never, unknown>> = {
  ...ANSWER_ROWS,
  url: atOnce('a function that gives the address for one name, such as (who) => new URL(…, "https://hr.example")'),
  parse: func("a function that reads the JSON, such as (body) => ({ roles: body.roles, … })"),
  headers: maybe(HEADERS),
  maxBytes: maybe(whole({ min: 1, max: 64 * 1024 * 1024, example: MAX_BYTES })),
  fetch: maybe(func("a function like fetch")),
};

/** Who is asked about, in words; and the name of one of them, which came from elsewhere. */
interface Whom<Key> {
  readonly one: "agent" | "user";
  nameOf(key: Key): string;
  /** The same with another name; where it could not be told beforehand whether a name stays in its place in the address. */
  renamed?(key: Key, name: string): Key;
}

/**
 * Asks over HTTP. `404` and `410` mean that the name is unknown; any other answer but `200`, one that is too long, one that is
 * no JSON, and one of which `parse` makes nothing count as failures, each in words of its own for the operator.
 */
export function askedOverHttp<Key, Value, Others extends object>(
  options: HttpSourceOptions<Key, Value> & Others,
  { one, nameOf, renamed }: Whom<Key>,
): One<Key, Value> & Omit<HttpSourceOptions<Key, Value> & Others, "url" | "parse" | "headers" | "maxBytes" | "fetch"> {
  const { url, parse, headers, maxBytes = MAX_BYTES, fetch = globalThis.fetch, ...rest } = options;
  const find: One<Key, Value>["find"] = async (key, { signal }) => {
    if (LEADS_ELSEWHERE[one].test(nameOf(key))) return undefined;
    const address = await step("url failed", inAWord, () => url(key)).then((given) => addressOf(given, one));
    const problem = renamed && whyNameLeaves((name) => url(renamed(key, name)));
    if (problem !== undefined) fail(`url: ${problem}`);
    const own = await step("headers failed", inAWord, () => hostHeaders(headers));
    // A redirect would carry the headers elsewhere. It is an answer like any other that is not 200, and is told as one.
    // Who keeps answers on the way, or in this process, does not know for how long this one is good; `ttlMs` says it.
    const init = {
      signal,
      redirect: "manual" as const,
      ...pastCaches(),
      headers: { accept: "application/json", ...own },
    };
    const response = await step(`no answer at ${address.origin}: `, whyNoAnswer, () => fetch(address.href, init));
    if (response.status !== 200) {
      leave(response.body);
      if (response.status === 404 || response.status === 410) return undefined;
      fail(`it ${answered(response.status)}`);
    }
    const text = await step("its answer broke off, or is no UTF-8", inAWord, () => readText(response, maxBytes));
    if (text === undefined) return fail(`its answer is longer than ${maxBytes} bytes (maxBytes)`);
    const json = jsonOf(text);
    const value: unknown = await step("parse failed", inAWord, () => parse(json, key));
    // An answer that is null itself was passed on by a parse that did not look at it.
    if (value === null && json !== null) return undefined;
    // Not "unknown", which would be for ever: whoever means that says so.
    if (value === undefined || value === null) fail(`parse made no ${one} of its answer`);
    return value as Value;
  };
  return { ...rest, find };
}

/**
 * As a step of a path these lead to another place: `/users/..` is `/`, even escaped. And what stands escaped in a step, many a proxy
 * writes as it was meant, and shortens: `x%2F..%2Fy` is `y` then. Two agents' names would be one agent's, of which one is revoked.
 */
const LEADS_ELSEWHERE = { user: /^$|(^|[/\\])\.{1,2}([/\\]|$)/, agent: /^$|(^|\/)\.{0,2}(\/|$)/ } as const;

/**
 * A `url` that gives no address for anybody, or one that a name could change, does so whoever is asked about.
 *
 * @param mayDiffer whether it looked at something by which others may have another address: then it is judged when it is asked
 * @returns whether it was judged
 * @throws {HopwiseError} `config_invalid`
 */
export function checkAddress(
  called: string,
  one: Whom<never>["one"],
  ofAnybody: (name: string) => unknown,
  mayDiffer = (): boolean => false,
): boolean {
  let problem: string | undefined;
  try {
    problem = problemOf(ofAnybody("somebody"), one) ?? whyNameLeaves(ofAnybody);
  } catch {
    // It may know its own alone.
  }
  if (mayDiffer()) return false;
  if (problem === undefined) return true;
  throw new HopwiseError("config_invalid", `${called}: url: ${problem}`, { pointer: "/url" });
}

function addressOf(given: unknown, one: Whom<never>["one"]): URL {
  const problem = problemOf(given, one);
  return problem === undefined ? new URL(given as string | URL) : fail(problem);
}

const ONE = { agent: "an agent", user: "a user" };

/** Why that is no address to ask. It is not quoted: a name is in it. */
function problemOf(given: unknown, one: Whom<never>["one"]): string | undefined {
  const text = typeof given === "string" || given instanceof URL ? String(given) : "";
  const whose = `the address of ${ONE[one]}`;
  const [unset] = /^(undefined|null)\b/.exec(text) ?? [];
  if (unset !== undefined) return `${whose} begins with "${unset}": is an environment variable not set?`;
  const { host = "", protocol, username, password }: Partial<URL> = URL.canParse(text) ? new URL(text) : {};
  if (hasUnset(host)) return `${whose} has "undefined" in its host: is an environment variable not set?`;
  if (username || password) return `${whose} has a password in it, which belongs into headers`;
  if (isHttps(text)) return undefined;
  const example = `such as https://hr.example/${one}s/x`;
  if (protocol !== "http:") return `${whose} is no https address, ${example}`;
  return `${whose} is one of plain http, and whoever stands on the way could say what ${ONE[one]} is; give one of https, ${example}; http on this machine alone`;
}

/** @param why what may be told of what it throws, to end the sentence */
async function step<T>(what: string, why: (cause: unknown) => string, run: () => T | Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (cause) {
    if (isOwn(cause)) throw cause;
    throw new HopwiseError("context_unavailable", `${what}${why(cause)}`, { cause });
  }
}

/** A word of its own may tell more. */
function inAWord(cause: unknown): string {
  const word = faultWord(cause);
  return word === undefined ? "" : ` (${word})`;
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // The error of the parser would quote the text.
    return fail("its answer is no JSON");
  }
}

function fail(why: string): never {
  throw new HopwiseError("context_unavailable", why);
}
