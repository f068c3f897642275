import {
  type AskedTool,
  type AttributePath,
  attributeText,
  covers,
  listingOf,
  type PolicyRule,
  readExpression,
} from "../policies/index.ts";
import type { PolicyWarning } from "./policy-warning.ts";
import { rulesFor } from "./questions.ts";

/** Rules for a listing action that read attributes of the resource: a list is asked about before any call, and without them. */
export function listingAttributes(
  rules: readonly PolicyRule[],
  tools: { readonly [tool: string]: AskedTool },
): readonly PolicyWarning[] {
  const found = Object.entries(tools).flatMap(([tool, entry]) => {
    const listing = listingOf(tool, entry);
    if (listing === undefined) return [];
    const { pattern, attributes } = listing;
    return rulesFor({ ...entry, ...listing, asker: tool }, rules)
      .filter(({ actions }) => actions.some((action) => covers(action, pattern)))
      .flatMap((rule) => missingIn(rule, attributes).map((attribute) => warningAbout(rule, pattern, attribute)));
  });
  // Many tools of one kind have one listing action.
  return [...new Map(found.map((it) => [JSON.stringify(it), it])).values()];
}

function missingIn({ expressions }: PolicyRule, given: ReadonlySet<string>): readonly AttributePath[] {
  const readings = expressions.map(readExpression);
  const asked = readings.flatMap(({ guarded }) => guarded);
  // `has(R.attr.args.bcc)` itself reads `R.attr.args`.
  const [guards, within] = [asked.filter(({ path }) => path.length === 1), asked.filter(({ path }) => path.length > 1)];
  const guarded = new Set(guards.map(attributeText));
  const read = [...within, ...readings.flatMap(({ attributes }) => attributes)].filter(({ of }) => of === "resource");
  const isThere = ({ of, path: [name = ""] }: AttributePath): boolean =>
    given.has(name) || guarded.has(attributeText({ of, path: [name] }));
  return read.filter((it) => !isThere(it)).slice(0, 1);
}

function warningAbout(rule: PolicyRule, listing: string, attribute: AttributePath): PolicyWarning {
  const text = attributeText(attribute);
  return {
    code: "listing_reads_attributes",
    file: rule.document.file,
    line: rule.line,
    rule: rule.name,
    attribute: text,
    message:
      `rule "${rule.name}" holds for the listing action "${listing}", too, and reads ${text}, which a list has not: it cannot be ` +
      "evaluated, so the tool is not shown to whomever the rule is about, or, without strict evaluation, the rule is skipped, also " +
      "one that denies. Name the actions of calls in that rule, and for the listing action roles, or attributes of the principal",
  };
}
