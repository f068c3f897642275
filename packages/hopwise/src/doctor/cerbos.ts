import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { HopwiseError } from "@hopwise/core";
import { type Finding, fault, findingsOf, ok, warning } from "./finding.ts";

const POLICY = `apiVersion: api.cerbos.dev/v1
resourcePolicy:
  resource: doctor
  version: default
  rules:
    - { actions: [ask], effect: EFFECT_ALLOW, roles: [patient] }
`;

/** Whether there is a Cerbos, and whether it starts and answers, with a policy of the doctor's own. */
export async function checkCerbos(): Promise<readonly Finding[]> {
  const { findBinary, startPdp } = await import("@hopwise/cerbos");
  const binary = await findBinary().catch(messageOf);
  if (binary instanceof HopwiseError) return [fault("cerbos", binary.message)];
  const policies = await mkdtemp(join(tmpdir(), "hopwise-doctor-"));
  try {
    await writeFile(join(policies, "doctor.yaml"), POLICY);
    await using pdp = await startPdp({ policies });
    const asked = (action: string) =>
      pdp.client.isAllowed({
        principal: { id: "p", roles: ["patient"] },
        resource: { kind: "doctor", id: "d" },
        action,
      });
    const [allowed, denied] = [await asked("ask"), await asked("other")];
    const found = ok("cerbos", `${pdp.version}, ${binary}`);
    if (allowed && !denied) return [found, ok("pdp", "starts, allows and denies")];
    return [found, fault("pdp", "starts, and does not decide as its policy says")];
  } catch (cause) {
    return [ok("cerbos", binary), fault("pdp", messageOf(cause).message)];
  } finally {
    await rm(policies, { recursive: true, force: true });
  }
}

/** Whether the policies of a folder compile, and whether their tests pass. */
export async function checkPolicies(folder: string): Promise<readonly Finding[]> {
  const { compilePolicies, lintPolicies } = await import("@hopwise/cerbos");
  return findingsOf("policies", async () => {
    const { errors, tests } = await compilePolicies(folder);
    if (errors.length > 0) return [fault("policies", `${folder}: ${errors.length} errors; see hopwise test`)];
    if (tests.failed > 0) return [fault("policies", `${folder}: ${tests.failed} tests fail; see hopwise test`)];
    const warnings = await lintPolicies(folder);
    if (warnings.length > 0) return [warning("policies", `${folder}: ${warnings.length} warnings; see hopwise test`)];
    return [ok("policies", `${folder}: compile, ${tests.passed} tests pass`)];
  });
}

/** What Hopwise says of a fault; any other is one of this program. */
function messageOf(cause: unknown): HopwiseError {
  if (cause instanceof HopwiseError) return cause;
  throw cause;
}
