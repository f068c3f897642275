import { type BlastRadius, blastRadius, readAuditLog } from "@hopwise/audit";
import type { DecisionRecord, OutcomeRecord } from "@hopwise/core/audit";
import type { RevocationTarget, SharedState } from "@hopwise/core/state";
import { foldersIn } from "../audit-folders.ts";
import { type Command, JSON_OPTION, type Typed } from "../command.ts";
import { isSure } from "../is-sure.ts";
import { openState, STORE } from "../open-state.ts";
import { doubtLines, isDoubtful, radiusLines, unaskedLine } from "../radius-words.ts";
import { entryLine, secondsOf, targetOf, targetWords } from "../revocation-words.ts";
import { type ExitCode, jsonText, type Terminal } from "../terminal.ts";
import { wrong } from "../wrong.ts";

/** Revokes something in a shared store, or lifts it, or lists what is revoked. */
export const revoke: Command = {
  name: "revoke",
  words: "",
  count: [0, 0],
  summary: "Revokes a chain, a token, a key, an agent or a user; shows first what would end.",
  details: [
    "What would end is told from an audit log (--audit); without --state that is all that happens. Then it asks, unless --yes",
    "is given, and revokes in the store: effective on the next call of every process that shares it. --list shows what is",
    "revoked, --lift takes it back. A token and a user are revoked for a year unless --until says less, a key and an agent",
    "until they are lifted. The store must be there: a server makes it when it opens it.",
    "Where no record names the target it says so, and what may have been meant: it may be misspelt. Without --state and --yes the",
    "exit code is then 1. A store cannot tell whether there is what is revoked in it; only --audit can.",
  ],
  options: {
    chain: { value: "ID", help: "a chain, by its id: the hash of its root" },
    token: { value: "HASH", help: "a token, by its hash, and every chain below it" },
    key: {
      value: "THUMBPRINT|FILE",
      help: "a key of an agent or an issuer, or the file of its JWK; with --issuer in its chains alone",
    },
    agent: { value: "NAME", help: "an agent; with --issuer in its chains alone" },
    user: { value: "ID", help: "what was issued for a user; needs --issuer" },
    issuer: { value: "URI", help: "whose user, or in whose chains" },
    before: {
      value: "TIME",
      help: "with --user: what was issued before then, ISO 8601 or seconds; now by default; far ahead for somebody who left",
    },
    until: { value: "TIME", help: "when the revocation may be forgotten, ISO 8601 or seconds" },
    reason: { value: "TEXT", help: "why, for the log" },
    by: { value: "NAME", help: "who says so, for the log" },
    ...STORE,
    audit: { value: "FOLDER", many: true, help: "an audit log, for what would end; of several instances each" },
    list: { help: "list what is revoked, of this target or all" },
    lift: { help: "take back what revokes just this target" },
    yes: { help: "do not ask" },
    ...JSON_OPTION,
  },
  async run(typed, terminal) {
    const now = terminal.now() / 1000;
    if (typed.has("list") && typed.has("lift")) throw wrong("--list or --lift, not both");
    const target = await targetOf(typed, now, terminal);
    if (typed.has("list")) return withState(typed, terminal, (state) => list(state, target, typed, terminal));
    if (target === undefined) throw wrong("Say what: --chain, --token, --key, --agent or --user");
    if (typed.has("lift")) return withState(typed, terminal, (state) => lift(state, target, typed, terminal));
    const radius = await radiusOf(target, typed, terminal, now);
    if (radius !== undefined) {
      if (!typed.has("json")) terminal.out(radiusLines(target, radius).join("\n"));
      for (const line of doubtLines(target, radius)) terminal.err(line);
    }
    if (typed.value("state") === undefined && radius !== undefined) {
      if (typed.has("json")) terminal.out(jsonText({ target, radius, revoked: false }, 2));
      return isDoubtful(radius) && !typed.has("yes") ? 1 : 0;
    }
    return withState(typed, terminal, (state) => revokeIn(state, target, radius, typed, terminal));
  },
};

async function withState(
  typed: Typed,
  terminal: Terminal,
  use: (state: SharedState) => Promise<ExitCode>,
): Promise<ExitCode> {
  const state = await openState(typed, terminal);
  try {
    return await use(state);
  } finally {
    await state.close();
  }
}

async function revokeIn(
  { revocations }: SharedState,
  target: RevocationTarget,
  radius: BlastRadius | undefined,
  typed: Typed,
  terminal: Terminal,
): Promise<ExitCode> {
  if (radius === undefined) terminal.err(unaskedLine(target));
  if (!(await isSure(`Revoke ${targetWords(target)}?`, "nothing was changed", typed, terminal))) return 1;
  const until = typed.value("until");
  await revocations.revoke(target, {
    ...saidBy(typed),
    ...(until !== undefined && { untilSeconds: secondsOf("until", until) }),
  });
  if (typed.has("json")) terminal.out(jsonText({ target, ...(radius && { radius }), revoked: true }, 2));
  else terminal.out(`revoked: ${targetWords(target)}`);
  return 0;
}

async function lift(
  { revocations }: SharedState,
  target: RevocationTarget,
  typed: Typed,
  terminal: Terminal,
): Promise<ExitCode> {
  if (!(await isSure(`Lift what revokes ${targetWords(target)}?`, "nothing was changed", typed, terminal))) return 1;
  const lifted = await revocations.lift(target, saidBy(typed));
  if (typed.has("json")) terminal.out(jsonText({ target, lifted }, 2));
  else if (lifted === 0) terminal.err(`nothing revokes ${targetWords(target)} as such; --list shows what does`);
  else terminal.out(`lifted: ${targetWords(target)} (${lifted} ${lifted === 1 ? "entry" : "entries"})`);
  return lifted === 0 ? 1 : 0;
}

async function list(
  { revocations }: SharedState,
  target: RevocationTarget | undefined,
  typed: Typed,
  terminal: Terminal,
): Promise<ExitCode> {
  const entries = await revocations.list(target);
  for (const entry of entries) terminal.out(typed.has("json") ? jsonText(entry) : entryLine(entry));
  if (entries.length > 0) return 0;
  terminal.err(`nothing revokes ${target === undefined ? "anything in this store" : targetWords(target)}`);
  return 1;
}

async function radiusOf(
  target: RevocationTarget,
  typed: Typed,
  terminal: Terminal,
  nowSeconds: number,
): Promise<BlastRadius | undefined> {
  const { folders } = foldersIn(typed.values("audit"), terminal);
  return folders.length === 0 ? undefined : blastRadius(target, recordsOf(folders), { nowSeconds });
}

async function* recordsOf(folders: readonly string[]): AsyncGenerator<DecisionRecord | OutcomeRecord> {
  for await (const { record } of readAuditLog(folders)) yield record;
}

function saidBy(typed: Typed): { readonly by?: { readonly operator: string }; readonly reason?: string } {
  const [operator, reason] = [typed.value("by"), typed.value("reason")];
  return { ...(operator !== undefined && { by: { operator } }), ...(reason !== undefined && { reason }) };
}
