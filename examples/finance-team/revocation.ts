/** A planner that is revoked while its researcher works on. */
import { blastRadius } from "@hopwise/audit";
import { operatorView } from "@hopwise/core";
import type { Cast } from "./cast.ts";
import { expect, note, tree } from "./print.ts";

export async function plannerRevoked({ audit, state, readsAgain }: Cast): Promise<void> {
  const last = () => audit.records.at(-1);
  const good = await readsAgain();
  expect(good["isError"] !== true && last()?.outcome === "allowed", "the researcher reads its invoice, as before");

  const { chains } = await blastRadius({ agent: "planner" }, audit.records);
  note(`the records tell what would stop: ${chains.length} chains, of which the researcher's was seen last`);
  expect(
    chains[0]?.agents.join() === "planner,researcher",
    "every chain in which the planner stands, whoever holds it",
  );
  state.revocations.revoke({ agent: "planner" }, { reason: "it leaked its key", by: { operator: "on-call" } });
  note("the operator revokes the planner; nobody tells the researcher, and its own key and token are as they were");

  const next = await readsAgain();
  const record = last();
  if (record !== undefined) tree(operatorView(record));
  expect(next["isError"] === true && record?.code === "revoked", "its next call is stopped, on the same connection");
}
