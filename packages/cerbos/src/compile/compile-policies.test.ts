import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { fakeCerbos, PAYMENTS, temporaryFolder } from "../testing/policies.ts";
import { compilePolicies } from "./compile-policies.ts";

function suite(name: string, cases: string): string {
  return `name: ${name}
principals:
  ann: { id: ann, roles: [user], attr: { cap: 10 } }
  bob: { id: bob, roles: [user] }
resources:
  small: { kind: payment, id: small, attr: { amount: 5 } }
tests:
${cases}`;
}

const ANN_PAYS = `  - name: within the cap
    input: { principals: [ann], resources: [small], actions: [read, pay] }
    expected: [{ principal: ann, resource: small, actions: { read: EFFECT_ALLOW, pay: EFFECT_ALLOW } }]
`;

const BOB_PAYS = `  - name: without a cap
    input: { principals: [bob], resources: [small], actions: [pay] }
    expected: [{ principal: bob, resource: small, actions: { pay: EFFECT_ALLOW } }]
`;

describe("compiling a policy folder", () => {
  it("is ok when all compiles, and counts the tests that passed", async () => {
    const folder = temporaryFolder({ "payments.yaml": PAYMENTS, "payments_test.yaml": suite("Payments", ANN_PAYS) });
    expect(await compilePolicies(folder)).toMatchObject({
      ok: true,
      errors: [],
      tests: { passed: 2, failed: 0, skipped: 0, failures: [] },
    });
  });

  it("is ok without any test", async () => {
    const result = await compilePolicies(temporaryFolder({ "payments.yaml": PAYMENTS }));
    expect(result).toMatchObject({ ok: true, tests: { passed: 0, failed: 0, skipped: 0 } });
  });

  const doc = (text: string): string => `apiVersion: api.cerbos.dev/v1\nresourcePolicy:\n${text}`;
  const rule = (effect: string): string =>
    `  resource: doc\n  version: default\n  rules:\n    - { actions: [read], effect: ${effect}, roles: [user] }\n`;
  it.each([
    ["begins with a byte order mark", `\ufeff${doc(rule("EFFECT_ALLOW"))}`, "save it as UTF-8 without one"],
    ["holds two policies", `${PAYMENTS}---\n${doc(rule("EFFECT_ALLOW"))}`, "a file of its own"],
    ["has a short effect", doc(rule("DENY")), "Write EFFECT_ALLOW or EFFECT_DENY"],
    ["has no version", doc(rule("EFFECT_ALLOW").replace("  version: default\n", "")), "Write version: default"],
    ["is something else", "replicas: 1\n", "move what is no policy out of the folder"],
  ])("says what to do about a file that %s", async (_, text, advice) => {
    const { errors } = await compilePolicies(temporaryFolder({ "a.yaml": text }));
    expect(errors).toEqual([expect.objectContaining({ message: expect.stringContaining(advice) })]);
  });

  it("names the test that failed, and what was expected", async () => {
    const wrong = ANN_PAYS.replace("pay: EFFECT_ALLOW", "pay: EFFECT_DENY");
    const folder = temporaryFolder({ "payments.yaml": PAYMENTS, "payments_test.yaml": suite("Payments", wrong) });
    const { ok, tests } = await compilePolicies(folder);
    expect(ok).toBe(false);
    expect(tests).toEqual({
      passed: 1,
      failed: 1,
      skipped: 0,
      failures: [
        {
          file: join(folder, "payments_test.yaml"),
          test: "Payments > within the cap > ann > small > pay",
          message: "expected EFFECT_DENY, got EFFECT_ALLOW",
        },
      ],
    });
  });

  it("runs the tests in strict evaluation, as the PDP does, unless told otherwise", async () => {
    const folder = temporaryFolder({ "payments.yaml": PAYMENTS, "payments_test.yaml": suite("Payments", BOB_PAYS) });
    expect((await compilePolicies(folder)).tests.failures[0]?.message).toBe("expected EFFECT_ALLOW, got EFFECT_DENY");
    expect((await compilePolicies(folder, { strictEvaluation: false })).ok).toBe(true);
  });

  it("counts a test that is skipped as neither passed nor failed", async () => {
    const cases = ANN_PAYS + BOB_PAYS.replace("input:", "skip: true\n    input:");
    const folder = temporaryFolder({ "payments.yaml": PAYMENTS, "payments_test.yaml": suite("Payments", cases) });
    expect(await compilePolicies(folder)).toMatchObject({ ok: true, tests: { passed: 2, failed: 0, skipped: 1 } });
  });

  it("counts a suite that does not load as a failure", async () => {
    const cases = ANN_PAYS.replaceAll("ann", "eve");
    const folder = temporaryFolder({ "payments.yaml": PAYMENTS, "payments_test.yaml": suite("Payments", cases) });
    const { ok, tests } = await compilePolicies(folder);
    expect(ok).toBe(false);
    expect(tests).toMatchObject({ passed: 0, failed: 1, failures: [{ test: "Payments" }] });
    expect(tests.failures[0]?.message).toContain('principal "eve" not found');
  });

  it("says what a rule put out when a test expected something else", async () => {
    const output = "roles: [user], output: { when: { ruleActivated: '\"seen\"' } }";
    const cases = `${ANN_PAYS.trimEnd().replace("}]", "")},
        outputs: [{ action: read, expected: [{ src: "resource.payment.vdefault#rule-001", val: heard }] }] }]
`;
    const folder = temporaryFolder({
      "payments.yaml": PAYMENTS.replace("roles: [user]", output),
      "payments_test.yaml": suite("Payments", cases),
    });
    const { tests } = await compilePolicies(folder);
    expect(tests.failures.map((failure) => failure.message)).toEqual([
      'output of resource.payment.vdefault#rule-001: expected "heard", got "seen"',
    ]);
  });

  it("reports what does not compile with file, line and column, and runs no tests", async () => {
    const folder = temporaryFolder({
      "payments.yaml": PAYMENTS.replace("P.attr.cap", ""),
      "payments_test.yaml": suite("Payments", ANN_PAYS),
    });
    const { ok, errors, tests, output } = await compilePolicies(folder);
    expect(ok).toBe(false);
    expect(errors).toEqual([
      {
        file: join(folder, "payments.yaml"),
        line: 10,
        column: expect.any(Number),
        message: expect.stringContaining("Invalid expression"),
      },
    ]);
    expect(tests).toEqual({ passed: 0, failed: 0, skipped: 0, failures: [] });
    expect(output).toContain("compileErrors");
  });

  it("reports scopes whose policies contradict each other", async () => {
    const scoped = (resource: string, permissions: string): string =>
      PAYMENTS.replace("payment", resource).replace(
        "version: default",
        `version: default\n  scope: ""\n  scopePermissions: SCOPE_PERMISSIONS_${permissions}`,
      );
    const { errors } = await compilePolicies(
      temporaryFolder({
        "a.yaml": scoped("a", "OVERRIDE_PARENT"),
        "b.yaml": scoped("b", "OVERRIDE_PARENT"),
        "c.yaml": scoped("c", "REQUIRE_PARENTAL_CONSENT_FOR_ALLOWS"),
      }),
    );
    expect(errors.map((error) => error.message).join()).toContain("scopePermissions");
  });

  it("names an empty document, at which Cerbos crashes, and no file with comments alone", async () => {
    for (const [text, line] of [
      [`${PAYMENTS}---\n`, PAYMENTS.split("\n").length],
      [`---\n---\n${PAYMENTS}`, 1],
    ] as const) {
      const folder = temporaryFolder({ "a.yaml": text, "comment.yaml": "# nothing yet\n" });
      const { ok, errors, tests } = await compilePolicies(folder);
      const message = expect.stringContaining("an empty YAML document");
      expect([ok, tests.failed, errors]).toEqual([false, 0, [{ file: join(folder, "a.yaml"), line, message }]]);
    }
  });

  it("names a file without a byte: Cerbos takes what a full disk left of a policy for one that forbids nothing", async () => {
    const folder = temporaryFolder({ "payments.yaml": PAYMENTS, "sub/ann.yaml": "" });
    const { ok, errors, tests } = await compilePolicies(folder);
    const message = expect.stringMatching(/^is empty: .*disk was full/);
    expect([ok, tests.passed, errors]).toEqual([false, 0, [{ file: join(folder, "sub/ann.yaml"), message }]]);
    const tested = temporaryFolder({ "payments.yaml": PAYMENTS, "payments_test.yaml": "" });
    const crashed = await compilePolicies(tested);
    expect([crashed.ok, crashed.errors]).toEqual([false, [{ file: join(tested, "payments_test.yaml"), message }]]);
  });

  it.each([
    ["files", {}],
    ["anything in its files", { "a.yaml": "" }],
    ["anything but comments", { "a.yaml": "# nothing yet\n" }],
    ["a policy that is not disabled", { "a.yaml": `disabled: true\n${PAYMENTS}` }],
  ])("refuses a folder without %s", async (_, files) => {
    const refused = { code: "config_invalid", message: expect.stringContaining("holds no policy") };
    await expect(compilePolicies(temporaryFolder(files))).rejects.toMatchObject(refused);
  });

  it("takes an exit code that it does not know for a fault of the run", async () => {
    const folder = temporaryFolder({ "payments.yaml": PAYMENTS });
    const binary = fakeCerbos('echo "out of memory" >&2; exit 9');
    await expect(compilePolicies(folder, { binary })).rejects.toMatchObject({
      code: "pdp_start_failed",
      message: expect.stringMatching(/code 9[\s\S]*out of memory/),
    });
    const silent = fakeCerbos("exit 9");
    await expect(compilePolicies(folder, { binary: silent })).rejects.toMatchObject({
      code: "pdp_start_failed",
      message: expect.stringMatching(
        /code 9\. It printed nothing: is it a whole Cerbos program, made for this machine\?$/,
      ),
    });
  });

  it("has an error for every failure to compile, also for one it cannot read", async () => {
    const folder = temporaryFolder({ "payments.yaml": PAYMENTS });
    for (const [printed, message] of [
      ['{"newErrors": []}', '{"newErrors": []}'],
      ["no JSON", "no JSON"],
      ["", "Cerbos gave no reason"],
    ]) {
      const { ok, errors } = await compilePolicies(folder, { binary: fakeCerbos(`printf '%s' '${printed}'; exit 3`) });
      expect(ok).toBe(false);
      expect(errors).toEqual([{ file: folder, line: undefined, column: undefined, message }]);
    }
  });
});
