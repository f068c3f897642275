import { printShadowReport, type ShadowReportOptions, shadowReport, unknownNames } from "@hopwise/audit";
import { foldersIn } from "../audit-folders.ts";
import { type Command, JSON_OPTION, MANY, type Typed } from "../command.ts";
import { jsonText } from "../terminal.ts";
import { unknownLine } from "../unknown-line.ts";

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
    since: { value: "TIME", help: "from then on: ISO 8601, a time of day with its zone" },
    until: { value: "TIME", help: "until before then: ISO 8601, a time of day with its zone" },
    ...JSON_OPTION,
  },
  async run(typed, terminal) {
    const { folders } = foldersIn(typed.words, terminal);
    const options = optionsIn(typed);
    const report = await shadowReport(folders, options);
    terminal.out(typed.has("json") ? jsonText(report, 2) : printShadowReport(report));
    const { tool } = options;
    if (tool === undefined || report.tools.length > 0) return 0;
    // Of a name that was mistyped nothing would be denied, either.
    const unknown = await unknownNames(folders, { tool });
    for (const name of unknown) terminal.err(unknownLine(name, typed));
    return unknown.length > 0 ? 1 : 0;
  },
};

function optionsIn(typed: Typed): ShadowReportOptions {
  const given = (["tool", "since", "until"] as const).map((name) => [name, typed.value(name)] as const);
  return Object.fromEntries(given.filter(([, value]) => value !== undefined));
}
