/** Each trap of policies: a folder that has it, and what each of the doors says. */
import { cpSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { findBinary } from "../binary/find-binary.ts";
import { compilePolicies } from "../compile/compile-policies.ts";
import { connectPdp } from "../connect/connect-pdp.ts";
import { type Pdp, startPdp } from "../serve/start-pdp.ts";
import { fakeCerbos, temporaryFolder, writeIn } from "../testing/policies.ts";
import { remotePdp } from "../testing/remote-pdp.ts";
import { until } from "../testing/until.ts";
import { lintPolicies } from "./lint-policies.ts";
import type { PolicyTrapCode } from "./policy-traps.ts";
import type { PolicyWarningCode } from "./policy-warning.ts";

type Files = Readonly<Record<string, string>>;

const POLICIES = fileURLToPath(new URL("../../../../policies", import.meta.url));
const REQUIRE = "REQUIRE_PARENTAL_CONSENT_FOR_ALLOWS";
const ALL_MAY = `{ actions: ["*"], effect: EFFECT_ALLOW, roles: ["*"] }`;
const ALL_DENIED = ALL_MAY.replace("ALLOW", "DENY");
const LOCKED = "{ expr: R.attr.locked == true }";
const NOT_LOCKED = `{ none: { of: [${LOCKED}] } }`;

const policy = (kind: string, rules: readonly string[], head = ""): string =>
  `apiVersion: api.cerbos.dev/v1\nresourcePolicy:\n  resource: ${kind}\n  version: default\n${head}  rules:\n${rules.map((it) => `    - ${it}\n`).join("")}`;
const when = (match: string): string => `condition: { match: ${match} }`;
const reads = (match: string, more = ""): string =>
  `{ actions: [read], effect: EFFECT_ALLOW, roles: ["*"], ${when(match)}${more} }`;
const forbids = (match: string): string => reads(match).replace("ALLOW", "DENY");
const scope = (permissions?: string): string =>
  `  scope: acme\n${permissions === undefined ? "" : `  scopePermissions: SCOPE_PERMISSIONS_${permissions}\n`}`;
const principal = (name: string, rules: readonly string[], head = ""): string =>
  policy(name, rules, head).replace("resourcePolicy", "principalPolicy").replace("resource: ", "principal: ");
const role = (name: string, rules: readonly string[]): string =>
  `apiVersion: api.cerbos.dev/v1\nrolePolicy:\n  role: ${name}\n  parentRoles: [user]\n  rules:\n${rules.map((it) => `    - ${it}\n`).join("")}`;
const derived = (one: string, other: string): string =>
  `apiVersion: api.cerbos.dev/v1\nderivedRoles:\n  name: owners\n  definitions:\n    - { name: one, parentRoles: [user], ${when(one)} }\n    - { name: other, parentRoles: [user], ${when(other)} }\n`;
const two = (one: string, other: string, heads: readonly [string, string] = ["", ""]): Files => ({
  "a.yaml": policy("a", [one], heads[0]),
  "b.yaml": policy("b", [other], heads[1]),
});

/** What each Cerbos decides by chance, or wrongly: found with 0.55.0, rule by rule. */
const TRAPS: { readonly [code in PolicyTrapCode]: Readonly<Record<string, Files>> } = {
  rules_mixed_up: {
    "two DENYs, of all and of none": {
      "record.yaml": policy("record", [ALL_MAY, forbids(`{ all: { of: [${LOCKED}] } }`)]),
      "note.yaml": policy("note", [ALL_MAY, forbids(NOT_LOCKED)]),
    },
    "an expression and none of it, in one policy": {
      "a.yaml": policy("a", [reads(LOCKED), reads(NOT_LOCKED)]),
    },
    "trees that nest": two(
      reads(`{ all: { of: [{ expr: R.attr.x == 1 }, { any: { of: [{ expr: R.attr.y == 1 }, ${LOCKED}] } }] } }`),
      reads(`{ any: { of: [{ expr: R.attr.x == 1 }, { expr: R.attr.y == 1 }, ${LOCKED}] } }`),
    ),
    "names as in protocol buffers": {
      ...two(reads(LOCKED), reads(NOT_LOCKED)),
      "b.yaml": policy("b", [reads(NOT_LOCKED)]).replace("resourcePolicy", "resource_policy"),
    },
    "merged conditions": {
      "a.yaml": policy("a", [
        reads(LOCKED).replace("condition: ", "condition: &locked ").replace("[read]", "[other]"),
        reads(NOT_LOCKED).replace("condition: ", "condition: &open ").replace("[read]", "[another]"),
        '{ actions: [read], effect: EFFECT_ALLOW, roles: ["*"], condition: { <<: *locked } }',
        '{ condition: { match: { expr: "true" } }, <<: { actions: [read], effect: EFFECT_ALLOW, roles: ["*"] }, name: n }',
        "{ <<: { condition: { <<: *open } }, actions: [read], effect: EFFECT_ALLOW, roles: [guest] }",
      ]),
    },
    "in files beside the folder of schemas": {
      "_schemas2.yaml": policy("a", [reads(LOCKED)]),
      "_schemas_of/b.yaml": policy("b", [reads(NOT_LOCKED)]),
    },
    "of two versions": {
      "a.yaml": policy("a", [reads(LOCKED)]),
      "b.yaml": policy("a", [reads(NOT_LOCKED)]).replace("version: default", "version: two"),
    },
    "derived roles": {
      "owners.yaml": derived(LOCKED, NOT_LOCKED),
      ...two(
        "{ actions: [read], effect: EFFECT_ALLOW, derivedRoles: [one] }",
        "{ actions: [read], effect: EFFECT_ALLOW, derivedRoles: [other] }",
        ["  importDerivedRoles: [owners]\n", "  importDerivedRoles: [owners]\n"],
      ),
    },
    "principal policies": {
      "ann.yaml": principal("ann", [
        `{ resource: a, actions: [{ action: read, effect: EFFECT_DENY, ${when(LOCKED)} }] }`,
      ]),
      "bob.yaml": principal("bob", [
        `{ resource: a, actions: [{ action: read, effect: EFFECT_DENY, ${when(NOT_LOCKED)} }] }`,
      ]),
    },
    "role policies": {
      "clerk.yaml": role("clerk", [`{ resource: a, allowActions: [read, write], ${when(LOCKED)} }`]),
      "guest.yaml": role("guest", [`{ resource: a, allowActions: [write, read], ${when(NOT_LOCKED)} }`]),
    },
    "an ALLOW and a DENY where the parent must consent": {
      ...two(ALL_MAY, ALL_MAY),
      "a1.yaml": policy("a", [reads(LOCKED)], scope(REQUIRE)),
      "b1.yaml": policy("b", [forbids(LOCKED)], scope(REQUIRE)),
    },
    "outputs of which one is for the condition that is not met": two(
      reads(LOCKED, `, output: { when: { ruleActivated: '"a"' } }`),
      reads(LOCKED, `, output: { when: { conditionNotMet: '"a"' } }`),
    ),
    "variables, one of them imported": {
      "shared.yaml": "apiVersion: api.cerbos.dev/v1\nexportVariables: { name: shared, definitions: { v: R.attr.x } }\n",
      ...two(reads("{ expr: V.v == 1 }"), reads("{ none: { of: [{ expr: V.v == 1 }] } }"), [
        "  variables: { import: [shared] }\n",
        "  variables: { local: { v: R.attr.x, unused: R.attr.y } }\n",
      ]),
    },
    "constants that differ in form, in rules that have nothing in common": two(
      reads("{ expr: R.attr.x == C.k }"),
      forbids("{ expr: C.k == R.attr.y }"),
      ["  constants: { local: { k: one } }\n", "  constants: { local: { k: [one] } }\n"],
    ),
    "one name in a principal policy": {
      "ann.yaml": principal("ann", [
        `{ resource: a, actions: [{ name: n, action: read, effect: EFFECT_ALLOW, ${when("{ expr: R.attr.x == 1 }")} }] }`,
        `{ resource: "a*", actions: [{ name: n, action: read, effect: EFFECT_DENY, ${when(LOCKED)} }] }`,
      ]),
    },
    "one place in a role policy": {
      "clerk.yaml": role("clerk", [
        `{ resource: a, allowActions: [read], ${when("{ expr: R.attr.x == 1 }")} }`,
        `{ resource: "a*", allowActions: [read], ${when(LOCKED)} }`,
      ]),
    },
  },
  scope_permissions_conflict: {
    "two kinds": {
      ...two(ALL_MAY, ALL_MAY),
      "a1.yaml": policy("a", [reads(LOCKED)], scope(REQUIRE)),
      "b1.yaml": policy("b", [ALL_MAY], scope("OVERRIDE_PARENT")),
    },
    "two kinds, one that says nothing": {
      ...two(ALL_MAY, ALL_MAY),
      "a1.yaml": policy("a", [reads(LOCKED)], scope(REQUIRE)),
      "b1.yaml": policy("b", [ALL_MAY], scope()),
    },
    "a resource and a principal policy": {
      "a.yaml": policy("a", [ALL_MAY]),
      "a1.yaml": policy("a", [reads(LOCKED)], scope(REQUIRE)),
      "ann.yaml": principal("ann", ["{ resource: a, actions: [{ action: x, effect: EFFECT_DENY }] }"]),
      "ann1.yaml": principal("ann", ["{ resource: a, actions: [{ action: x, effect: EFFECT_DENY }] }"], scope()),
    },
  },
  link_unfollowed: {
    "as a ConfigMap has them": {
      "a.yaml": policy("a", [ALL_MAY]),
      "..data/more/ann.yaml": principal("ann", ["{ resource: a, actions: [{ action: x, effect: EFFECT_DENY }] }"]),
      more: "-> ..data/more",
    },
    "as a ConfigMap has them whose paths have several folders": {
      "a.yaml": policy("a", [ALL_MAY]),
      "..data/more/of/ann.yaml": principal("ann", ["{ resource: a, actions: [{ action: x, effect: EFFECT_DENY }] }"]),
      more: "-> ..data/more",
    },
    "behind a link within what a link leads to": {
      "a.yaml": policy("a", [ALL_MAY]),
      ".one/again": "-> ../.one",
      ".one/two": "-> ../.two",
      ".two/ann.yaml": principal("ann", ["{ resource: a, actions: [{ action: x, effect: EFFECT_DENY }] }"]),
      more: "-> .one",
    },
  },
  pattern_lost: {
    "an action whose brackets do not close": {
      "a.yaml": policy("a", [ALL_MAY, ALL_DENIED.replace('"*"', '"send[*"')]),
    },
    "roles with brackets around nothing": {
      "a.yaml": policy("a", [ALL_MAY, ALL_DENIED.replace('["*"] }', '["user[]*"] }')]),
    },
    "a kind of a principal policy": {
      "a.yaml": policy("a", [ALL_MAY]),
      "ann.yaml": principal("ann", ['{ resource: "a[z-a]*", actions: [{ action: x, effect: EFFECT_DENY }] }']),
    },
    "a pattern of kinds with a colon, beside a rule that denies less": {
      "a.yaml": policy('"album:object"', [ALL_MAY]),
      "ann.yaml": principal("ann", [
        '{ resource: "album:*", actions: [{ action: x, effect: EFFECT_DENY }, { action: y, effect: EFFECT_DENY }] }',
        '{ resource: "album_*", actions: [{ action: y, effect: EFFECT_DENY }] }',
      ]),
    },
    "a pattern of kinds with a colon": {
      "a.yaml": policy('"album:object"', [ALL_MAY]),
      "ann.yaml": principal("ann", ['{ resource: "album:*", actions: [{ action: "*", effect: EFFECT_DENY }] }']),
    },
  },
  taken_for_test: {
    "a kind whose name ends so": { "a.yaml": policy("a", [ALL_MAY]), "lab_test.yaml": policy("lab_test", [ALL_MAY]) },
    "in a folder, as JSON, in capitals": {
      "a.yaml": policy("a", [ALL_MAY]),
      "more/b_Test.Json": JSON.stringify({
        apiVersion: "api.cerbos.dev/v1",
        derivedRoles: { name: "owners", definitions: [{ name: "owner", parentRoles: ["user"] }] },
      }),
    },
  },
};

/** The other place of a trap that has two, in its message. */
const OTHER_PLACE: { readonly [code in PolicyTrapCode]: boolean } = {
  rules_mixed_up: true,
  scope_permissions_conflict: true,
  pattern_lost: false,
  link_unfollowed: false,
  taken_for_test: false,
};

/** What looks like it, and is decided rightly. */
const HARMLESS: Readonly<Record<string, Files>> = {
  "one expression each": two(
    forbids("{ expr: R.attr.locked == true }"),
    forbids('{ expr: "!(R.attr.locked == true)" }'),
  ),
  "a space more": two(reads(LOCKED), reads("{ none: { of: [{ expr: R.attr.locked  == true }] } }")),
  "another way to say the same": two(reads(LOCKED), reads(`{ any: { of: [{ all: { of: [${LOCKED}] } }] } }`)),
  "another effect": two(reads(LOCKED), forbids(NOT_LOCKED)),
  "another action, also a wildcard": two(reads(LOCKED), reads(NOT_LOCKED).replace("[read]", '["*"]')),
  "variables of other meaning": two(reads("{ expr: V.v == 1 }"), reads("{ none: { of: [{ expr: V.v == 1 }] } }"), [
    "  variables: { local: { v: R.attr.x } }\n",
    "  variables: { local: { v: R.attr.y } }\n",
  ]),
  "a condition of a rule and one of a derived role": {
    "owners.yaml": derived(LOCKED, "{ expr: R.attr.z == 1 }"),
    ...two("{ actions: [read], effect: EFFECT_ALLOW, derivedRoles: [one] }", reads(NOT_LOCKED), [
      "  importDerivedRoles: [owners]\n",
      "",
    ]),
  },
  "other actions of a role": {
    "clerk.yaml": role("clerk", [`{ resource: a, allowActions: [read, write], ${when(LOCKED)} }`]),
    "guest.yaml": role("guest", [`{ resource: a, allowActions: [read], ${when(NOT_LOCKED)} }`]),
  },
  "a disabled policy": {
    "a.yaml": policy("a", [reads(LOCKED)]),
    "b.yaml": policy("b", [reads(NOT_LOCKED)]).replace("resourcePolicy", "disabled: true\nresourcePolicy"),
  },
  "tests of policies, and a file that is none of Cerbos'": {
    "a.yaml": policy("a", [ALL_MAY]),
    "a_test.yaml": `name: of a
principals: { ann: { id: ann, roles: [user] } }
resources: { one: { id: one, kind: a } }
tests:
  - name: reading
    input: { principals: [ann], resources: [one], actions: [read] }
    expected: [{ principal: ann, resource: one, actions: { read: EFFECT_ALLOW } }]
`,
    "old_test.txt": policy("b", [ALL_MAY]),
  },
  "what is no policy, behind a link to a folder": {
    "a.yaml": policy("a", [ALL_MAY]),
    ".k8s/deploy.yaml": "apiVersion: apps/v1\nkind: Deployment\n",
    deploy: "-> .k8s",
  },
  "patterns that Cerbos reads": {
    "a.yaml": policy('"album:object"', [ALL_MAY, ALL_DENIED.replace('"*"', '"send[a-z]*", "se[!n]*", "{a,b}*"')]),
    "ann.yaml": principal("ann", [
      '{ resource: "album:object", actions: [{ action: x, effect: EFFECT_DENY }] }',
      '{ resource: "album*", actions: [{ action: y, effect: EFFECT_DENY }] }',
      '{ resource: "*", actions: [{ action: z, effect: EFFECT_DENY }] }',
      '{ resource: "other:*", actions: [{ action: x, effect: EFFECT_DENY }] }',
    ]),
  },
  "a pattern that misses a kind, beside rules that deny the same of it": {
    "a.yaml": policy('"album:object"', [ALL_MAY]),
    "b.yaml": policy('"song:object"', [ALL_MAY]),
    "ann.yaml": principal("ann", [
      '{ resource: "album:*", actions: [{ action: x, effect: EFFECT_DENY }] }',
      '{ resource: "album_*", actions: [{ action: "*", effect: EFFECT_DENY }] }',
      '{ resource: "song:*", actions: [{ action: x, effect: EFFECT_DENY }] }',
      '{ resource: "song:object", actions: [{ action: x, effect: EFFECT_DENY }] }',
    ]),
  },
  "scopes that agree, in their own words": {
    ...two(ALL_MAY, ALL_MAY),
    "a1.yaml": policy("a", [reads(LOCKED)], scope("OVERRIDE_PARENT")),
    "b1.yaml": policy("b", [ALL_MAY], scope()),
  },
};

const trapsIn = async (folder: string): Promise<readonly string[]> =>
  (await lintPolicies(folder)).map(({ code }) => code).filter((code) => Object.hasOwn(TRAPS, code));

const ROWS = Object.entries(TRAPS).flatMap(([code, folders]) =>
  Object.entries(folders).map(([name, files]) => [code as PolicyWarningCode, name, files] as const),
);

describe("a trap of policies", () => {
  it.each(ROWS)("%s (%s) is refused at the start and at compiling, and named by the lint", async (code, _, files) => {
    const folder = temporaryFolder(files);
    const refused = await startPdp({ policies: folder }).then(
      (pdp) => pdp.close(),
      (error: unknown) => error,
    );
    const compiled = await compilePolicies(folder);
    expect(refused).toMatchObject({ code: "policy_invalid", pointer: "/policies" });
    expect([compiled.ok, compiled.errors.map(({ trap }) => trap)]).toEqual([false, [code]]);
    expect(await trapsIn(folder)).toEqual([code]);
    // Where it stands, and of two places the other in the words.
    const [{ file, line, message } = {}] = compiled.errors as readonly {
      file?: string;
      line?: number;
      message?: string;
    }[];
    const other = new RegExp(`${folder}/[\\w/]+\\.yaml:\\d+`);
    expect(other.test(message ?? "")).toBe(OTHER_PLACE[code as PolicyTrapCode]);
    expect((refused as Error).message).toContain(`${file}:${line}: ${message}`);
  });

  // Cerbos itself takes many seconds to compile these: what is looked at is that the file is read at all.
  it("is found in a file with hundreds of aliases", async () => {
    const many = Array(120).fill("*m").join(", ");
    const folder = temporaryFolder({
      "a.yaml": policy("a", [
        `{ actions: [other], effect: EFFECT_ALLOW, roles: ["*"], condition: { match: &m ${LOCKED} } }`,
        reads(`{ all: { of: [${many}] } }`),
        reads(LOCKED),
        reads(NOT_LOCKED),
      ]),
    });
    expect(await trapsIn(folder)).toEqual(["rules_mixed_up"]);
  });

  it.each(Object.entries(HARMLESS))("is none: %s", async (_, files) => {
    const folder = temporaryFolder(files);
    const { ok, errors } = await compilePolicies(folder);
    expect([ok, errors, await trapsIn(folder)]).toEqual([true, [], []]);
  });

  it("is not looked for in vain: what Cerbos reads and the check cannot is refused", async () => {
    const merged = "{ match: { <<: { expr: R.attr.x }, all: { of: [{ expr: R.attr.y }] } } }";
    const rule = `{ actions: [read], effect: EFFECT_ALLOW, roles: ["*"], condition: ${merged} }`;
    const folder = temporaryFolder({ "a.yaml": policy("a", [ALL_MAY, rule]) });
    const why = /cannot be looked into.*brings expr beside all/;
    await expect(startPdp({ policies: folder })).rejects.toMatchObject({
      code: "policy_invalid",
      message: expect.stringMatching(/a\.yaml:7: Cerbos reads this/),
    });
    const compiled = await compilePolicies(folder);
    expect(compiled).toMatchObject({ ok: false, errors: [{ message: expect.stringMatching(why), line: 7 }] });
    expect((await lintPolicies(folder)).map(({ code }) => code)).toEqual(["file_unreadable"]);
  });

  it("of a Cerbos that takes two rules for one is none where Cerbos does not, and the others are", async () => {
    const real = await findBinary(undefined);
    const binary = fakeCerbos(`case "$*" in *hopwise-mixing-*) exit 0 ;; esac\nexec '${real}' "$@"`);
    const { rules_mixed_up: mixed, scope_permissions_conflict: scopes } = TRAPS;
    const ok = async (files: Files | undefined): Promise<boolean> =>
      (await compilePolicies(temporaryFolder(files), { binary })).ok;
    expect(await ok(mixed["two DENYs, of all and of none"])).toBe(true);
    expect(await ok(mixed["one name in a principal policy"])).toBe(false);
    expect(await ok(scopes["two kinds"])).toBe(false);
  });

  it("elsewhere is told by the canary, whose own pair of rules starts nevertheless", async () => {
    const pdp = await startPdp({ policies: POLICIES });
    onTestFinished(() => pdp.close());
    const remote = await remotePdp({ policies: POLICIES });
    const connected = await connectPdp({ targets: remote.target });
    onTestFinished(() => connected.close());
    expect(connected.warnings.map(({ code }) => code)).toEqual(["rules_mixed_up"]);
  });

  it("between the canary and another rule is one all the same", async () => {
    const folder = temporaryFolder();
    cpSync(POLICIES, folder, { recursive: true });
    const same = reads('{ all: { of: [{ expr: R.attr.song == "loud" }, { expr: "true" }] } }');
    const other = reads('{ none: { of: [{ expr: R.attr.song == "loud" }] } }').replace("read", "combine");
    writeFileSync(join(folder, "mine.yaml"), policy("mine", [same, other]));
    expect((await compilePolicies(folder)).errors.map(({ trap }) => trap)).toEqual(["rules_mixed_up"]);
  });
});

describe("a trap that comes while the PDP runs", () => {
  const CALM = { "note.yaml": policy("note", [ALL_MAY]) };
  const isOpen = (pdp: Pdp): Promise<boolean> =>
    pdp.client.isAllowed({
      principal: { id: "ann", roles: ["user"] },
      resource: { kind: "note", id: "n1", attr: { locked: true } },
      action: "read",
    });
  const gone = (pdp: Pdp): Promise<boolean> =>
    isOpen(pdp).then(
      () => false,
      (error: { code?: number }) => error.code === 14,
    );

  const TOLD: { readonly [code in PolicyTrapCode]: RegExp } = {
    rules_mixed_up: /is mixed up with/,
    scope_permissions_conflict: /scopePermissions/,
    pattern_lost: /leaves the rule out/,
    link_unfollowed: /follows links to files alone/,
    taken_for_test: /takes each file whose name ends in _test/,
  };

  it.each(Object.entries(TRAPS))("is never served, and told: %s", async (code, files) => {
    const folder = temporaryFolder(CALM);
    const lines: string[] = [];
    const pdp = await startPdp({ policies: folder, onLog: (line) => lines.push(line) });
    onTestFinished(() => pdp.close());
    const [first] = Object.values(files) as [Files];
    for (const [name, text] of Object.entries(first)) writeIn(folder, name, text);
    expect(await isOpen(pdp)).toBe(true);
    await until(() => gone(pdp));
    const told = lines.map((line) => JSON.parse(line)).filter((line) => line["log.logger"] === "hopwise");
    expect(told).toEqual([expect.objectContaining({ "log.level": "error" })]);
    expect(told[0].message).toMatch(/^The PDP is stopped until its policies are mended\..*\n.*\.yaml:\d+/);
    expect(told[0].message).toMatch(TOLD[code as PolicyTrapCode]);

    for (const name of Object.keys(first)) rmSync(join(folder, name));
    writeFileSync(join(folder, "note.yaml"), policy("note", [ALL_MAY, forbids("{ expr: R.attr.locked }")]));
    await until(async () => !(await gone(pdp)));
    expect(await isOpen(pdp), "the mended policies are those that are served").toBe(false);
  });

  it("is a warning of the process where nobody reads the log", async () => {
    const folder = temporaryFolder(CALM);
    const warned = vi.spyOn(process, "emitWarning").mockImplementation(() => {});
    onTestFinished(() => warned.mockRestore());
    const pdp = await startPdp({ policies: folder });
    onTestFinished(() => pdp.close());
    writeFileSync(join(folder, "a.yaml"), policy("a", [reads(LOCKED), reads(NOT_LOCKED)]));
    await until(() => gone(pdp));
    expect(warned.mock.calls).toEqual([[expect.stringContaining("is mixed up with"), "HopwiseWarning"]]);
    await pdp.close();
    expect(await pdp.exited).toBeDefined();
  });
});
