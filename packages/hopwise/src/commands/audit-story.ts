import { resolve } from "node:path";
import { lineage, printLineage } from "@hopwise/audit";
import { type Command, JSON_OPTION } from "../command.ts";
import { oneLine } from "../terminal.ts";

/** Tells one call's whole story. */
export const auditStory: Command = {
  name: "audit story",
  words: "FOLDER INVOCATION",
  count: [2, 2],
  summary: "Tells one call's whole story: who handed what to whom, what each policy said, and what came of it.",
  details: [
    "INVOCATION is in every denial, every record and Cerbos' own decision log. The files are not checked: see audit verify.",
  ],
  options: { ...JSON_OPTION },
  async run({ words: [folder = "", invocation = ""], has }, terminal) {
    const story = await lineage(resolve(terminal.folder, folder), invocation);
    if (story === undefined) {
      terminal.err(`the log has no decision about the call ${oneLine(invocation)}`);
      return 1;
    }
    terminal.out(has("json") ? JSON.stringify(story, null, 2) : printLineage(story));
    return 0;
  },
};
