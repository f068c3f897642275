import { open } from "node:fs/promises";
import { resolve } from "node:path";
import { text } from "node:stream/consumers";
import { HopwiseError, type PublicJwk, type Signer, signerFromJwk } from "@hopwise/core";
import { isObject } from "@hopwise/core/options";
import { thumbprintOf } from "@hopwise/core/tokens";
import { oneLine, type Terminal, TOKEN_BEGINS } from "./terminal.ts";
import { wrong } from "./wrong.ts";

/** More than any chain, key, record or list of heads. */
const MOST_BYTES = 64 * 1024 * 1024;
/** A day's lines of records may be more. */
const TOO_LONG = "take the part that is meant, such as the lines in which grep finds a call's id, and pipe it in";

/**
 * The text of a file, or of standard input where there is none or it is `-`.
 *
 * @throws {HopwiseError} `config_invalid` where it cannot be read
 */
export async function readText(file: string | undefined, what: string, terminal: Terminal): Promise<string> {
  const isFile = file !== undefined && file !== "-";
  const read = isFile ? await readFileText(file, what, terminal) : await terminal.input();
  if (read === undefined) throw wrong(`Give ${what}: name a file, or pipe it in`);
  // Editors and shells of Windows begin a text with a byte order mark, which no JSON may have.
  return read.replace(/^\uFEFF/, "");
}

/**
 * What comes through a pipe, which may never end.
 *
 * @throws {HopwiseError} `config_invalid` where it is more than any file may be
 */
export async function textWithin(pipe: AsyncIterable<Uint8Array>, mostBytes: number = MOST_BYTES): Promise<string> {
  return text(within(pipe, mostBytes, "Cannot read the pipe: "));
}

/** @param what begins the error of who sent more */
async function* within(bytes: AsyncIterable<Uint8Array>, mostBytes: number, what: string): AsyncGenerator<Uint8Array> {
  let left = mostBytes;
  for await (const some of bytes) {
    left -= some.length;
    if (left < 0) throw wrong(`${what}it has more than ${mostBytes} bytes; ${TOO_LONG}`);
    yield some;
  }
}

async function readFileText(file: string, what: string, { folder }: Terminal): Promise<string> {
  try {
    // A device, or a pipe that a shell made (`<(…)`), has a name, no size, and perhaps no end.
    await using handle = await open(resolve(folder, file));
    return await text(within(handle.createReadStream({ autoClose: false }), MOST_BYTES, ""));
  } catch (cause) {
    // The file's name is what was typed; the cause names its whole path, or the reason.
    throw wrong(`Cannot read ${what} from ${named(file)}: ${reasonOf(cause)}`);
  }
}

function reasonOf(cause: unknown): string {
  const { code = "", message } = cause as NodeJS.ErrnoException;
  return cause instanceof HopwiseError ? message : (WHY_UNREAD[code] ?? (code || message));
}

const WHY_UNREAD: { readonly [code: string]: string } = {
  ENOENT: "there is no such file",
  ENOTDIR: "there is no such file",
  EISDIR: "it is a folder; name a file in it",
  EACCES: "you may not read it",
  ERR_ACCESS_DENIED: "Node.js runs with --permission, and has no --allow-fs-read for it",
};

/** What was typed as a file's name may be a key or a token by mistake. */
export function named(file: string): string {
  return file.length > 200 || /[{"]/.test(file) || TOKEN_BEGINS.test(file) ? "that file" : file;
}

/**
 * A JSON text. A parser's own message quotes the text, which may be a key.
 *
 * @throws {HopwiseError} `config_invalid`
 */
export function parseJsonText(text: string, what: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw wrong(`${what} is not JSON`);
  }
}

async function readKey(file: string, half: "public" | "private", terminal: Terminal): Promise<unknown> {
  const text = await readText(file, `a ${half} key`, terminal);
  const key = `The key in ${named(file)}`;
  if (text.trim() === "") throw wrong(`${key} is empty`);
  if (text.trimStart().startsWith("-----BEGIN "))
    throw wrong(`${key} is PEM, and is wanted as a JWK: ${FROM_PEM[half]}`);
  return parseJsonText(text, key);
}

/** What other programs write, of which Node.js makes a JWK. */
const FROM_PEM = { public: fromPem("createPublicKey"), private: fromPem("createPrivateKey") } as const;

function fromPem(reader: string): string {
  return `node -p 'JSON.stringify(crypto.${reader}(fs.readFileSync("FILE")).export({ format: "jwk" }))' makes one of it`;
}

interface NamedKey {
  readonly jwk: PublicJwk;
  readonly thumbprint: string;
}

/**
 * The public keys of a file: one JWK, a list, or a JWKS. Of a private JWK only the public part is taken, and it is said: where a
 * public key is enough, a private one has no business.
 *
 * @throws {HopwiseError} `config_invalid` also for what no key can be, such as one that was cut off
 */
export async function readPublicKeys(file: string, terminal: Terminal): Promise<readonly NamedKey[]> {
  const content = await readKey(file, "public", terminal);
  const set = isObject(content) && Array.isArray(content["keys"]) ? content["keys"] : content;
  const keys = (Array.isArray(set) ? set : [set]).map(async (jwk: unknown) => {
    if (!isObject(jwk)) throw wrong(`${named(file)} holds no JWK`);
    const { kty, crv, x, y, d } = jwk;
    if (d !== undefined) {
      terminal.err(
        oneLine(`${named(file)} holds a private key, of which only the public half is needed here: keep it elsewhere`),
      );
    }
    const own = { kty, crv, x, ...(y !== undefined && { y }) } as PublicJwk;
    return { jwk: own, thumbprint: await thumbprintIn(file, own) };
  });
  return Promise.all(keys);
}

async function thumbprintIn(file: string, jwk: PublicJwk): Promise<string> {
  try {
    return await thumbprintOf(jwk);
  } catch (cause) {
    const { rule = "it says no kty" } = cause as HopwiseError;
    throw wrong(`${named(file)} holds a key that cannot be used: ${rule}`);
  }
}

/**
 * The thumbprint of a key: as it is, or that of the one key in a file.
 *
 * @throws {HopwiseError} `config_invalid`
 */
export async function readThumbprint(given: string, terminal: Terminal): Promise<string> {
  if (/^[\w-]{43}$/.test(given)) return given;
  const [key, ...more] = await readPublicKeys(given, terminal);
  if (key === undefined || more.length > 0) {
    throw wrong(`--key is one key, and ${named(given)} holds ${more.length + (key ? 1 : 0)}`);
  }
  return key.thumbprint;
}

/**
 * The private key of a file, which signs.
 *
 * @param option the option that named the file
 * @throws {HopwiseError} `config_invalid`
 */
export async function readSigner(option: string, file: string, terminal: Terminal): Promise<Signer> {
  const jwk = await readKey(file, "private", terminal);
  const wanted = `--${option} is a private JWK, as hopwise keys new FILE makes it`;
  if (!isObject(jwk) || typeof jwk["kty"] !== "string") throw wrong(`${wanted}; ${named(file)} holds no JWK`);
  if (jwk["d"] === undefined) throw wrong(`${wanted}; ${named(file)} holds a public one`);
  try {
    return await signerFromJwk(jwk as Parameters<typeof signerFromJwk>[0]);
  } catch (cause) {
    throw wrong(`${wanted}; with the key in ${named(file)} nothing can be signed`, cause);
  }
}
