/**
 * Eight processes that remember together on one Redis, for a long time, while the policy decision point, Redis and
 * processes are killed: half of the time with a Redis that writes everything to disk first, half with one that forgets.
 *
 * `pnpm test:soak [--seconds 600] [--why]`; it prints counts, and fails where something happened that must never, or too little of
 * what should.
 */
import { parseArgs } from "node:util";
import { startPdp } from "@hopwise/cerbos";
import { MISSING, startRedis } from "../../test/redis/redis-server.ts";
import { p50 } from "../measure.ts";
import { POLICIES } from "../world.ts";
import { approving } from "./approving.ts";
import { type Faults, killingOthers, killingPdp } from "./breaking.ts";
import { replaying, type Soak } from "./calls.ts";
import { makeCompany } from "./chains.ts";
import { ANSWERS } from "./codes.ts";
import { startFleet } from "./fleet.ts";
import { fillCaches, sampling } from "./memory.ts";
import { createReferee } from "./referee.ts";
import { revoking, revokingAndLifting } from "./revoking.ts";
import { issuing, spending } from "./spending.ts";

/** At each process. */
const CALLERS = 3;
/** Between the median of the first third of the samples and that of the last. */
const MOST_GROWTH_MIB = 8;
/** From here on it is worth while to fill caches first, so that what grows is not them. */
const LONG_SECONDS = 300;
/** What a minute sees on any machine; the rest only where it does little else. */
const COMMON = ["allowed", "budget_exhausted", "proof_replayed", "revoked", "state_unavailable", "redisKilled"];

const { values } = parseArgs({
  options: { seconds: { type: "string", default: "600" }, why: { type: "boolean", default: false } },
});
const seconds = Number(values.seconds);
if (!(seconds >= 30)) throw new Error("--seconds must be 30 or more");

if (MISSING !== undefined) throw new Error(`the soak needs Redis, and this machine has no ${MISSING}`);

const referee = createReferee((what) => console.error(`${new Date().toISOString()} FORBIDDEN ${what}`));
const reasons = new Map<string, number>();
const faults: Faults = { pdpKilled: 0, redisKilled: 0, redisStopped: 0, processesKilled: 0, callsCutOff: 0 };
const company = await makeCompany();
await using pdp = await startPdp({ policies: POLICIES, restart: { firstPauseMs: 50, longestPauseMs: 200 } });

let grown = Number.NEGATIVE_INFINITY;
for (const durable of [true, false]) grown = Math.max(grown, await phase(durable, (seconds / 2) * 1000));
report();

/** @returns by how many MiB the processes that were not killed grew */
async function phase(durable: boolean, ms: number): Promise<number> {
  const redis = await startRedis(...(durable ? ["--appendonly", "yes", "--appendfsync", "always"] : []));
  const keys = Object.fromEntries(Object.entries(company.agents).map(([name, { publicJwk }]) => [name, publicJwk]));
  const fleet = await startFleet(
    {
      port: redis.port,
      durable,
      target: pdp.target,
      anchor: company.issuer.trustAnchor,
      keys,
      approver: company.dana.publicJwk,
    },
    referee,
  );
  if (seconds >= LONG_SECONDS) await fillCaches(company, fleet);
  const end = performance.now() + ms;
  const goesOn = (): boolean => performance.now() < end;
  const soak: Soak = { company, fleet, referee, reasons, goesOn, past: [], lines: [], revoked: [] };
  const broken = { pdp, redis, faults, durable };
  const callers = fleet.all.flatMap((own) => Array.from({ length: CALLERS }, () => spending(soak, own)));
  const [heaps] = await Promise.all([
    sampling(fleet, ms),
    issuing(soak),
    ...callers,
    replaying(soak),
    approving(soak),
    approving(soak),
    revoking(soak),
    revokingAndLifting(soak),
    killingPdp(soak, broken),
    killingOthers(soak, broken),
  ]);
  for (const one of fleet.all) one.end();
  await redis.close();
  const third = Math.floor(heaps.length / 3);
  const growth = p50(heaps.slice(-third)) - p50(heaps.slice(0, third));
  const how = durable ? "writes everything to disk first" : "forgets";
  console.log(`a Redis that ${how}: heaps ${heaps.map(Math.round).join(" ")} MiB, grew by ${growth.toFixed(1)}`);
  return growth;
}

function report(): void {
  const { answers, forbidden } = referee;
  for (const code of Object.keys(ANSWERS)) {
    console.log(`${code.padEnd(20)} ${String(answers.get(code) ?? 0).padStart(7)}  ${ANSWERS[code]}`);
  }
  const unexplained = [...answers.keys()].filter((code) => !Object.hasOwn(ANSWERS, code));
  for (const [name, count] of Object.entries({ ...faults, ...forbidden }))
    console.log(`${name.padEnd(20)} ${String(count).padStart(7)}`);
  if (values.why)
    for (const [reason, count] of [...reasons].sort()) console.log(`${String(count).padStart(7)}  ${reason}`);
  const enough = Math.max(1, seconds / 60);
  const counts: readonly (readonly [string, number])[] = [
    ...Object.keys(ANSWERS).map((code) => [code, answers.get(code) ?? 0] as const),
    ...Object.entries(faults),
  ];
  const rare = counts.filter(([, count]) => count < enough).map(([name]) => name);
  const missing = seconds >= LONG_SECONDS ? rare : rare.filter((name) => COMMON.includes(name));
  console.log(`seen too little: ${rare.join(", ") || "-"}`);
  const problems = [
    ...Object.entries(forbidden)
      .filter(([, count]) => count > 0)
      .map(([name, count]) => `${name} ${count}`),
    ...(grown > MOST_GROWTH_MIB ? [`memory grew by ${grown.toFixed(1)} MiB`] : []),
    ...unexplained.map((code) => `an answer that nobody expects: ${code}`),
    ...missing.map((name) => `seen too little: ${name}`),
  ];
  if (problems.length === 0) return;
  console.error(`NOT MET: ${problems.join("; ")}`);
  process.exitCode = 1;
}
