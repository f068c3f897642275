/** Writes docs/errors.md, and the codes in section 12 of the specification, from the table of codes. `pnpm errors`. */
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { CODES, type ErrorCode, rowOf } from "../packages/core/src/codes.ts";

const PAGE = new URL("errors.md", import.meta.url);
const SPECIFICATION = new URL("../spec/delegation-token.md", import.meta.url);
const CODES_IN_SPECIFICATION = /(?<=## 12 Codes\n\nStable\. Texts may change\.\n\n)[\s\S]*?(?=\n\nAn answer MAY carry)/;

/** Each stage by its question, in the order of the way of a call. */
const STAGES: { readonly [stage in ReturnType<typeof rowOf>["stage"]]: string } = {
  guard: "May this enforcement point serve the request at all?",
  arguments: "Are the arguments exactly one JSON value?",
  token: "Is the chain genuine, alive, and meant for us?",
  proof: "Is it presented by its holder, for this call, now?",
  state: "Was it revoked, or used before?",
  agents: "Are the agents who the chain says?",
  grant: "Was it handed over?",
  context: "Who and what is it about?",
  policy: "Do the policies allow it to every hop?",
  approval: "Did the people approve it who must?",
  spending: "Is enough left?",
  audit: "Is it on record?",
  result: "May the result be shown?",
  holder: "Can its maker sign it?",
  statement: "May its signer revoke, or approve, just this?",
  start: "Can this set-up work?",
};

/** The page, as it must stand in docs/errors.md. */
export function errorsPage(): string {
  const sections = Object.entries(STAGES).map(([stage, question]) => {
    const rows = codesOf(stage).map((code) => {
      const { help, retryable = false, wire, model, tellsOfTool = false } = rowOf(code);
      const words = tellsOfTool ? `${model} Whoever may not see the tool: as \`policy_denied\`` : model;
      // Nothing is served yet at the start, so nobody calls.
      const read = stage === "start" ? "" : wire === undefined ? words : `as \`${wire}\``;
      return `| \`${code}\` | ${help} | ${retryable ? "yes" : ""} | ${read} |`;
    });
    return [
      `## \`${stage}\`: ${question}`,
      "",
      "| code | what it means, and what to do | try again | callers read |",
      "| --- | --- | --- | --- |",
      ...rows,
    ].join("\n");
  });
  return `${[INTRODUCTION, ...sections].join("\n\n")}\n`;
}

const INTRODUCTION = `# Every code, and what to do

<!-- made by docs/make-errors.ts from packages/core/src/codes.ts: change it there, and run \`pnpm errors\` -->

A call goes through stages, and the first refusal ends it. A denial and its record have the \`code\`, the
\`stage\`, a \`message\` for the operator of the server, and, where they are known, the \`hop\` (0 is the user), the
\`pointer\` to the place, the \`rule\`, the policy's \`reason\`, and \`wouldPass\`, which says what would have passed.
\`operatorView(decision)\` prints all of it as a tree.

Callers and their models get the code, its words (last column), and whether trying again may help; never the message. Of
their own delegation and proof they may know all, of policies, users and the set-up nothing. Where a code would tell them
more, they see another one in its place, with that one's words.
Codes are stable: programs and policies may depend on them. Texts may change.`;

/** The table of section 12. */
function specificationTable(): string {
  const rows = Object.entries(STAGES).map(
    ([stage, question]) =>
      `| \`${stage}\` | ${question} | ${codesOf(stage)
        .map((code) => `\`${code}\``)
        .join(" ")} |`,
  );
  return ["| stage | question | codes |", "| --- | --- | --- |", ...rows].join("\n");
}

/** The specification, as it must stand in spec/delegation-token.md. */
export function specification(): string {
  return readFileSync(SPECIFICATION, "utf8").replace(CODES_IN_SPECIFICATION, specificationTable());
}

function codesOf(stage: string): readonly ErrorCode[] {
  return (Object.keys(CODES) as ErrorCode[]).filter((code) => rowOf(code).stage === stage);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  writeFileSync(PAGE, errorsPage());
  writeFileSync(SPECIFICATION, specification());
}
