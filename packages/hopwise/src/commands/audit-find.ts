import { type AuditFilter, printRecord, readAuditLog } from "@hopwise/audit";
import { FOLDERS_HELP, foldersIn } from "../audit-folders.ts";
import { type Command, given, JSON_OPTION, MANY, PERIOD, type Typed } from "../command.ts";
import { readThumbprint } from "../input.ts";
import { tellUnknown } from "../tell-unknown.ts";
import { jsonText, oneLine, type Terminal } from "../terminal.ts";
import { wrong } from "../wrong.ts";

/** Finds records. */
export const auditFind: Command = {
  name: "audit find",
  words: "FOLDER…",
  count: [1, MANY],
  summary: "Finds records of an audit log, by time. A record must match all that is given.",
  details: [
    "Prints a line for each; with --json the whole record on one line. The files are not checked: see audit verify.",
    "What came of a call is a record without a chain: --tool and --invocation find it, and audit story has it; the others find decisions alone.",
    "Where nothing is found, it says which of the names no record has, and what may have been meant.",
    FOLDERS_HELP,
  ],
  options: {
    user: { value: "ID", help: "the user at the chain's beginning; needs --issuer" },
    issuer: { value: "URI", help: "whose user that is: the same id of two issuers is two users" },
    agent: { value: "NAME", help: "an agent anywhere in the chain" },
    key: {
      value: "THUMBPRINT|FILE",
      help: "a key of an agent in the chain, or by which people approved the call, or the file of its JWK",
    },
    token: { value: "HASH", help: "a token in the chain, by its hash: what was done by it, and by all below it" },
    tool: { value: "NAME", help: "the tool that was called" },
    hidden: { value: "NAME", help: "a tool, prompt or resource that a list did not show" },
    code: { value: "CODE", help: "the code of a denial" },
    chain: { value: "ID", help: "the chain, by the hash of its root" },
    invocation: { value: "ID", help: "one call" },
    ...PERIOD,
    limit: { value: "N", help: "no more than so many" },
    ...JSON_OPTION,
  },
  async run(typed, terminal) {
    const limit = limitOf(typed.value("limit"));
    const [{ folders, nameOf }, filter] = [foldersIn(typed.words, terminal), await filterOf(typed, terminal)];
    let found = 0;
    for await (const { record, folder } of readAuditLog(folders, filter)) {
      const of = nameOf(folder);
      if (typed.has("json")) terminal.out(jsonText(of === undefined ? record : { folder: of, ...record }));
      else terminal.out(of === undefined ? printRecord(record) : `${oneLine(of)}: ${printRecord(record)}`);
      found++;
      if (found === limit || terminal.isRead?.() === false) break;
    }
    if (found > 0) return 0;
    if (!(await tellUnknown(folders, filter, typed, terminal))) terminal.err("no record matches");
    return 1;
  },
};

async function filterOf(typed: Typed, terminal: Terminal): Promise<AuditFilter> {
  const [id, issuer] = [typed.value("user"), typed.value("issuer")];
  if ((id === undefined) !== (issuer === undefined)) {
    throw wrong("--user and --issuer go together: of two issuers, one id is two users");
  }
  const names = ["agent", "token", "tool", "hidden", "code", "chain", "invocation", "since", "until"] as const;
  const [others, key] = [given(typed, names), typed.value("key")];
  const held = key === undefined ? {} : { key: await readThumbprint(key, terminal) };
  return { ...others, ...held, ...(id !== undefined && issuer !== undefined && { user: { id, issuer } }) };
}

function limitOf(text: string | undefined): number {
  if (text === undefined) return Number.POSITIVE_INFINITY;
  const limit = Number(text);
  if (Number.isSafeInteger(limit) && limit > 0) return limit;
  throw wrong("--limit is a whole number of at least 1");
}
