/** Runs the code of docs/audit.md. */
import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { lineage, printLineage } from "@hopwise/audit";
import { exportJWK, generateKeyPair } from "jose";
import { afterAll, beforeAll, expect, it } from "vitest";
import { createWorld, type World } from "./support/world.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
let world: World;
let folder: string;

beforeAll(async () => {
  world = await createWorld();
  folder = await mkdtemp(join(root, "test/.readme-audit-"));
  const { kty, crv, x, d } = await exportJWK((await generateKeyPair("Ed25519", { extractable: true })).privateKey);
  await writeFile(
    join(folder, "keys.ts"),
    `import { signerFromJwk } from "@hopwise/core";
     export const auditSigner = await signerFromJwk(${JSON.stringify({ kty, crv, x, d })});
     export const auditPublicKey = ${JSON.stringify({ kty, crv, x })} as never;
     export const notedHeads = JSON.parse(process.env["NOTED"] ?? "[]");`,
  );
  const page = await readFile(join(root, "docs/audit.md"), "utf8");
  for (const [, name = "", code = ""] of page.matchAll(/```ts (\S+)\n([\s\S]*?)```/g)) {
    await writeFile(join(folder, name), code);
  }
});
afterAll(async () => {
  await world.pdp.close();
  await rm(folder, { recursive: true, force: true });
});

const run = (file: string, noted: readonly object[] = []) =>
  promisify(execFile)(process.execPath, [file], { cwd: folder, env: { ...process.env, NOTED: JSON.stringify(noted) } });

it("writes, verifies and tells the story as docs/audit.md says", async () => {
  const cwd = process.cwd();
  process.chdir(folder);
  const { audit } = await import(join(folder, "audit.ts")).finally(() => process.chdir(cwd));
  const { authorizer } = world.authorizer({ audit });
  const session = await authorizer.openSession(world.researcher);
  const { invocation } = await session.authorize({ tool: "read_invoice", arguments: { id: "INV-7" } });
  await audit.close();

  expect((await run("verify.ts", [audit.head])).stdout).toBe("records: 1, streams: 1\n");
  await expect(run("verify.ts", [{ ...audit.head, seq: 99 }])).rejects.toThrow("rolled_back");
  const story = (await lineage(join(folder, "audit"), invocation)) as NonNullable<Awaited<ReturnType<typeof lineage>>>;
  expect((await run("story.ts")).stdout).toBe(`${printLineage(story)}\n`);
});
