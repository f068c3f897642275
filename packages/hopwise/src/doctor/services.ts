import { remoteJwks } from "@hopwise/core";
import type { Typed } from "../command.ts";
import { openState, STORE } from "../open-state.ts";
import type { Terminal } from "../terminal.ts";
import { type Finding, fault, findingsOf, ok, warning } from "./finding.ts";

/** Somebody waits at a terminal. What is slower than this is down for calls, too, which wait a second. */
const PATIENCE_MS = 3_000;

/** What each service that calls stand on says of itself, asked from this machine: one that is down denies every call. */
export async function checkServices(typed: Typed, terminal: Terminal): Promise<readonly Finding[]> {
  const found = [
    ...typed.values("pdp").map(checkTarget),
    ...(Object.keys(STORE).some(typed.has) ? [checkStore(typed, terminal)] : []),
    ...typed.values("keys").map(checkKeys),
  ];
  return (await Promise.all(found)).flat();
}

async function checkTarget(target: string): Promise<readonly Finding[]> {
  const { connectPdp } = await import("@hopwise/cerbos");
  return findingsOf("pdp", async () => {
    await using pdp = await connectPdp({ targets: target, startTimeoutMs: PATIENCE_MS });
    // It is true of every version, and the check of the policies says whether it matters.
    const warnings = pdp.warnings.filter(({ code }) => code !== "rules_mixed_up");
    if (warnings.length === 0) return [ok("pdp", `${target}: serves, ${pdp.version}`)];
    return warnings.map(({ code, text }) => warning("pdp", `${target}: ${code}: ${text}`));
  });
}

function checkStore(typed: Typed, terminal: Terminal): Promise<readonly Finding[]> {
  return findingsOf("state", async () => {
    const state = await openState(typed, terminal);
    try {
      const { ok: isWell, problem = "it does not say why" } = await state.health();
      return [isWell ? ok("state", "the store answers") : fault("state", problem)];
    } finally {
      await state.close();
    }
  });
}

function checkKeys(url: string): Promise<readonly Finding[]> {
  return findingsOf("keys", async () => {
    const health = await remoteJwks(url, { timeoutMs: PATIENCE_MS }).health?.();
    if (health?.ok) return [ok("keys", `${new URL(url).host}: has keys that can be used`)];
    // Nobody asks again once this program has ended.
    return [fault("keys", health?.problem?.replace(/; it is asked again .*/, "") ?? "they do not say how they are")];
  });
}
