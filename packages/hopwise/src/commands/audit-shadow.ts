import { printShadowReport, shadowReport } from "@hopwise/audit";
import { foldersIn } from "../audit-folders.ts";
import { type Command, given, JSON_OPTION, MANY, PERIOD } from "../command.ts";
import { tellUnknown } from "../tell-unknown.ts";
import { jsonText } from "../terminal.ts";

/** Reports what shadow mode let run, and what it did not. */
export const auditShadow: Command = {
  name: "audit shadow",
  words: "FOLDER…",
  count: [1, MANY],
  summary:
    "Reports what shadow mode let run, and what was refused all the same: by tool and code, how often, for whom, and what would pass.",
  details: [
    "Lists are not counted. Calls without a valid chain are on no record: they are told as the checkpoints of the log count them,",
    "by tool and code, up to the last one. The files are not checked: see audit verify.",
    "No record says since when shadow mode is on: give that time by --since, or calls from before it count as passed.",
    "Of several instances give all their folders: their calls are counted together. The exit code is 1 where no record names the tool.",
  ],
  options: {
    tool: { value: "NAME", help: "the tool that was called" },
    ...PERIOD,
    ...JSON_OPTION,
  },
  async run(typed, terminal) {
    const { folders } = foldersIn(typed.words, terminal);
    const options = given(typed, ["tool", "since", "until"]);
    const report = await shadowReport(folders, options);
    terminal.out(typed.has("json") ? jsonText(report, 2) : printShadowReport(report));
    const { tool } = options;
    if (tool === undefined || report.tools.length > 0) return 0;
    // Of a name that was mistyped nothing would be denied, either.
    return (await tellUnknown(folders, { tool }, typed, terminal)) ? 1 : 0;
  },
};
