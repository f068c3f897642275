import { type AuditVerification, type Head, type SoundStream, verifyAuditLog } from "@hopwise/audit";
import { isObject } from "@hopwise/core/options";
import { foldersIn, type TypedFolders } from "../audit-folders.ts";
import { type Command, JSON_OPTION, MANY } from "../command.ts";
import { named, parseJsonText, readPublicKeys, readText } from "../input.ts";
import { jsonText, oneLine, paint, type Terminal } from "../terminal.ts";
import { wrong } from "../wrong.ts";

/** Verifies an audit log. */
export const auditVerify: Command = {
  name: "audit verify",
  words: "FOLDER…",
  count: [1, MANY],
  summary: "Verifies a whole audit log, and names the first place that was changed.",
  details: [
    "--heads takes what an earlier `audit verify --json` printed, so that a log put back to an older state is found out.",
    "Note that elsewhere than on the machine that writes the log.",
    "Of several instances give all their folders, so that --heads may have the heads of each.",
  ],
  options: {
    key: { value: "FILE", many: true, help: "a public key that may have signed: a JWK, a list of them, or a JWKS" },
    heads: { value: "FILE", help: "heads that were noted before: the log must contain each of them" },
    ...JSON_OPTION,
  },
  async run(typed, terminal) {
    const files = typed.values("key");
    if (files.length === 0) throw wrong("Give the public key that signed: --key FILE");
    const keys = (await Promise.all(files.map((file) => readPublicKeys(file, terminal)))).flat().map(({ jwk }) => jwk);
    const heads = typed.value("heads");
    const expectHead = heads === undefined ? [] : await readHeads(heads, terminal);
    const { folders, nameOf } = foldersIn(typed.words, terminal);
    const found = await verifyAuditLog({ folder: folders, keys, expectHead });
    terminal.out(typed.has("json") ? jsonText(found, 2) : printVerification(found, nameOf, terminal));
    return found.ok ? 0 : 1;
  },
};

/** A head, a list of heads, or what a verification printed. */
async function readHeads(file: string, terminal: Terminal): Promise<readonly Head[]> {
  const content = parseJsonText(await readText(file, "heads", terminal), `What ${named(file)} holds`);
  const streams = isObject(content) && Array.isArray(content["streams"]) ? content["streams"] : content;
  const heads = (Array.isArray(streams) ? streams : [streams]).map((it: unknown) =>
    isObject(it) && isObject(it["head"]) ? it["head"] : it,
  );
  if (heads.length > 0 && heads.every(isHead)) return heads;
  throw wrong(`${named(file)} holds no heads: writer, seq and hash are expected`);
}

function isHead(value: unknown): value is Head {
  if (!isObject(value)) return false;
  return typeof value["writer"] === "string" && Number.isInteger(value["seq"]) && typeof value["hash"] === "string";
}

function printVerification(found: AuditVerification, nameOf: TypedFolders["nameOf"], terminal: Terminal): string {
  if (found.ok) {
    const whole = `${many(found.records, "record")} in ${many(found.streams.length, "stream")}, as they were written`;
    return [
      `${paint(terminal, "green", "sound")}: ${whole}`,
      ...found.streams.map((it) => streamLine(it, nameOf(it.folder))),
    ].join("\n");
  }
  const { folder, file, line, reason, message } = found.broken;
  const place = line === undefined ? file : `${file}:${line}`;
  const of = nameOf(folder);
  return `${paint(terminal, "red", "broken")}: ${oneLine(`${of === undefined ? "" : `${of}: `}${place}: ${reason}: ${message}`)}`;
}

function many(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? "" : "s"}`;
}

function streamLine(
  { head, state, records, unsigned, rejected, unverified, tornBytes }: SoundStream,
  of: string | undefined,
): string {
  const strangers = Object.entries(unverified).map(([code, count]) => `${code} ${count}`);
  const notes = [
    ...(state === "ended" ? ["its process died without closing it, and a later stream noted where"] : []),
    ...(unsigned > 0 ? [unsignedNote(unsigned, state)] : []),
    ...(rejected > 0
      ? [
          `${many(rejected, "record")} could not be written: the calls of decisions were denied, those of outcomes had run, or were denied so`,
        ]
      : []),
    ...(strangers.length > 0 ? [`callers who proved nothing, counted and not recorded: ${strangers.join(", ")}`] : []),
    ...(tornBytes > 0 ? [`${many(tornBytes, "byte")} of a line that a crash cut off`] : []),
  ];
  return `   ${oneLine([`${of === undefined ? "" : `${of}: `}${head.writer}: ${many(records, "record")}, ${state}`, ...notes].join("; "))}`;
}

/** Behind the last checkpoint. Of a stream that ended no other comes; the stream that noted its end vouches for them. */
function unsignedNote(count: number, state: SoundStream["state"]): string {
  const lines = count === 1 ? "its last line is" : `its last ${count} lines are`;
  return state === "ended" ? `${lines} vouched for by that note alone` : `${lines} not signed yet`;
}
