import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { onTestFinished } from "vitest";

/** A folder that lives as long as the test that asks for it. */
export function temporaryFolder(files: Readonly<Record<string, string>> = {}): string {
  const folder = mkdtempSync(join(tmpdir(), "hopwise-test-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  for (const [name, text] of Object.entries(files)) writeIn(folder, name, text);
  return folder;
}

/** An executable shell script in place of Cerbos. */
export function fakeCerbos(script: string): string {
  const file = join(temporaryFolder({ cerbos: `#!/bin/sh\n${script}\n` }), "cerbos");
  chmodSync(file, 0o755);
  return file;
}

/** Writes a file, or, where the text is `-> other`, makes a link. */
export function writeIn(folder: string, name: string, text: string): void {
  const file = join(folder, name);
  mkdirSync(dirname(file), { recursive: true });
  if (text.startsWith("-> ")) symlinkSync(text.slice(3), file);
  else writeFileSync(file, text);
}

/**
 * Users may read and pay, but not pay more than their cap. As in real life the cap is a DENY rule, which cannot be
 * evaluated for a user without a cap.
 */
export const PAYMENTS = `apiVersion: api.cerbos.dev/v1
resourcePolicy:
  resource: payment
  version: default
  rules:
    - { actions: [read, pay], effect: EFFECT_ALLOW, roles: [user] }
    - actions: [pay]
      effect: EFFECT_DENY
      roles: [user]
      condition: { match: { expr: R.attr.amount > P.attr.cap } }
`;

/** Users may read reports whose attributes fit `report.json`. */
export const REPORTS = `apiVersion: api.cerbos.dev/v1
resourcePolicy:
  resource: report
  version: default
  schemas:
    resourceSchema:
      ref: cerbos:///report.json
  rules:
    - { actions: [read], effect: EFFECT_ALLOW, roles: [user] }
`;

export const REPORT_SCHEMA: string = JSON.stringify({
  type: "object",
  properties: { pages: { type: "integer" } },
  required: ["pages"],
});
