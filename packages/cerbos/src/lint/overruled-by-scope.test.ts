/** What the lint says of rules that a scope below, or another role, allows past, and what Cerbos does there. */
import { describe, expect, it, onTestFinished } from "vitest";
import { startPdp } from "../serve/start-pdp.ts";
import { temporaryFolder } from "../testing/policies.ts";
import { lintPolicies } from "./lint-policies.ts";

const policy = (rules: readonly string[], head = ""): string =>
  `apiVersion: api.cerbos.dev/v1\nresourcePolicy:\n  resource: doc\n  version: default\n${head}  rules:\n${rules.map((it) => `    - ${it}\n`).join("")}`;
const ALLOW = '{ actions: ["*"], effect: EFFECT_ALLOW, roles: [clerk] }';
const DENY = '{ name: never, actions: [send], effect: EFFECT_DENY, roles: ["*"] }';
const ASKS = (roles: string, output = '{"approval": "above 500"}'): string =>
  `{ name: ask, actions: [send], effect: EFFECT_ALLOW, roles: ${roles}, output: { when: { ruleActivated: '${output}' } } }`;
const CONSENT = "  scopePermissions: SCOPE_PERMISSIONS_REQUIRE_PARENTAL_CONSENT_FOR_ALLOWS\n";
const ACME = "  scope: acme\n";

type Files = { readonly [name: string]: string };

async function named(files: Files): Promise<readonly string[]> {
  const found = await lintPolicies(temporaryFolder(files));
  return found.map(({ code, file, line }) => `${code} ${file.split("/").at(-1)}:${line}`);
}

/** Whether the call is allowed in the scope acme, and with how many outputs, to somebody with these roles. */
async function asked(files: Files, roles: readonly string[], scope = "acme"): Promise<readonly [boolean, number]> {
  const pdp = await startPdp({ policies: temporaryFolder(files) });
  onTestFinished(() => pdp.close());
  const found = await pdp.client.checkResource({
    principal: { id: "ann", roles: [...roles] },
    resource: { kind: "doc", id: "1", scope },
    actions: ["send"],
  });
  return [found.isAllowed("send") === true, found.outputs.length];
}

describe("what a scope takes away", () => {
  it.each<readonly [string, string, readonly [boolean, number]]>([
    ["a DENY", DENY, [true, 0]],
    ["an obligation", ASKS("[clerk]"), [true, 0]],
  ])("does not hold in one below it that allows the same, and is named: %s", async (_, rule, answer) => {
    const files = { "all.yaml": policy([ALLOW, rule]), "acme.yaml": policy([ALLOW], ACME) };
    expect(await asked(files, ["clerk"])).toEqual(answer);
    expect(await named(files)).toEqual(["overruled_by_scope all.yaml:7"]);
  });

  it("holds where the scope below asks for consent, and is not named", async () => {
    const files = { "all.yaml": policy([ALLOW, DENY]), "acme.yaml": policy([ALLOW], ACME + CONSENT) };
    expect(await asked(files, ["clerk"])).toEqual([false, 0]);
    expect(await named(files)).toEqual([]);
  });

  it("is not named where the scope below has the rule, too, or allows something else, or to others", async () => {
    const all = policy([ALLOW, DENY]);
    const other = policy([ALLOW.replace('"*"', "show")], ACME);
    const others = policy([ALLOW.replace("clerk", "boss")], ACME);
    expect(await named({ "all.yaml": all, "acme.yaml": policy([ALLOW, DENY], ACME) })).toEqual([]);
    expect(await named({ "all.yaml": all, "acme.yaml": other })).toEqual([]);
    const forClerks = policy([ALLOW, DENY.replace('["*"]', "[clerk]")]);
    expect(await named({ "all.yaml": forClerks, "acme.yaml": others })).toEqual(["deny_for_named_roles all.yaml:7"]);
  });

  const LOCKED = DENY.replace(" }", ", condition: { match: { expr: R.attr.locked == true } } }");
  const MAIL = DENY.replace("[send]", "[send, mail]");
  it.each<readonly [string, string, string, boolean]>([
    ["for fewer roles", DENY, DENY.replace('["*"]', "[intern]"), false],
    ["for fewer actions", MAIL, DENY, false],
    ["for the roles that are allowed something there", DENY, DENY.replace('["*"]', "[clerk]"), true],
    ["whatever the condition", LOCKED, DENY, true],
  ])("is named where less of it is taken away in the scope below alone: %s", async (_, rule, again, isHeld) => {
    const named = await lintPolicies(
      temporaryFolder({ "all.yaml": policy([ALLOW, rule]), "acme.yaml": policy([ALLOW, again], ACME) }),
    );
    const found = named.filter(({ code, file }) => code === "overruled_by_scope" && file.endsWith("all.yaml"));
    expect(found).toHaveLength(isHeld ? 0 : 1);
  });

  it("is named of a scope in the middle", async () => {
    const files = {
      "all.yaml": policy([ALLOW]),
      "acme.yaml": policy([DENY], ACME),
      "emea.yaml": policy([ALLOW], "  scope: acme.emea\n"),
    };
    expect(await named(files)).toEqual(["overruled_by_scope acme.yaml:7"]);
  });
});

describe("a role policy", () => {
  const fence = (head = ""): string =>
    `apiVersion: api.cerbos.dev/v1\nrolePolicy:\n  role: clerk\n${head}  rules:\n    - { resource: doc, allowActions: [show] }\n`;
  const FILES = { "all.yaml": policy([ALLOW]), "acme.yaml": policy([ALLOW], ACME), "clerk.yaml": fence() };

  it("is no fence in a scope below whose policy allows the role something, and is named", async () => {
    expect([await asked(FILES, ["clerk"], ""), await asked(FILES, ["clerk"])]).toEqual([
      [false, 0],
      [true, 0],
    ]);
    expect(await named(FILES)).toEqual(["overruled_by_scope clerk.yaml:5"]);
  });

  it.each<readonly [string, Files]>([
    ["the scope has it, too", { "clerk1.yaml": fence(ACME) }],
    ["the scope asks for consent", { "acme.yaml": policy([ALLOW], ACME + CONSENT) }],
  ])("is one where %s, and is not named", async (_, more) => {
    const files = { ...FILES, ...more };
    expect(await asked(files, ["clerk"])).toEqual([false, 0]);
    expect(await named(files)).toEqual([]);
  });

  it("is not named where the scope below allows other roles alone", async () => {
    const files = { ...FILES, "acme.yaml": policy([ALLOW.replace("clerk", "boss")], ACME) };
    expect(await named(files)).toEqual([]);
  });
});

describe("what a rule for named roles obliges to", () => {
  const FILES = { "all.yaml": policy([ALLOW, ASKS("[intern]")]) };

  it("depends on the order of the roles, and is named", async () => {
    expect(await asked(FILES, ["clerk", "intern"], "")).toEqual([true, 0]);
    expect(await asked(FILES, ["intern", "clerk"], "")).toEqual([true, 1]);
    expect(await named(FILES)).toEqual(["obligation_for_named_roles all.yaml:7"]);
  });

  it("holds as it is advised, and is not named", async () => {
    const condition = `condition: { match: { expr: '"intern" in P.roles' } }`;
    const files = { "all.yaml": policy([ALLOW, ASKS('["*"]').replace("output:", `${condition}, output:`)]) };
    const answers = [
      await asked(files, ["clerk", "intern"], ""),
      await asked(files, ["intern", "clerk"], ""),
      await asked(files, ["clerk"], ""),
    ];
    expect(answers).toEqual([
      [true, 1],
      [true, 1],
      [true, 0],
    ]);
    expect(await named(files)).toEqual([]);
  });

  it.each(['{"redact": ["/iban"]}', '{"limit": {"/lines": 3}, "reason": "few"}', '{"approval": {"reason": "x"}}'])(
    "is any of them: %s",
    async (output) => {
      expect(await named({ "all.yaml": policy([ALLOW, ASKS("[intern]", output)]) })).toHaveLength(1);
    },
  );

  it("is not a reason, nor what others are obliged to as well", async () => {
    expect(await named({ "all.yaml": policy([ALLOW, ASKS("[intern]", '{"reason": "approval"}')]) })).toEqual([]);
    expect(await named({ "all.yaml": policy([ASKS("[clerk]"), ASKS("[intern]")]) })).toEqual([]);
  });
});
