import type { Signer } from "@hopwise/core";
import { signApproval } from "@hopwise/core/tokens";
import { inboxOf } from "../approval-inbox.ts";
import { becameWords, requestLine, requestLines } from "../approval-words.ts";
import { type Command, JSON_OPTION, type Option, type Typed } from "../command.ts";
import { readSigner } from "../input.ts";
import { isSure } from "../is-sure.ts";
import { jsonText, type Terminal } from "../terminal.ts";
import { wrong } from "../wrong.ts";

const INBOX: Readonly<Record<string, Option>> = {
  at: { value: "URL", help: "the inbox of an enforcement point: approvalEndpoint" },
  login: { value: "FILE", help: "a file with the value of the Authorization header that lets you in" },
};
const ANSWER: Readonly<Record<string, Option>> = {
  ...INBOX,
  key: { value: "FILE", help: "your own private JWK, as hopwise keys new made it" },
  yes: { help: "do not ask" },
  ...JSON_OPTION,
};

/** As many an inbox gives at once. */
const MOST_LISTED = 1000;

/** Lists what waits for people, and what a no can still stop: of an hour in which much was paid, what is over would hide both. */
export const approvalsList: Command = {
  name: "approvals list",
  words: "",
  count: [0, 0],
  summary: "Lists the calls that wait for people.",
  details: [
    "A line each, oldest first, with those that are approved and were not made yet. The exit code is 1 where nothing waits.",
  ],
  options: { ...INBOX, all: { help: "also those that were denied or made" }, ...JSON_OPTION },
  async run(typed, terminal) {
    const all = await (await inboxOf(typed, terminal)).list();
    const listed = typed.has("all") ? all : all.filter(({ state }) => state === "waiting" || state === "approved");
    for (const shown of listed) terminal.out(typed.has("json") ? jsonText(shown) : requestLine(shown));
    if (listed.length >= MOST_LISTED) {
      terminal.err(
        `${MOST_LISTED} are listed, and there may be more: an inbox gives no more at once, and leaves out first what is over`,
      );
    }
    if (all.some(({ state }) => state === "waiting")) return 0;
    terminal.err("nothing waits");
    return 1;
  },
};

/** Shows one request. */
export const approvalsShow: Command = {
  name: "approvals show",
  words: "ID",
  count: [1, 1],
  summary: "Shows a call that waits: tool, arguments, resource, user, agents, why, until when.",
  details: ["Of the arguments those are shown that the tool map keeps in records (keepInRecord)."],
  options: { ...INBOX, ...JSON_OPTION },
  async run(typed, terminal) {
    const inbox = await inboxOf(typed, terminal);
    const shown = await inbox.find(idIn(typed));
    if (typed.has("json")) terminal.out(jsonText(shown, 2));
    else terminal.out(requestLines(shown, await inbox.before(shown)).join("\n"));
    return 0;
  },
};

export const approvalsApprove: Command = answering("approve", "yes");
export const approvalsDeny: Command = answering("deny", "no");

/** Signs an answer to what it has shown, and sends it. */
function answering(verb: "approve" | "deny", answer: "yes" | "no"): Command {
  const [summary, question] =
    answer === "yes"
      ? ["Approves a call that waits, with a signature.", "Approve this call?"]
      : ["Refuses a call that waits, with a signature: that ends it.", "Refuse this call?"];
  return {
    name: `approvals ${verb}`,
    words: "ID",
    count: [1, 1],
    summary,
    details: [
      "It shows the request, asks unless --yes is given, and signs just what it has shown. Whether you may approve it is for the",
      "policies of the enforcement point.",
    ],
    options: ANSWER,
    async run(typed, terminal) {
      const id = idIn(typed);
      const signer = await signerOf(typed, terminal);
      const inbox = await inboxOf(typed, terminal);
      const shown = await inbox.find(id);
      (typed.has("json") ? terminal.err : terminal.out)(requestLines(shown, await inbox.before(shown)).join("\n"));
      if (shown.state === "used" || shown.state === "denied") {
        throw wrong(`This request needs no answer any more: it is ${shown.state}`);
      }
      if (!(await isSure(question, "nothing was signed", typed, terminal))) return 1;
      const answered = await inbox.answer(id, await signApproval({ signer, request: shown.request, answer }));
      const { state } = answered;
      terminal.out(
        typed.has("json") ? jsonText({ request: id, answer, state }, 2) : `said ${answer}; ${becameWords(answered)}`,
      );
      return 0;
    },
  };
}

function idIn(typed: Typed): string {
  const [id = ""] = typed.words;
  if (/^[\w-]{1,64}$/.test(id)) return id;
  throw wrong("ID is the id of a request, as hopwise approvals list prints it");
}

async function signerOf(typed: Typed, terminal: Terminal): Promise<Signer> {
  const file = typed.value("key");
  if (file === undefined) throw wrong("Name your key: --key FILE");
  return readSigner("key", file, terminal);
}
