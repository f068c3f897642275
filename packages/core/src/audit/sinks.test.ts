import { PassThrough, Writable } from "node:stream";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { type AuditSinkUnderTest, auditSinkContract } from "../testing/audit-contract.ts";
import { sampleDecision, sampleOutcome } from "../testing/samples.ts";
import type { UnverifiedAttempt } from "./record.ts";
import { jsonLinesAudit, memoryAudit } from "./sinks.ts";

const attempt = (code: UnverifiedAttempt["code"], i = 0): UnverifiedAttempt => ({
  invocation: `inv${i}`,
  time: "2025-10-09T08:53:20.000Z",
  audience: "https://pay.acme.example/mcp",
  tool: "send_payment",
  code,
  message: "m",
});

describe("the audit trail in memory", () => {
  it("keeps every decision in order", async () => {
    const audit = memoryAudit();
    await audit.record(sampleDecision({ invocation: "1" }));
    await audit.record(sampleDecision({ invocation: "2", outcome: "denied", code: "policy_denied" }));
    expect(audit.records.map(({ invocation }) => invocation)).toEqual(["1", "2"]);
  });

  it("counts what nobody signed, keeps a hundred samples, and not one more", () => {
    const audit = memoryAudit();
    for (let i = 0; i < 10_000; i++) audit.unverified?.(attempt(i % 10 === 0 ? "proof_invalid" : "token_malformed", i));
    expect(Object.fromEntries(audit.unverifiedCounts)).toEqual({ proof_invalid: 1000, token_malformed: 9000 });
    expect(audit.unverifiedSamples).toHaveLength(100);
    expect(audit.unverifiedSamples[99]?.invocation).toBe("inv99");
    expect(audit.records).toEqual([]);
  });

  it("is shared with no other", () => {
    const [one, other] = [memoryAudit(), memoryAudit()];
    one.unverified?.(attempt("proof_missing"));
    expect(other.unverifiedCounts.size).toBe(0);
  });
});

const FULL = new Error("disk full");
const refusedBy = (words: string) => ({ code: "audit_unavailable", cause: { message: words } });

describe("the audit trail in lines of JSON", () => {
  const writer = (write: (text: string, done: (error?: Error | null) => void) => void) => jsonLinesAudit({ write });

  it("writes one line a decision, whatever line breaks and escapes are in it", async () => {
    const lines: string[] = [];
    const audit = writer((text, done) => {
      lines.push(text);
      done();
    });
    const reason = 'no\n{"outcome":"allowed"}\r\u2028\u001b[31m';
    await audit.record(sampleDecision({ reason }));
    await audit.record(sampleDecision());
    expect(lines).toHaveLength(2);
    for (const line of lines) expect(line.match(/[\r\n]/g)).toEqual(["\n"]);
    expect(JSON.parse(lines[0] as string)).toEqual(sampleDecision({ reason }));
  });

  it("writes what a caller chose so that a terminal shows it, and obeys none of it: the same JSON", async () => {
    const lines: string[] = [];
    const audit = writer((text, done) => {
      lines.push(text);
      done();
    });
    const id = "x\u009b31m\u202e\u2028\u200b\ufeff\u{e0041}\u00a0\ud800 é €";
    await audit.record(sampleDecision({ arguments: { to: id } }));
    audit.unverified?.({ ...attempt("proof_missing"), tool: id });
    const seen = '"x\\u009b31m\\u202e\\u2028\\u200b\\ufeff\\udb40\\udc41\\u00a0\\ud800 é €"';
    for (const line of lines) expect(line).toContain(seen);
    const [decided, stranger] = lines.map((line) => JSON.parse(line));
    expect([decided.arguments.to, stranger.tool]).toEqual([id, id]);
  });

  it("is done only when the line was handed over", async () => {
    let finish: () => void = () => {};
    const audit = writer((_, done) => {
      finish = done;
    });
    let done = false;
    const writing = Promise.resolve(audit.record(sampleDecision())).then(() => {
      done = true;
    });
    await Promise.resolve();
    expect(done).toBe(false);
    finish();
    await writing;
    expect(done).toBe(true);
  });

  it("rejects where the stream says that it failed, and where it throws", async () => {
    await expect(writer((_, done) => done(FULL)).record(sampleDecision())).rejects.toMatchObject(
      refusedBy("disk full"),
    );
    const broken = writer(() => {
      throw new Error("closed");
    });
    await expect(broken.record(sampleDecision())).rejects.toMatchObject(refusedBy("closed"));
  });

  it("rejects over a stream of Node that fails, or that was ended, and hears its error, which would end the process", async () => {
    const failing = jsonLinesAudit(new Writable({ write: (_, __, done) => done(FULL) }));
    for (let i = 0; i < 2; i++)
      await expect(failing.record(sampleDecision())).rejects.toMatchObject(refusedBy("disk full"));
    const ended = new Writable({ write: (_, __, done) => done() });
    const late = jsonLinesAudit(ended);
    ended.end();
    await expect(late.record(sampleDecision())).rejects.toThrow("failed: write after end; no call runs");
  });

  it("remembers that a stream broke while no line was written, and writes nothing more", async () => {
    const lines: string[] = [];
    const stream = new PassThrough({ autoDestroy: false }).on("data", (chunk) => lines.push(String(chunk)));
    const audits = [jsonLinesAudit(stream), jsonLinesAudit(stream)];
    expect(stream.listenerCount("error")).toBe(1);
    expect(await audits[0]?.health?.()).toEqual({ ok: true });
    stream.emit("error", Object.assign(new Error("ENOSPC: no space\u001b[2J left"), { code: "ENOSPC" }));
    for (const audit of audits) {
      await expect(audit.record(sampleDecision())).rejects.toThrow("failed: ENOSPC: no space [2J left; no call runs");
      await expect(audit.outcome?.(sampleOutcome())).rejects.toThrow("ENOSPC");
      expect(await audit.health?.()).toMatchObject({ ok: false, problem: expect.stringContaining("ENOSPC") });
      audit.unverified?.(attempt("proof_missing"));
    }
    expect(lines).toEqual([]);
  });

  it("says why a stream broke also of a line that came between that and its event", async () => {
    const full = Object.assign(new Error("ENOSPC: no space left"), { code: "ENOSPC" });
    // A file closes before it tells its error, which takes a while.
    const stream = new Writable({ destroy: (error, done) => void setTimeout(done, 50, error) });
    const audit = jsonLinesAudit(stream);
    stream.destroy(full);
    await expect(audit.record(sampleDecision())).rejects.toThrow("failed: ENOSPC: no space left; no call runs");
  });

  it("is as well as its newest line: not where that failed, and again once one is written", async () => {
    let answer: Error | undefined = FULL;
    const audit = writer((_, done) => done(answer));
    expect(await audit.health?.()).toEqual({ ok: true });
    await expect(audit.record(sampleDecision())).rejects.toThrow("failed");
    expect(await audit.health?.()).toMatchObject({
      ok: false,
      problem: expect.stringContaining("failed; no call runs"),
    });
    answer = undefined;
    await audit.record(sampleDecision());
    expect(await audit.health?.()).toEqual({ ok: true });
  });

  it("is well again half a minute after a line failed: no other line may come to who says that it is not", async () => {
    const audit = writer((_, done) => done(FULL));
    await expect(audit.record(sampleDecision())).rejects.toThrow("failed");
    expect((await audit.health?.())?.ok).toBe(false);
    vi.useFakeTimers({ now: Date.now(), toFake: ["performance"] });
    onTestFinished(() => void vi.useRealTimers());
    vi.advanceTimersByTime(3_600_000);
    expect(await audit.health?.()).toEqual({ ok: true });
  });

  it("quotes the system, and never a host's own writer, whose words stay the cause", async () => {
    const secret = writer((_, done) => done(new Error("401 for hunter2")));
    const error = await Promise.resolve(secret.record(sampleDecision())).catch((cause: unknown) => cause);
    expect(error).toMatchObject(refusedBy("401 for hunter2"));
    expect(String(error)).not.toContain("hunter2");
  });

  it("rejects what it cannot write as JSON", async () => {
    const cyclic = { self: {} };
    cyclic.self = cyclic;
    await expect(writer((_, done) => done()).record(sampleDecision(cyclic as object))).rejects.toThrow("circular");
  });

  it("writes one line a code of what nobody signed, whatever comes in, and never waits for it", () => {
    const lines: string[] = [];
    const audit = jsonLinesAudit({ write: (text) => lines.push(text) });
    const attempt = { invocation: "i", time: "t", audience: "a", tool: "x", message: "m" };
    for (let i = 0; i < 1000; i++)
      audit.unverified?.({ ...attempt, code: i % 2 === 0 ? "proof_invalid" : "agent_unknown" });
    expect(lines.map((line) => JSON.parse(line))).toEqual([
      { unverified: "proof_invalid", count: 1, message: "m", tool: "x", invocation: "i", time: "t" },
      { unverified: "agent_unknown", count: 1, message: "m", tool: "x", invocation: "i", time: "t" },
    ]);
  });
});

describe.each<[string, () => AuditSinkUnderTest]>([
  [
    "in memory",
    () => {
      const sink = memoryAudit();
      return { sink, kept: () => [...sink.records, ...sink.outcomes] };
    },
  ],
  [
    "of JSON lines",
    () => {
      let broken = false;
      const lines: string[] = [];
      const stream = new Writable({
        write: (chunk, _, done) => {
          if (broken) return done(new Error("no room"));
          lines.push(String(chunk));
          return done();
        },
      });
      return {
        sink: jsonLinesAudit(stream),
        kept: () => lines.map((line) => JSON.parse(line) as object).filter((line) => "kind" in line),
        break: () => {
          broken = true;
        },
      };
    },
  ],
])("the audit trail %s", (_, open) => {
  it.each(auditSinkContract.map(({ title, run }) => [title, run] as const))("keeps its promise: %s", (_title, run) =>
    run(open),
  );
});
