import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { lineage, printLineage } from "@hopwise/audit";
import { FOLDERS_HELP, foldersIn } from "../audit-folders.ts";
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
  async run({ words, has }, terminal) {
    const invocation = words.at(-1) as string;
    if (existsSync(resolve(terminal.folder, invocation))) {
      throw wrong(`the call's id comes last, and ${oneLine(invocation)} is a folder or a file`);
    }
    const { folders, nameOf } = foldersIn(words.slice(0, -1), terminal);
    const story = await lineage(folders, invocation);
    if (story === undefined) {
      terminal.err(`the log has no decision about the call ${oneLine(invocation)}`);
      return 1;
    }
    const of = nameOf(story.place.folder);
    if (of !== undefined && !has("json")) terminal.out(`${oneLine(of)}:`);
    terminal.out(has("json") ? jsonText(story, 2) : printLineage(story));
    return 0;
  },
};
