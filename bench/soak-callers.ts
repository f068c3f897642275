/**
 * Many callers of one team for a long time, at four fifths of what the policy decision point takes, which is killed from
 * time to time: each answer is held against the one that its question gets alone, and memory must stay flat.
 *
 * `pnpm test:soak:callers [--seconds 600]`; it prints counts, and fails where an answer was wrong or memory grew.
 */
import { setTimeout as delay } from "node:timers/promises";
import { parseArgs } from "node:util";
import { resilient, startPdp } from "@hopwise/cerbos";
import type { Decision, Session } from "@hopwise/core";
import { makeChains } from "./callers.ts";
import { killPdp } from "./kill-pdp.ts";
import { p50 } from "./measure.ts";
import { FULFILS, makeAuthorizer, makeTeam, POLICIES, TOOLS } from "./world.ts";

const CALLERS = 64;
const INVOICES = 30;
/** Of the most that it takes. */
const SHARE = 0.8;
const KILL_EVERY_MS = 7_000;
const SAMPLES = 12;
/** Between the first third of the samples and the last. */
const MOST_GROWTH_MIB = 24;

const collect = globalThis.gc;
if (collect === undefined) throw new Error("run it with --expose-gc");
const { values } = parseArgs({ options: { seconds: { type: "string", default: "600" } } });
const seconds = Number(values.seconds);
if (!(seconds >= 10)) throw new Error("--seconds must be 10 or more");

const counts = { decisions: 0, allowed: 0, denied: 0, unavailable: 0, wrong: 0, shared: 0, kills: 0 };
await using pdp = await startPdp({ policies: POLICIES, restart: { firstPauseMs: 50, longestPauseMs: 200 } });
const team = await makeTeam();
const chains = await makeChains(team, CALLERS);
const options = {
  tools: {
    ...TOOLS,
    read_invoice: {
      kind: "invoice",
      action: "read",
      id: "id",
      attributes: ({ id }: { readonly id?: unknown }) => {
        const number = Number(String(id).slice("INV-".length));
        return { region: number % 3 === 0 ? "APAC" : "EMEA", supplier: "acme", amount: number * 10 };
      },
    },
  },
};
const authorizer = makeAuthorizer(team, resilient(pdp.client, { restMs: 100 }), options);
const sessions = await Promise.all(chains.map((held) => authorizer.openSession(held)));
const right = await aloneAnswers();
console.log(`right answers: ${right.length} calls, ${new Set(right).size} different`);

const ceiling = await decisionsPerSecond(5_000);
console.log(`at most ${Math.round(ceiling)} decisions a second; ${Math.round(ceiling * SHARE)} from here on`);
const memory = await soak(seconds * 1_000, ceiling * SHARE);
const third = Math.floor(memory.length / 3);
const growth = p50(memory.slice(-third)) - p50(memory.slice(0, third));
for (const [name, count] of Object.entries(counts)) console.log(`${name.padEnd(12)} ${count}`);
console.log(`memory       ${memory.map(Math.round).join(" ")} MiB; grew by ${growth.toFixed(1)}`);
const missing = (["allowed", "denied", "shared", "kills"] as const).filter((name) => counts[name] === 0);
if (counts.wrong > 0 || growth > MOST_GROWTH_MIB || missing.length > 0) {
  console.error(
    `NOT MET: wrong ${counts.wrong}, growth ${growth.toFixed(1)} MiB, never seen: ${missing.join(", ") || "-"}`,
  );
  process.exitCode = 1;
}

/** By a client of its own that shares nothing, one after the other. */
async function aloneAnswers(): Promise<readonly string[]> {
  await using alone = await startPdp({ policies: POLICIES, sharing: false });
  const session = await makeAuthorizer(team, alone.client, options).openSession(team.held);
  const answers: string[] = [];
  for (let i = 0; i < INVOICES; i++) answers.push(told(await session.authorize(callOf(i))));
  return answers;
}

function callOf(invoice: number): Parameters<Session["authorize"]>[0] {
  return { tool: "read_invoice", arguments: { id: `INV-${invoice}` }, ...FULFILS };
}

/** What the policies said, without what names one decision. */
function told(decision: Decision): string {
  const hops = decision.verdicts.map(({ cerbosCallId: _, cerbosPositions: __, failures: ___, ...verdict }) => verdict);
  return JSON.stringify([decision.outcome, "code" in decision ? decision.code : "", hops]);
}

async function decide(session: Session): Promise<void> {
  const invoice = Math.floor(Math.random() * INVOICES);
  const decision = await session.authorize(callOf(invoice));
  counts.decisions++;
  if (decision.verdicts.some(({ cerbosPositions }) => cerbosPositions !== undefined)) counts.shared++;
  if (decision.outcome === "denied" && decision.code === "policy_unavailable") {
    counts.unavailable++;
    return;
  }
  if (decision.outcome === "allowed") counts.allowed++;
  else counts.denied++;
  if (told(decision) === right[invoice]) return;
  counts.wrong++;
  if (counts.wrong < 4) console.error(`wrong: INV-${invoice}\n  got   ${told(decision)}\n  right ${right[invoice]}`);
}

async function decisionsPerSecond(ms: number): Promise<number> {
  const from = performance.now();
  const before = counts.decisions;
  await Promise.all(
    sessions.map(async (session) => {
      while (performance.now() - from < ms) await decide(session);
    }),
  );
  return ((counts.decisions - before) / (performance.now() - from)) * 1_000;
}

/** @returns the heap in MiB, from time to time */
async function soak(ms: number, perSecond: number): Promise<readonly number[]> {
  const from = performance.now();
  const until = from + ms;
  const memory: number[] = [];
  const paced = sessions.map(async (session, i) => {
    const pauseMs = (CALLERS / perSecond) * 1_000;
    let next = from + (i / CALLERS) * pauseMs;
    while (performance.now() < until) {
      await delay(Math.max(0, next - performance.now()));
      await decide(session);
      // Who was held up does not make up for it: that would be more than the share.
      next = Math.max(next + pauseMs, performance.now());
    }
  });
  const killing = (async () => {
    while (performance.now() + KILL_EVERY_MS < until) {
      await delay(KILL_EVERY_MS * (0.5 + Math.random()));
      if (killPdp(pdp)) counts.kills++;
    }
  })();
  const sampling = (async () => {
    for (let i = 0; i < SAMPLES; i++) {
      await delay(ms / (SAMPLES + 1));
      collect?.();
      memory.push(process.memoryUsage().heapUsed / 2 ** 20);
    }
  })();
  await Promise.all([...paced, killing, sampling]);
  return memory;
}
