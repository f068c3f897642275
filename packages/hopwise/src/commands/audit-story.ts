import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { printLineage } from "@hopwise/audit";
import { FOLDERS_HELP, storyIn } from "../audit-folders.ts";
import { type Command, JSON_OPTION, MANY } from "../command.ts";
import { jsonText, oneLine } from "../terminal.ts";
import { wrong } from "../wrong.ts";

/** Tells one call's whole story. */
export const auditStory: Command = {
  name: "audit story",
  words: "FOLDER… INVOCATION",
  count: [2, MANY],
  summary: "Tells one call's whole story: who handed what to whom, what each policy said, and what came of it.",
  details: [
    "INVOCATION is in every denial, every record and Cerbos' own decision log. The files are not checked: see audit verify.",
    FOLDERS_HELP,
  ],
  options: { ...JSON_OPTION },
  async run(typed, terminal) {
    const { words } = typed;
    const invocation = words.at(-1) as string;
    if (existsSync(resolve(terminal.folder, invocation))) {
      throw wrong(`the call's id comes last, and ${oneLine(invocation)} is a folder or a file`);
    }
    const story = await storyIn(words.slice(0, -1), invocation, typed, terminal);
    if (story === undefined) return 1;
    terminal.out(typed.has("json") ? jsonText(story, 2) : printLineage(story));
    return 0;
  },
};
