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
  "packages/core/src/errors.ts": "makes an error, and knows one",
  "packages/core/src/codes.ts": "says what is true of a code",
  "packages/core/src/lib/": "makes a text printable, ends a wait, leaves out what is undefined",
  "packages/core/src/options/":
    "makes a host's function answer at once, tells the time, and says what is wrong with what was passed in",
  "packages/core/src/telemetry/": "runs what it is given, and is watched",
  "packages/core/src/grant/": "says what a grant covers, from the grant and the arguments alone",
  "packages/core/src/token/keys/jws.ts": "takes a signed text apart",
  "packages/core/src/token/keys/key.ts": "reads a key, and names it",
  "packages/core/src/token/compact/refuse-size.ts": "says whether a text is too long",
  "packages/core/src/token/trust/anchor-keys.ts": "looks up the keys of issuers",
  "packages/core/src/token/trust/changing-trust.ts": "keeps whom the host trusts",
  "packages/core/src/way/trusted.ts": "tells whom the host trusts at this moment, with key sources that behave",
  "packages/core/src/token/keys/jwks.ts": "tells a source of keys from a list of them, and asks it",
  "packages/core/src/token/claims/claim-values.ts": "reads one claim",
  "packages/core/src/token/keys/names.ts": "says whether a name is well formed",
  "packages/core/src/source/": "asks a source, and says how old its answer is",
  "packages/core/src/principal/ask.ts": "asks a directory or the registry",
  "packages/core/src/principal/as-it-is.ts": "reads what a directory or the registry gave, once",
  "packages/core/src/principal/switched-off.ts": "says whether a row is of somebody who is there no more",
  "packages/core/src/resource/tool-map.ts": "looks a tool up in the tool map",
  "packages/core/src/resource/uri-template.ts": "matches a URI with templates",
  "packages/core/src/result/obligations.ts": "adds obligations up",
  "packages/core/src/way/passed-in.ts": "says whether an enforcement point passed in what it should",
  "packages/core/src/way/well-behaved.ts": "asks the host's own nonces and the functions of its tool map",
  "packages/core/src/way/behaved-state.ts": "asks the host's own stores",
  "packages/core/src/way/timed-stages.ts": "runs a stage, and notes how long it took",
  "packages/core/src/way/taken.ts": "knows what a call took, and gives it back",
  "packages/core/src/token/proof/why-unknown.ts": "says whether a memory can vouch for a time",
  "packages/core/src/options/in-time.ts": "runs what it is given, and ends it, or each wait of it, in time",
  "packages/core/src/running/": "says for whom a call runs",
  "packages/mcp/src/protocol/": "says of which form a message is, and spells a denial",
  "packages/mcp/src/guard/handed-over.ts": "bounds what a server may take until a tool asks, and is told when it did",
  "packages/mcp/src/guard/turns.ts": "says whose turn it is",
  "packages/fastmcp/src/session-tools.ts": "knows a session's tools, whose calls wait for no turn",
  "packages/mcp/src/guard/flights.ts": "keeps the open requests",
  "packages/mcp/src/guard/turn-of-the-loop.ts": "lets pass what is waiting",
  "packages/mcp/src/guard/within-another.ts": "says whether a server runs one request within another one",
};

/** A decision is of one moment, so what a call stands on is looked at a second time, on purpose, by this file. */
export const SECOND_LOOK = "packages/core/src/way/look-again.ts";

/** What stands in for the host program's own directories, stores and sinks. The way asks them; they are no part of it. */
const HOST: readonly string[] = [
  "packages/core/src/principal/in-memory.ts",
  "packages/core/src/principal/sources.ts",
  "packages/core/src/state/",
  "packages/core/src/audit/sinks.ts",
  "packages/core/src/audit/check-told.ts",
];

/** The notebook of a call: every step writes into it, and at the end it leads on to the record. */
const NOTEBOOK = "packages/core/src/way/call-log.ts";

export function isTool(file: string): boolean {
  return [...Object.keys(TOOLS), ...HOST, NOTEBOOK].some((place) =>
    place.endsWith("/") ? file.startsWith(place) : file === place,
  );
}

/** @throws where the list above names what is not there, or a file that leads on to others */
export function checkTools(visits: readonly Visit[]): void {
  for (const place of [...Object.keys(TOOLS), ...HOST, NOTEBOOK]) {
    if (!existsSync(fileURLToPath(new URL(`../../${place}`, import.meta.url)))) throw new Error(`there is no ${place}`);
  }
  for (const { file, from } of visits) {
    if (from !== undefined && from !== NOTEBOOK && isTool(from) && !isTool(file))
      throw new Error(`${from} is no tool: it leads to ${file}`);
  }
}
