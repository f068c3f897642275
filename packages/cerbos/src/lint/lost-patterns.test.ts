/** Which patterns does Cerbos read otherwise than they look, and does the lint know the same ones? */
import { GRPC } from "@cerbos/grpc";
import { describe, expect, it, onTestFinished } from "vitest";
import { startPdp } from "../serve/start-pdp.ts";
import { temporaryFolder } from "../testing/policies.ts";
import { remotePdp } from "../testing/remote-pdp.ts";
import { lintPolicies } from "./lint-policies.ts";

const policy = (kind: string, deny: string): string => `apiVersion: api.cerbos.dev/v1
resourcePolicy:
  resource: ${JSON.stringify(kind)}
  version: default
  rules:
    - { actions: ["**"], effect: EFFECT_ALLOW, roles: ["*"] }
    - { actions: [${JSON.stringify(deny)}], effect: EFFECT_DENY, roles: ["*"] }
`;
const rolePolicy = (resource: string): string =>
  `apiVersion: api.cerbos.dev/v1\nrolePolicy:\n  role: clerk\n  rules:\n    - { resource: ${JSON.stringify(resource)}, allowActions: [view] }\n`;

/** Patterns of actions, an action that each looks like it fits, and what becomes of a DENY for it. */
const PATTERNS: readonly (readonly [pattern: string, action: string, kept: boolean])[] = [
  ["send*", "send", true],
  ["send:*", "send:now", true],
  ["s[ae]nd*", "send", true],
  ["s[!xy]nd*", "send", true],
  ["s[!!]nd*", "send", true],
  ["s[a-z]nd*", "send", true],
  ["s[fe-z]nd*", "send", true],
  ["{send,pay}*", "pay", true],
  ["send[*", "send[", false],
  ["send[]*", "send", false],
  ["s[!]nd*", "send", false],
  ["s[z-a]nd*", "send", false],
  ["s[a-]nd*", "send", false],
  ["s[!a-]nd*", "send", false],
  ["s[a-z-9]nd*", "send", false],
  ["{send[,pay}*", "pay", false],
];

describe("a pattern", () => {
  it("keeps a DENY rule in Cerbos where the lint says nothing, and loses it where the lint names it", async () => {
    const files = PATTERNS.map(([pattern], i) => [`k${i}.yaml`, policy(`k${i}`, pattern)] as const);
    const folder = temporaryFolder(Object.fromEntries(files));
    const remote = await remotePdp({ policies: folder });
    const client = new GRPC(remote.target, { tls: false });
    onTestFinished(() => client.close());
    const principal = { id: "ann", roles: ["user"] };
    const kept = PATTERNS.map(([, action], i) =>
      client.isAllowed({ principal, resource: { kind: `k${i}`, id: "1" }, action }).then((allowed) => !allowed),
    );
    expect(await Promise.all(kept)).toEqual(PATTERNS.map(([, , it]) => it));
    const named = (await lintPolicies(folder)).filter(({ code }) => code === "pattern_lost").map(({ file }) => file);
    expect(named.map((file) => file.split("/").at(-1)).sort()).toEqual(
      files.flatMap(([name], i) => (PATTERNS[i]?.[2] ? [] : [name])).sort(),
    );
  });

  it.each(["{send,pay}", "sen?", "s[ae]nd"])("that %s only looks like is named", async (action) => {
    const found = await lintPolicies(temporaryFolder({ "a.yaml": policy("doc", action) }));
    expect(found).toEqual([
      expect.objectContaining({ code: "pattern_unfit", line: 7, message: expect.stringContaining("without a *") }),
    ]);
  });

  it("is none in a plain name, a condition or an output", async () => {
    const rule = `    - { actions: [a.b, "c:d", "e-f"], effect: EFFECT_ALLOW, roles: ["g@h"], condition: { match: { expr: '"{a,b}?" == R.id' } } }\n`;
    expect(await lintPolicies(temporaryFolder({ "a.yaml": policy("doc", "pay") + rule }))).toEqual([]);
  });
});

describe("a kind in a role policy", () => {
  it.each([
    ["album:object", "album:object"],
    ["album:object", "album:*"],
    ["users-list", "users-*"],
    ["a/b", "a/b"],
  ])("%s by %s is never found, and named with what to write", async (kind, pattern) => {
    const folder = temporaryFolder({ "a.yaml": policy(kind, "x"), "clerk.yaml": rolePolicy(pattern) });
    const looked = kind.replace(/\W/, "_");
    const found = await lintPolicies(folder);
    expect(found).toEqual([
      expect.objectContaining({ code: "pattern_unfit", message: expect.stringContaining(`Write "${looked}"`) }),
    ]);
    const pdp = await startPdp({ policies: folder });
    onTestFinished(() => pdp.close());
    const question = { principal: { id: "ann", roles: ["clerk"] }, resource: { kind, id: "1" }, action: "view" };
    expect(await pdp.client.isAllowed(question)).toBe(false);
  });

  it.each([
    ["album:object", "album_object"],
    ["album:object", "*"],
    ["album", "album"],
    ["arn:aws:iam::1", "arn:aws:iam::*"],
  ])("%s by %s is found", async (kind, pattern) => {
    const folder = temporaryFolder({ "a.yaml": policy(kind, "x"), "clerk.yaml": rolePolicy(pattern) });
    expect(await lintPolicies(folder)).toEqual([]);
  });
});
