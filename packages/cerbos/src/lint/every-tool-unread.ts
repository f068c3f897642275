import { covers, type PolicyRule, readExpression } from "../policies/index.ts";
import type { PolicyWarning } from "./policy-warning.ts";

/**
 * Rules about the handing over that read which tools are handed over, and not whether it is every tool: `actions` has then
 * only the one that is called, and a rule for few tools, or for harmless ones, lets all of them be handed over one by one.
 */
export function everyToolUnread(rules: readonly PolicyRule[], kind: string): readonly PolicyWarning[] {
  return rules.flatMap((rule): readonly PolicyWarning[] => {
    if (!covers(rule.resource, kind)) return [];
    const read = rule.expressions
      .map(readExpression)
      .flatMap(({ attributes, guarded }) => [...attributes, ...guarded])
      .filter(({ of }) => of === "resource")
      .map(({ path }) => path[0]);
    return read.includes("actions") && !read.includes("everyTool") ? [warningAbout(rule)] : [];
  });
}

function warningAbout({ document, line, name }: PolicyRule): PolicyWarning {
  return {
    code: "every_tool_unread",
    file: document.file,
    line,
    rule: name,
    attribute: "R.attr.actions",
    message:
      `rule "${name}" reads R.attr.actions and not R.attr.everyTool: where every tool was handed over, actions has only the ` +
      "one that is called, so the rule says of each by itself what it was meant to say of all that is handed over. Read both",
  };
}
