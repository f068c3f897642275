import type { Call } from "@hopwise/core";
import { memoryAudit } from "@hopwise/core";
import type { AuditSink, DecisionRecord } from "@hopwise/core/audit";
import { describe, expect, it } from "vitest";
import { denied, GOOD, paymentTool } from "../support/calls.ts";
import { credentialFor, withAnyProof } from "../support/forge.ts";
import { answering } from "../support/policy-clients.ts";
import { TOKEN_TEXT } from "../support/token-text.ts";
import { worldHere } from "../support/world.ts";

const world = await worldHere();

// They answer at once, so that no deadline of a test is a matter of luck.
const allowing = answering((right) => right);
const denying = answering((right) => ({
  ...right,
  results: right.results.map((result) => ({ ...result, actions: { send: "EFFECT_DENY", delegate: "EFFECT_ALLOW" } })),
}));

const fail = (): never => {
  throw new Error("no space left at /var/log/hunter2");
};
const hang = (): Promise<never> => new Promise(() => {});

const BROKEN_SINKS: readonly (readonly [what: string, record: AuditSink["record"]])[] = [
  ["throws", fail],
  ["rejects", async () => fail()],
  ["rejects with nothing", () => Promise.reject()],
  ["never answers", hang],
];

/** A sink that works until `broken` is set, and then does this. */
function breaking(record: AuditSink["record"]) {
  const audit = { broken: false, written: [] as DecisionRecord[] };
  const sink: AuditSink = {
    record: (entry) => {
      if (audit.broken) return record(entry);
      audit.written.push(entry);
    },
  };
  return Object.assign(audit, { sink });
}

describe("a record that was handed over", () => {
  it("is not changed by a source that answers after the deadline", async () => {
    let answer = (_: object): void => {};
    const late = new Promise<object>((resolve) => (answer = resolve));
    const { authorizer, audit } = world.authorizer({
      cerbos: allowing,
      deadlineMs: 300,
      tools: {
        send_payment: { kind: "payment", action: "send", sources: { supplier: { find: () => late as never } } },
      },
    });
    const session = await authorizer.openSession(world.planner);
    const decision = denied(await session.authorize({ tool: "send_payment", arguments: GOOD }));
    expect(decision).toMatchObject({
      code: "context_unavailable",
      context: [{ of: "alice" }, { of: "agent:planner" }],
    });
    const written = JSON.stringify(audit.records);
    answer({ region: "EMEA" });
    await new Promise((resolve) => setImmediate(resolve));
    expect(JSON.stringify(audit.records)).toBe(written);
  });
});

describe("an audit sink that", () => {
  it.each(BROKEN_SINKS)("%s keeps an allowed call from running", async (_, record) => {
    const audit = breaking(record);
    const { authorizer } = world.authorizer({ audit: audit.sink, cerbos: allowing, deadlineMs: 300 });
    const payment = await paymentTool(authorizer, world.planner);
    const session = await authorizer.openSession(world.planner);
    audit.broken = true;
    expect(await payment.call()).toContain("Not allowed (audit_unavailable)");
    expect(payment.runs).toEqual([]);
    const decision = denied(await session.authorize({ tool: "send_payment", arguments: GOOD }));
    expect(decision).toMatchObject({ code: "audit_unavailable", stage: "audit", retryable: true });
    expect(decision.message).not.toContain("hunter2");
  });

  it.each(BROKEN_SINKS)("%s makes a list an error, never empty", async (_, record) => {
    const { authorizer } = world.authorizer({ audit: { record }, cerbos: allowing, deadlineMs: 300 });
    const session = await authorizer.openSession(world.planner);
    expect(denied(await session.list([{ tool: "send_payment" }])).code).toBe("audit_unavailable");
  });

  it.each(BROKEN_SINKS)("%s leaves a denial the denial that it was", async (_, record) => {
    const { authorizer } = world.authorizer({ audit: { record }, cerbos: denying, deadlineMs: 300 });
    const session = await authorizer.openSession(world.planner);
    const decision = denied(await session.authorize({ tool: "send_payment", arguments: GOOD }));
    expect(decision).toMatchObject({ code: "policy_denied", hop: 0 });
  });

  it("takes its time keeps the tool waiting: it runs after its record is written, not before", async () => {
    let written = (): void => {};
    const audit = breaking(() => new Promise<void>((resolve) => (written = resolve)));
    const { authorizer } = world.authorizer({ audit: audit.sink, cerbos: allowing, deadlineMs: 10_000 });
    const payment = await paymentTool(authorizer, world.planner);
    const recording = new Promise<void>((reached) => {
      const { record } = audit.sink;
      audit.sink.record = (entry) => {
        reached();
        return record(entry);
      };
    });
    audit.broken = true;
    const call = payment.call();
    await recording;
    await new Promise((resolve) => setImmediate(resolve));
    expect(payment.runs).toEqual([]);
    written();
    expect(await call).toBe("paid");
    expect(payment.runs).toEqual([GOOD]);
  });

  it("writes after the deadline may keep a record of a call that did not run, never a run without a record", async () => {
    const late: DecisionRecord[] = [];
    const audit = breaking((entry) => {
      late.push(entry);
      return hang();
    });
    const { authorizer } = world.authorizer({ audit: audit.sink, cerbos: allowing, deadlineMs: 300 });
    const payment = await paymentTool(authorizer, world.planner);
    audit.broken = true;
    expect(await payment.call()).toContain("audit_unavailable");
    expect(payment.runs).toEqual([]);
    expect(late).toMatchObject([{ outcome: "allowed", tool: "send_payment" }]);
  });

  it("is told that such a call did not run, so that nobody takes its record for a run", async () => {
    const audit = memoryAudit();
    const late = { ...audit, record: (record: DecisionRecord) => hang().finally(() => audit.record(record)) };
    const { authorizer } = world.authorizer({ audit: late, cerbos: allowing, deadlineMs: 300 });
    const session = await authorizer.openSession(world.planner);
    const { invocation } = denied(await session.authorize({ tool: "send_payment", arguments: GOOD }));
    expect(audit.outcomes).toMatchObject([{ kind: "outcome", invocation, tool: "send_payment", outcome: "refused" }]);
  });
});

describe("a record", () => {
  it("says what each token handed over of the call, and which version of Cerbos answered", async () => {
    const { authorizer, audit } = world.authorizer();
    const session = await authorizer.openSession(world.researcher);
    await session.authorize({ tool: "read_invoice", arguments: { id: "INV-7" }, fulfils: true });
    const [record] = audit.records;
    expect(record?.tokens.map(({ handed }) => handed)).toEqual(["id is any value", 'id is one of "INV-7", "INV-9"']);
    expect(record?.pdp).toEqual({ version: world.pdp.version });
  });
});

describe("a call of nobody who showed a key", () => {
  const call: Call = { tool: "send_payment", arguments: GOOD, credential: undefined };

  it("is counted and sampled, by code, and not recorded", async () => {
    const { authorizer, audit } = world.authorizer();
    const args = { id: "INV-9" };
    const credential = await credentialFor(world.planner, "read_invoice", args);
    const read: Call = { tool: "read_invoice", arguments: args, credential };
    await authorizer.authorize(call);
    await authorizer.authorize({ ...read, credential: { chain: "garbage", proof: "" } });
    await authorizer.authorize({ ...read, credential: await withAnyProof(credential.chain, args) });
    await authorizer.authorize({ ...read, arguments: { id: "INV-7" } });
    expect(audit.records).toEqual([]);
    expect(Object.fromEntries(audit.unverifiedCounts)).toEqual({
      proof_missing: 1,
      token_malformed: 1,
      proof_invalid: 1,
      proof_arguments_mismatch: 1,
    });
    expect(JSON.stringify(audit.unverifiedSamples)).not.toMatch(/INV-|Globex/);
    expect(JSON.stringify(audit.unverifiedSamples)).not.toMatch(TOKEN_TEXT);
    await authorizer.authorize(read);
    await authorizer.authorize(read);
    expect(audit.records).toHaveLength(1);
    expect(audit.unverifiedCounts.get("proof_replayed")).toBe(1);
  });

  it("fills no memory: all of a flood are counted, a hundred kept", async () => {
    const { authorizer, audit } = world.authorizer();
    await Promise.all(Array.from({ length: 250 }, () => authorizer.authorize(call)));
    expect(audit.unverifiedCounts.get("proof_missing")).toBe(250);
    expect(audit.unverifiedSamples).toHaveLength(100);
  });

  it("gets its denial also where counting throws, or where nobody counts", async () => {
    const { record } = memoryAudit();
    for (const audit of [{ record, unverified: fail }, { record }]) {
      const { authorizer } = world.authorizer({ audit });
      expect(denied(await authorizer.authorize(call)).code).toBe("proof_missing");
    }
  });

  it("ends no process where counting is asynchronous, and rejects", async () => {
    let handled = false;
    const unverified = (): void =>
      ({
        // biome-ignore lint/suspicious/noThenProperty: whoever looks after the result has to call this
        then: (_: unknown, rejected: unknown) => {
          handled = typeof rejected === "function";
        },
      }) as never;
    const { authorizer } = world.authorizer({ audit: { record: () => {}, unverified } });
    await authorizer.authorize(call);
    await new Promise((resolve) => setImmediate(resolve));
    expect(handled).toBe(true);
  });

  it("is on record as soon as it is somebody's: a verified caller's denial is", async () => {
    const { authorizer, audit } = world.authorizer();
    const args = { id: "INV-21" };
    const credential = await credentialFor(world.researcher, "read_invoice", args);
    await authorizer.authorize({ tool: "read_invoice", arguments: args, credential });
    expect(audit.records).toMatchObject([{ code: "grant_argument_refused", hop: 2, via: "proof" }]);
    expect(audit.unverifiedCounts.size).toBe(0);
    expect(JSON.stringify(audit.records)).not.toContain("INV-21");
  });
});
