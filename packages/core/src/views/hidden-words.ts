import type { HiddenItems } from "../audit/index.ts";
import type { Asked } from "../decision/index.ts";

/** What is left of a line beside the reason. */
const LINE = 400;

/**
 * What a list did not show for one reason, in lines: `hides read_chart: policy_denied (policy): "read" on chart is denied to role nurse`.
 *
 * @param all that it did not show: one of them has the roles
 */
export function hiddenWords(one: HiddenItems, all: readonly HiddenItems[]): readonly string[] {
  const { code, stage, items, enforced, asked } = one;
  const { roles = [] } = all.find(({ hop, roles }) => hop === one.hop && roles !== undefined) ?? {};
  const to = roles.length === 0 ? "" : ` to ${nounWith("role", roles)}`;
  const why = asked === undefined ? "" : `: ${callWords(asked)} is denied${to}${placeWords(asked)}`;
  return inLines(items).map(
    (names) => `${enforced === false ? "would hide" : "hides"} ${names}: ${code} (${stage})${why}`,
  );
}

function inLines(names: readonly string[]): readonly string[] {
  const lines: string[] = [];
  for (const name of names) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + name.length < LINE) lines[lines.length - 1] = `${last}, ${name}`;
    else lines.push(name);
  }
  return lines;
}

/** The call in the words of policies. */
export function callWords({ action, kind }: Asked): string {
  return `"${action}" on ${kind}`;
}

interface PlaceAsked {
  readonly policyVersion?: string | undefined;
  readonly scope?: string | undefined;
}

/** Of which version, and in which scope: a policy that is not there is mostly one that is there in another. */
export function placeWords({ policyVersion, scope }: PlaceAsked): string {
  return `${policyVersion ? `, of version "${policyVersion}"` : ""}${scope ? `, in scope "${scope}"` : ""}`;
}

export function nounWith(what: string, names: readonly string[]): string {
  return `${what}${names.length === 1 ? "" : "s"} ${names.join(", ")}`;
}
