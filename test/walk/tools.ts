import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Visit } from "./recorder.ts";

/**
 * Files that a reader knows after one look and needs not open again: each answers a small question about the value that it
 * is given, and calls nothing but other tools. A walk that comes back to one of them does not turn back. A place that
 * ends in `/` is a folder.
 */
const TOOLS: { readonly [place: string]: string } = {
  "packages/core/src/json/": "reads, copies, compares and spells JSON",
  "packages/core/src/crypto/": "hashes, encodes and checks bytes",
  "packages/core/src/errors.ts": "makes an error",
  "packages/core/src/codes.ts": "says what is true of a code",
  "packages/core/src/lib/": "makes a text printable, ends a wait, leaves out what is undefined",
  "packages/core/src/telemetry/": "runs what it is given, and is watched",
  "packages/core/src/grant/check.ts": "says whether a value passes a constraint",
  "packages/core/src/token/names.ts": "says whether a name is well formed",
  "packages/mcp/src/protocol/jsonrpc.ts": "says of which form a message is",
};

export function isTool(file: string): boolean {
  return Object.keys(TOOLS).some((place) => (place.endsWith("/") ? file.startsWith(place) : file === place));
}

/** @throws where the list above names what is not there, or a file that leads on to others */
export function checkTools(visits: readonly Visit[]): void {
  for (const place of Object.keys(TOOLS)) {
    if (!existsSync(fileURLToPath(new URL(`../../${place}`, import.meta.url)))) throw new Error(`there is no ${place}`);
  }
  for (const { file, from } of visits) {
    if (from !== undefined && isTool(from) && !isTool(file)) throw new Error(`${from} is no tool: it leads to ${file}`);
  }
}
