/** Many who spend few budgets, at all processes at once. */
import { setTimeout as delay } from "node:timers/promises";
import { aCall, type Soak, send } from "./calls.ts";
import { aLine, CAP, type Line, type Payer, renewed } from "./chains.ts";
import type { Instance } from "./fleet.ts";

const NEW_LINE_MS = 1500;
const MOST_LINES = 12;
/** Of one payment. */
const MOST = 120;
const PROBED = 4;

/** Has new budgets issued all the time, since a store that lost what it knew counts older ones as spent; and renews the newest. */
export async function issuing({ company, goesOn, lines }: Soak): Promise<void> {
  while (goesOn()) {
    lines.push(await aLine(company));
    if (lines.length > MOST_LINES) lines.shift();
    await delay(NEW_LINE_MS / 2);
    lines.push(await renewed(lines.pop() as Line, company));
    await delay(NEW_LINE_MS / 2);
  }
}

export async function spending(soak: Soak, own: Instance): Promise<void> {
  const { lines } = soak;
  while (soak.goesOn()) {
    await delay(Math.random() * 300);
    // Mostly of the newest budget; sometimes of one from before a loss.
    const line = Math.random() < 0.7 ? lines.at(-1) : oneOf(lines);
    if (line === undefined || !own.isUp) continue;
    const amount = 1 + Math.floor(Math.random() ** 2 * MOST);
    const sent = await aCall(oneOf(line.payers), amount, Math.random() < 0.05 ? { comesToNothing: true } : {});
    const dice = Math.random();
    // One proof at two processes at once; or at the other a little later, which may be after something died.
    if (dice < 0.2) await Promise.all([send(soak, own, sent), send(soak, soak.fleet.any(), sent)]);
    else await send(soak, own, sent);
    if (dice > 0.9) {
      await delay(Math.random() * 4000);
      await send(soak, soak.fleet.any(), sent);
    }
  }
}

/** After something died: nobody may have forgotten what was spent. More than a whole budget, of some budgets from before. */
export async function probeSpent(soak: Soak): Promise<void> {
  const roots = soak.lines.slice(0, PROBED).map(({ payers }) => payers[0] as Payer);
  const times = Array.from({ length: Math.ceil(CAP / MOST) });
  const probes = roots.flatMap((root) => times.map(() => root));
  await Promise.all(probes.map(async (root) => send(soak, soak.fleet.any(), await aCall(root, MOST))));
}

export function oneOf<T>(list: readonly T[]): T {
  return list[Math.floor(Math.random() * list.length)] as T;
}
