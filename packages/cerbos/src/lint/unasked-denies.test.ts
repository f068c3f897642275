/** What the lint says of DENY rules that stop nobody, since nobody asks about what they forbid. */
import { cerbosFastmcpNaming } from "@hopwise/core/describe";
import { describe, expect, it } from "vitest";
import { temporaryFolder } from "../testing/policies.ts";
import { type LintPoliciesOptions, lintPolicies } from "./lint-policies.ts";

interface Parts {
  readonly kind?: string;
  readonly head?: string;
  readonly effect?: string;
}

const policy = (actions: string, { kind = "invoice", head = "", effect = "DENY" }: Parts = {}): string =>
  `apiVersion: api.cerbos.dev/v1
resourcePolicy:
  resource: ${kind}
  version: ${head.includes("version:") ? head : `default\n${head}`}  rules:
    - { name: stop, actions: [${actions}], effect: EFFECT_${effect}, roles: ["*"] }
`;
const ALLOWED = policy('"*"', { effect: "ALLOW" }).replace("stop", "go");

type Tools = LintPoliciesOptions["tools"] & {};

const TOOLS: Tools = {
  read_invoice: { kind: "invoice", action: "read", list: "show" },
  pay_invoice: { kind: "invoice", action: "pay" },
};

async function said(more: string, tools: Tools = TOOLS): Promise<readonly (string | undefined)[]> {
  const folder = temporaryFolder({ "a.yaml": ALLOWED, "b.yaml": more });
  const found = (await lintPolicies(folder, { tools, delegation: "grants-only" })).filter(
    (it) => it.code === "deny_unasked",
  );
  for (const { file, rule } of found) expect([file, rule]).toEqual([`${folder}/b.yaml`, "stop"]);
  return found.map(
    ({ line, message }) => `${line} ${/ is for (.*), and nothing/.exec(message)?.[1]}${/;.*/.exec(message)?.[0] ?? ""}`,
  );
}

/** A policy beside `ALLOWED`, of another scope. */
const scoped = (actions: string): string => policy(actions, { head: "  scope: acme\n" });
const IN_ACME = { a: { kind: "invoice", action: "read", scope: "acme" } } satisfies Tools;

describe("a DENY rule that nobody asks about", () => {
  it("is named where its kind looks like one that is asked about", async () => {
    expect(await said(policy("read", { kind: "invoices" }))).toEqual([
      '6 "read" on the kind "invoices"; did you mean "invoice"?',
    ]);
    expect(await said(policy("read", { kind: "report" }))).toEqual([]);
  });

  it("is named where its action is none that is asked about", async () => {
    expect(await said(scoped("remove"), IN_ACME)).toEqual(['7 "remove" on the kind "invoice" in the scope "acme"']);
    expect(await said(scoped("raed"), IN_ACME)).toEqual([
      '7 "raed" on the kind "invoice" in the scope "acme"; did you mean "read"?',
    ]);
    expect(await said(scoped('read, raed, "re*", remove'), IN_ACME)).toEqual([
      '7 "raed" on the kind "invoice" in the scope "acme"; did you mean "read"?',
    ]);
    for (const sound of ["read", '"*"', '"r*"', "read, remove"])
      expect([sound, await said(scoped(sound), IN_ACME)]).toEqual([sound, []]);
  });

  it("is named where its version or scope is none that is asked about", async () => {
    expect(await said(scoped("read"))).toEqual(['7 "read" on the kind "invoice" in the scope "acme"']);
    const v2 = policy("read").replace("version: default", "version: v2");
    expect(await said(v2)).toEqual(['6 "read" on the kind "invoice" of the version "v2"']);
    expect(await said(v2, { a: { kind: "invoice", action: "read", policyVersion: "v2" } })).toEqual([]);
    expect(await said(v2, { a: { kind: "invoice", action: "read", policyVersion: () => "v2" } })).toEqual([]);
    expect(await said(scoped("read"), { a: { kind: "invoice", action: "read", scope: () => "acme" } })).toEqual([]);
  });

  it("is found in a principal policy, too, and is none that allows, nor one about what Hopwise itself asks", async () => {
    const ann = (resource: string, action: string): string => `apiVersion: api.cerbos.dev/v1
principalPolicy:
  principal: ann
  version: default
  rules:
    - { resource: "${resource}", actions: [{ name: stop, action: ${action}, effect: EFFECT_DENY }] }
`;
    expect(await said(ann("invoice", "raed"))).toEqual(['6 "raed" on the kind "invoice"; did you mean "read"?']);
    expect(await said(ann("*", "read"))).toEqual([]);
    expect(await said(policy("raed", { head: "  scope: acme\n", effect: "ALLOW" }), IN_ACME)).toEqual([]);
    expect(await said(policy("read", { kind: "approval" }), { a: { kind: "approvals", action: "read" } })).toEqual([]);
  });

  it("is known where the action follows from the name of a tool that the map does not have", async () => {
    const naming = cerbosFastmcpNaming();
    const mcp = (actions: string): string => policy(actions, { kind: "mcp_server" });
    for (const sound of ["tools/call::admin_tool", "tools/list::a", "prompts/list", "tools/call::*"])
      expect([sound, await said(mcp(JSON.stringify(sound)), naming)]).toEqual([sound, []]);
    expect(await said(mcp('"tools/call:admin_tool"'), naming)).toEqual([
      '6 "tools/call:admin_tool" on the kind "mcp_server"',
    ]);
    const open = (tool: string): string => (tool === "pay" ? "send" : "other");
    expect(await said(policy("remove", { kind: "thing" }), { "*": { kind: "thing", action: open } })).toEqual([]);
  });
});
