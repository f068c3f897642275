/** What `hopwise doctor` says of the services that calls stand on, while they are well and once they are not. */
import { copyFileSync, mkdirSync, rmSync } from "node:fs";
import type { Server } from "node:http";
import { join } from "node:path";
import { startPdp } from "@hopwise/cerbos";
import { generateSigner } from "@hopwise/core";
import { sqliteState } from "@hopwise/sqlite";
import { expect, it, onTestFinished } from "vitest";
import { webServer } from "../support/web-server.ts";
import { hopwise } from "./hopwise.ts";
import { projectWithStores } from "./project.ts";

const POLICIES = join(import.meta.dirname, "../../policies");
const CANARY = "hopwise_canary";

/** What the doctor says of each service, and whether that is a fault. */
async function seen(args: readonly string[], folder: string): Promise<readonly string[]> {
  const { code, out, err } = await hopwise(["doctor", "--json", ...args], { folder });
  expect(err).toBe("");
  const { ok, findings } = JSON.parse(out) as { ok: boolean; findings: Record<"check" | "state" | "text", string>[] };
  expect(code).toBe(ok ? 0 : 1);
  return findings
    .filter(({ check }) => ["cerbos", "pdp", "state", "keys"].includes(check as string))
    .map(({ check, state, text }) => `${check} ${state}: ${text}`);
}

async function keyServer(body: object): Promise<Server & { readonly at: string }> {
  const server = await webServer((_, response) => void response.end(JSON.stringify(body)));
  return Object.assign(server, { at: `${server.url}/jwks?key=hunter2` });
}

async function runningPdp(folder: string): Promise<Awaited<ReturnType<typeof startPdp>>> {
  const policies = join(folder, "served");
  mkdirSync(join(policies, "_schemas"), { recursive: true });
  copyFileSync(join(POLICIES, `resource_policies/${CANARY}.yaml`), join(policies, `${CANARY}.yaml`));
  copyFileSync(join(POLICIES, `_schemas/${CANARY}.json`), join(policies, `_schemas/${CANARY}.json`));
  const pdp = await startPdp({ policies });
  onTestFinished(pdp.close);
  return pdp;
}

it("asks the services that are named, and says of each one that it is well, or what is wrong", async () => {
  const folder = projectWithStores();
  const [pdp, state] = [await runningPdp(folder), await sqliteState({ file: join(folder, "state.db") })];
  const key = { ...(await generateSigner()).publicJwk, kid: "one" };
  const [keys, none] = [await keyServer({ keys: [key] }), await keyServer({ keys: [] })];
  const named = ["--pdp", pdp.target, "--state", "sqlite:state.db", "--keys", keys.at];

  const { host } = new URL(keys.at);
  const well = [`pdp ok: ${pdp.target}: serves, ${pdp.version}`, "state ok: the store answers"];
  expect(await seen(named, folder)).toEqual([...well, `keys ok: ${host}: has keys that can be used`]);

  await Promise.all([pdp.close(), state.close(), new Promise((closed) => keys.close(closed))]);
  rmSync(join(folder, "state.db"));
  const said = await seen([...named, "--keys", none.at, "--keys", "jwks"], folder);
  expect(said).toEqual([
    expect.stringMatching(/^pdp fault: No Cerbos PDP served within 3000 ms\./),
    expect.stringMatching(/^state fault: .*state\.db is not there/),
    expect.stringMatching(/^keys fault: .*connection refused \(ECONNREFUSED\)$/),
    expect.stringMatching(/^keys fault: .* has no key that can be used: one of Ed25519 or P-256, .*$/),
    expect.stringMatching(/^keys fault: .*must be an https address/),
  ]);
  expect(said.join()).not.toContain("hunter2");
}, 60_000);

it("looks for no Cerbos here where it runs elsewhere, and takes what goes with a store only with one", async () => {
  const folder = projectWithStores();
  expect(await seen(["--pdp", "unix:/nowhere.sock", "--prefix", "shop"], folder)).toEqual([
    expect.stringMatching(/^pdp fault: /),
    expect.stringMatching(/^state fault: Name the store/),
  ]);
}, 60_000);
