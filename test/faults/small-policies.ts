/** Small policies on the real PDP, each with one thing in it that policies get wrong. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Pdp, type StartPdpOptions, startPdp } from "@hopwise/cerbos";
import type { Decision, ToolMap } from "@hopwise/core";
import type { World } from "../support/world.ts";

/** Rules of one kind of resource, in the flow style of YAML. */
export type Rules = readonly string[];

/** What a rule says when it takes part, as an output. */
export const saying = (effect: "ALLOW" | "DENY", expression: string, when = "ruleActivated"): string =>
  `{ actions: [send], effect: EFFECT_${effect}, roles: ["*"], output: { when: { ${when}: ${JSON.stringify(expression)} } } }`;

export const ALLOW = `{ actions: [send], effect: EFFECT_ALLOW, roles: ["*"] }`;

/** A PDP with one policy a kind. The folder goes with it. */
export async function pdpWith(
  kinds: { readonly [kind: string]: Rules },
  options: Omit<StartPdpOptions, "policies"> = {},
): Promise<Pdp> {
  const policies = mkdtempSync(join(tmpdir(), "hopwise-test-"));
  for (const [kind, rules] of Object.entries(kinds)) {
    const head = `apiVersion: api.cerbos.dev/v1\nresourcePolicy:\n  resource: ${kind}\n  version: default\n  rules:\n`;
    writeFileSync(join(policies, `${kind}.yaml`), head + rules.map((rule) => `    - ${rule}\n`).join(""));
  }
  const pdp = await startPdp({ policies, ...options });
  void pdp.exited.then(() => rmSync(policies, { recursive: true, force: true }));
  return pdp;
}

/** A payment of the planner's, as an action on a resource of this kind. */
export async function payAs(world: World, pdp: Pdp, kind: string): Promise<Decision> {
  const tools: ToolMap = { send_payment: { kind, action: "send" } };
  const { authorizer } = world.authorizer({ cerbos: pdp, tools, delegation: "grants-only" });
  const session = await authorizer.openSession(world.planner);
  return session.authorize({ tool: "send_payment", arguments: { to: "Globex", amount: 400, currency: "EUR" } });
}
