import { cpSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { PAYMENTS, temporaryFolder } from "../testing/policies.ts";
import { plainClient, type RemotePdpOptions, remotePdp } from "../testing/remote-pdp.ts";
import { probePdp } from "./probe-pdp.ts";

const COMPANY = fileURLToPath(new URL("../../../../policies", import.meta.url));

async function codes(options: RemotePdpOptions): Promise<readonly string[]> {
  const remote = await remotePdp({ policies: COMPANY, ...options });
  const { warnings } = await probePdp(plainClient(remote.target));
  return warnings.map(({ code }) => code);
}

/** What Cerbos 0.55.0 does, however it is set up. */
const AS_055 = "rules_mixed_up";

/** A PDP of this version that answers the canary's questions as a strict one does, and mixes up nothing. */
function ofVersion(version: string): Parameters<typeof probePdp>[0] {
  const results = [
    ["evaluate", "DENY"],
    ["validate", "DENY"],
    ["combine", "ALLOW"],
    ["combine", "DENY"],
  ].map(([action = "", effect]) => ({
    actions: { [action]: `EFFECT_${effect}` },
    metadata: { actions: { [action]: { matchedPolicy: "resource.hopwise_canary.vdefault" } } },
  }));
  return { serverInfo: async () => ({ version }), checkResources: async () => ({ results }) } as never;
}

describe("probing a PDP", () => {
  it("says its version, and what it does with rules; nothing else where nothing is missing", async () => {
    const remote = await remotePdp({ policies: COMPANY });
    const probe = await probePdp(plainClient(remote.target));
    expect(probe).toEqual({
      version: expect.stringMatching(/^\d+\.\d+\.\d+$/),
      warnings: [{ code: AS_055, text: expect.stringContaining("lintPolicies") }],
    });
  });

  it("cannot see whether it mixes up rules by a canary of before, and says that it is to be replaced", async () => {
    const policies = temporaryFolder();
    cpSync(COMPANY, policies, { recursive: true });
    const file = join(policies, "resource_policies", "hopwise_canary.yaml");
    const text = readFileSync(file, "utf8");
    writeFileSync(file, text.slice(0, text.indexOf("    - name: for_nobody")));
    expect(await codes({ policies })).toEqual(["canary_outdated"]);
  });

  it.each([undefined, null, {}, { results: null, version: 5 }, { results: [{}], version: null }])(
    "names the function of a client of which no PDP answers: %j",
    async (answer) => {
      const whole = ofVersion("0.55.0");
      for (const name of ["serverInfo", "checkResources"]) {
        const probe = probePdp({ ...whole, [name]: async () => answer } as never);
        const message = expect.stringContaining(`client.${name} gives`);
        await expect(probe).rejects.toMatchObject({ code: "config_invalid", message });
      }
    },
  );

  it("sees by behaviour that a rule that cannot be evaluated is skipped", async () => {
    expect(await codes({ strictEvaluation: false })).toEqual(["strict_evaluation_off", AS_055]);
  });

  it.each(["warn", "none"] as const)("sees that schemas are not enforced: %s", async (schemaEnforcement) => {
    expect(await codes({ schemaEnforcement })).toEqual(["schemas_not_enforced", AS_055]);
  });

  it("says that it could not see that where the policy for it is not there", async () => {
    expect(await codes({ policies: temporaryFolder({ "payments.yaml": PAYMENTS }) })).toEqual([
      "strict_evaluation_unknown",
    ]);
  });

  it.each([
    ["0.50.0", ["annotations_missing", "role_policies_unsafe", "failed_rules_unseen"]],
    ["0.51.0", ["failed_rules_unseen"]],
    ["0.53.9", ["failed_rules_unseen"]],
    ["0.54.0", []],
    ["v0.55.0-prerelease", []],
    ["1.0.0", []],
    ["unknown", ["version_unknown"]],
    ["", ["version_unknown"]],
  ])("knows by the version what is missing: %o", async (version, expected) => {
    const probe = await probePdp(ofVersion(version));
    expect(probe.version).toBe(version);
    expect(probe.warnings.map(({ code }) => code)).toEqual(expected);
  });

  it("says what to do", async () => {
    const { warnings } = await probePdp(ofVersion("0.50.0"));
    for (const { text } of warnings) expect(text).toMatch(/Use Cerbos 0\.5[14]\.0 or newer; this is 0\.50\.0\.$/);
  });

  it("fails with the client's error where nobody answers", async () => {
    await expect(probePdp(plainClient("unix:/nowhere/cerbos.sock"))).rejects.toMatchObject({ code: 14 });
  });
});
