import { covers, type PolicyRule, policyRules, readExpression, type SourceDocument } from "../policies/index.ts";

/**
 * Rules about the handing over that read which tools are handed over, and not whether it is every tool: `actions` has then
 * only the one that is called, and a rule for few tools, or for harmless ones, lets all of them be handed over one by one.
 */
export function everyToolUnread(documents: readonly SourceDocument[], kind: string): readonly PolicyRule[] {
  return policyRules(documents).filter((rule) => {
    if (!covers(rule.kind, kind)) return false;
    const read = rule.expressions
      .map(readExpression)
      .flatMap(({ attributes, guarded }) => [...attributes, ...guarded])
      .filter(({ of }) => of === "resource")
      .map(({ path }) => path[0]);
    return read.includes("actions") && !read.includes("everyTool");
  });
}
