/**
 * Fresh processes, one after the other: each remembers used proofs since it began, and no longer. An honest proof of its
 * first second passes; one that the process before it let in does not, were it of the same second.
 */
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { exportJWK, generateKeyPair } from "jose";
import { expect, it } from "vitest";
import { ran } from "../support/ran.ts";
import type { FirstScriptReport, FirstScriptSetup } from "./first-script.ts";

const full = process.env["HOPWISE_RUNS"] === "full";
const PROCESSES = full ? 1000 : 40;
const LANES = 2;
const SCRIPT = fileURLToPath(new URL("first-script.ts", import.meta.url));

const newKey = async (): Promise<object> =>
  exportJWK((await generateKeyPair("Ed25519", { extractable: true })).privateKey);

async function start(setup: FirstScriptSetup): Promise<FirstScriptReport> {
  const env = { ...process.env, FIRST_SCRIPT: JSON.stringify(setup) };
  const { stdout } = await promisify(execFile)(process.execPath, [SCRIPT], { env });
  return JSON.parse(stdout) as FirstScriptReport;
}

/** The second in which a proof says that it was made. */
function secondOf({ credential }: FirstScriptReport): number {
  return JSON.parse(Buffer.from(credential.proof.split(".")[1] ?? "", "base64url").toString()).iat;
}

it("lets in the first call of every process, once, and nothing that the process before it let in", {
  timeout: 60 * 60 * 1000,
}, async () => {
  const keys = { issuerKey: await newKey(), agentKey: await newKey() };
  const reports: FirstScriptReport[] = [];
  let sameSecond = 0;
  const lane = async (): Promise<void> => {
    let last: FirstScriptReport | undefined;
    for (let i = 0; i < PROCESSES / LANES; i++) {
      const next = await start({ ...keys, ...(last !== undefined && { before: last.credential }) });
      if (last !== undefined && Math.floor(next.began / 1000) === secondOf(last)) sameSecond++;
      reports.push(next);
      last = next;
    }
  };
  await Promise.all(Array.from({ length: LANES }, lane));

  expect(reports).toHaveLength(PROCESSES);
  expect(reports.map(({ own }) => own).filter((own) => own !== "allowed")).toEqual([]);
  expect(reports.filter(({ again }) => !again.startsWith("proof_replayed"))).toEqual([]);
  const replayed = reports.flatMap(({ before }) => before ?? []);
  expect(replayed).toHaveLength(PROCESSES - LANES);
  const refusal = /^proof_invalid .*made before this server began to remember proofs/;
  expect(replayed.filter((before) => !refusal.test(before))).toEqual([]);
  ran("fresh processes", PROCESSES);
  ran("restarts within the second of a proof", sameSecond);
  const firstSecond = reports.filter((report) => secondOf(report) === Math.floor(report.began / 1000)).length;
  const counts = `${firstSecond} proofs of a process's first second, ${sameSecond} restarts within the second of a proof`;
  if (full) console.log(`${PROCESSES} fresh processes: ${counts}`);
});
