/** Expressions of policies that cannot be evaluated, joined to the decisions of a real PDP out of its own log. */
import type { Pdp } from "@hopwise/cerbos";
import { operatorView } from "@hopwise/core";
import { modelView, type RunningPdp } from "@hopwise/core/adapter";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ran } from "../support/ran.ts";
import { createWorld, type World } from "../support/world.ts";
import { ALLOW, pdpWith } from "./small-policies.ts";

const denies = (expr: string): string =>
  `{ actions: [send], effect: EFFECT_DENY, roles: ["*"], condition: { match: { expr: ${JSON.stringify(expr)} } } }`;

/** The planner pays this to whom it likes; none of it may be on record. */
const TO = "Globex-4711";
const call = (amount: number) => ({ tool: "send_payment", arguments: { to: TO, amount, currency: "EUR" } });

const KINDS = {
  sound: [ALLOW],
  region: [ALLOW, denies("P.attr.region != R.attr.args.region")],
  looked_up: [ALLOW, denies("P.attr.delegation.user.attr[R.attr.args.to] > 3")],
  listed: [
    `{ actions: [list, list_all], effect: EFFECT_ALLOW, roles: ["*"] }`,
    `{ actions: [list], effect: EFFECT_DENY, roles: ["*"], condition: { match: { expr: "P.attr.territory == 'EMEA'" } } }`,
  ],
  dated: [ALLOW, denies("timestamp(R.attr.args.to) > now()")],
};

let world: World;
let strict: Pdp;
let lax: Pdp;
let single: Pdp;
beforeAll(async () => {
  [world, strict, lax, single] = await Promise.all([
    createWorld(),
    pdpWith(KINDS),
    pdpWith(KINDS, { strictEvaluation: false }),
    pdpWith(KINDS, { sharing: false }),
  ]);
});
afterAll(() => Promise.all([world.pdp.close(), strict.close(), lax.close(), single.close()]));

async function asked(pdp: RunningPdp, kind: string, amounts: readonly number[] = [400]) {
  const tools = { send_payment: { kind, action: "send" } };
  const { authorizer, audit } = world.authorizer({ cerbos: pdp, tools, delegation: "grants-only", deadlineMs: 30_000 });
  const session = await authorizer.openSession(world.planner);
  const decisions = await Promise.all(amounts.map((amount) => session.authorize(call(amount))));
  return { decisions, records: audit.records };
}

describe("an expression that failed", () => {
  it("stands in the record and in the operator's view, at its hop, and not in what the model reads", async () => {
    const { decisions, records } = await asked(strict, "region");
    const [decision] = decisions;
    expect(decision?.outcome).toBe("denied");
    const failure = {
      expression: "P.attr.region != R.attr.args.region",
      error: expect.stringContaining("no such key: "),
    };
    expect(records[0]).toMatchObject({ verdicts: [{ failures: [failure] }, { failures: [failure] }] });
    expect(operatorView(records[0] as never)).toContain(
      "could not evaluate P.attr.region != R.attr.args.region: no such key",
    );
    expect(JSON.stringify(modelView(decision as never))).not.toContain("no such key");
  });

  it("stands in every one of many decisions at once, where each has requests of its own", async () => {
    const amounts = Array.from({ length: 100 }, (_, i) => i + 1);
    const { records } = await asked(single, "region", amounts);
    expect(records).toHaveLength(100);
    for (const { verdicts } of records) for (const { failures } of verdicts) expect(failures).toHaveLength(1);
    ran("decisions joined with what failed", records.length);
  });

  it("stands in no decision whose request others shared: nobody can tell whose it was", async () => {
    const { records } = await asked(
      strict,
      "region",
      Array.from({ length: 100 }, (_, i) => i + 1),
    );
    const verdicts = records.flatMap((record) => record.verdicts);
    const shared = verdicts.filter(({ cerbosPositions }) => cerbosPositions !== undefined);
    expect(shared.length).toBeGreaterThan(100);
    for (const verdict of shared) expect(verdict).not.toHaveProperty("failures");
    for (const { failures, cerbosPositions } of verdicts) {
      if (cerbosPositions === undefined) expect(failures).toHaveLength(1);
    }
  });

  it("stands in an allowance that relies on it, where strict evaluation is off", async () => {
    const { records } = await asked(lax, "region");
    expect(records[0]).toMatchObject({ outcome: "allowed", verdicts: [{ failures: [{}] }, { failures: [{}] }] });
    expect(operatorView(records[0] as never)).toContain("could not evaluate");
  });

  it.each(["looked_up", "dated"])("is on record without the argument that Cerbos' log quotes: %s", async (kind) => {
    const { records } = await asked(strict, kind);
    expect(records[0]?.verdicts[0]?.failures).toHaveLength(1);
    expect(JSON.stringify(records)).not.toContain(TO);
  });

  it("stands in the record of a list, at the hop that hid something, and not in the list", async () => {
    for (const [pdp, knows] of [
      [single, true],
      [strict, true],
      [{ client: single.client }, false],
    ] as const) {
      const entry = { kind: "listed", action: "send", list: "list" };
      const tools = { send_payment: entry, read_invoice: { ...entry, list: "list_all" } };
      const options = { cerbos: pdp, tools, delegation: "grants-only", deadlineMs: 30_000 } as const;
      const { authorizer, audit } = world.authorizer(options);
      const session = await authorizer.openSession(world.planner);
      const listed = await session.list([{ tool: "send_payment" }, { tool: "read_invoice" }]);
      expect(listed).toEqual({ outcome: "listed", shown: [false, true] });
      const [record] = audit.records;
      const failures = record?.hidden?.[0]?.failures ?? [];
      expect(failures.map(({ error }) => error.slice(0, 13))).toEqual(knows ? ["no such key: "] : []);
      expect(operatorView(record as never).includes("could not evaluate P.attr.territory")).toBe(knows);
    }
  });

  it("is nowhere where nothing failed, and where the client alone was given, which has no log", async () => {
    for (const { records } of [await asked(strict, "sound"), await asked({ client: strict.client }, "region")]) {
      for (const verdict of records[0]?.verdicts ?? []) expect(verdict).not.toHaveProperty("failures");
    }
  });
});
