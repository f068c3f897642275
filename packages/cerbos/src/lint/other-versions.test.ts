/** What the lint says of principal and role policies that a version of a kind does not have, and what Cerbos does there. */
import { describe, expect, it, onTestFinished } from "vitest";
import { startPdp } from "../serve/start-pdp.ts";
import { temporaryFolder } from "../testing/policies.ts";
import { lintPolicies } from "./lint-policies.ts";

const resource = (version: string, actions = '"*"', kind = "doc"): string =>
  `apiVersion: api.cerbos.dev/v1\nresourcePolicy:\n  resource: "${kind}"\n  version: ${version}\n  rules:\n    - { actions: [${actions}], effect: EFFECT_ALLOW, roles: ["*"] }\n`;
const principal = (version: string, kind = "doc", effect = "DENY"): string =>
  `apiVersion: api.cerbos.dev/v1\nprincipalPolicy:\n  principal: ann\n  version: ${version}\n  rules:\n    - { resource: "${kind}", actions: [{ action: send, effect: EFFECT_${effect} }] }\n`;
const role = (version: string, head = ""): string =>
  `apiVersion: api.cerbos.dev/v1\nrolePolicy:\n  role: clerk\n  version: ${version}\n${head}  rules:\n    - { resource: doc, allowActions: [show] }\n`;

type Files = { readonly [name: string]: string };

async function named(files: Files): Promise<readonly string[]> {
  return (await lintPolicies(temporaryFolder(files))).map(({ code, file }) => `${code} ${file.split("/").at(-1)}`);
}

async function isAllowed(files: Files, policyVersion: string): Promise<boolean> {
  const pdp = await startPdp({ policies: temporaryFolder(files) });
  onTestFinished(() => pdp.close());
  return await pdp.client.isAllowed({
    principal: { id: "ann", roles: ["clerk"], policyVersion },
    resource: { kind: "doc", id: "1", policyVersion },
    action: "send",
  });
}

describe.each([
  ["a principal policy that denies", principal],
  ["a role policy", role],
])("%s", (_, policy) => {
  const both = { "doc.yaml": resource("default"), "next.yaml": resource("next") };

  it("does not hold for another version of the kind, and is named", async () => {
    const files = { ...both, "it.yaml": policy("default") };
    expect([await isAllowed(files, "default"), await isAllowed(files, "next")]).toEqual([false, true]);
    expect(await named(files)).toEqual(["version_unheld it.yaml"]);
  });

  it("is not named where that version has it, too, or where there is one version", async () => {
    const files = { ...both, "it.yaml": policy("default"), "there.yaml": policy("next") };
    expect(await isAllowed(files, "next")).toBe(false);
    expect(await named(files)).toEqual([]);
    expect(await named({ "doc.yaml": resource("default"), "it.yaml": policy("default") })).toEqual([]);
  });
});

it("a role policy is not named where the other version allows other roles alone", async () => {
  const others = resource("next").replace('roles: ["*"]', "roles: [boss]");
  expect(await named({ "doc.yaml": resource("default"), "next.yaml": others, "it.yaml": role("default") })).toEqual([]);
});

it("a principal policy is not named for other actions or kinds, nor for what it allows; a kind counts by how it is looked for", async () => {
  const [one, it] = [{ "doc.yaml": resource("default") }, principal("default")];
  expect(await named({ ...one, "next.yaml": resource("next", "show"), "it.yaml": it })).toEqual([]);
  expect(await named({ ...one, "next.yaml": resource("next", '"*"', "memo"), "it.yaml": it })).toEqual([]);
  expect(
    await named({ ...one, "next.yaml": resource("next"), "it.yaml": principal("default", "doc", "ALLOW") }),
  ).toEqual([]);
  const colons = { "a.yaml": resource("next", '"*"', "a:b"), "it.yaml": principal("default", "a_b") };
  expect(await named(colons)).toEqual(["version_unheld it.yaml"]);
});
