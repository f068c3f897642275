import { Writable } from "node:stream";
import { describe, expect, it, vi } from "vitest";
import type { UnverifiedAttempt } from "../audit/index.ts";
import { sampleDecision, sampleOutcome } from "../testing/samples.ts";
import { printingAudit, type Screen } from "./printing-audit.ts";

const attempt = (changed: Partial<UnverifiedAttempt> = {}): UnverifiedAttempt => ({
  invocation: "inv",
  time: "2025-10-09T08:53:20.000Z",
  audience: "https://pay.acme.example/mcp",
  tool: "send_payment",
  code: "proof_invalid",
  message: "the proof is of another tool",
  rule: "hto names the tool",
  ...changed,
});

function screen(own: Omit<Screen, "write"> = {}): Screen & { readonly printed: string[] } {
  const printed: string[] = [];
  return { ...own, printed, write: (text) => printed.push(text) };
}

const chain = { issuer: "https://id.acme.example", hops: [{ kind: "user", id: "alice" } as const] };

/** That of the samples. */
const CALL = sampleDecision().invocation;

describe("a sink for people", () => {
  it("prints each decision as its operator reads it, with the id of its call, and what to do about a denial", () => {
    const target = screen();
    const audit = printingAudit(target);
    void audit.record(sampleDecision({ chain }));
    void audit.record(
      sampleDecision({ chain, outcome: "denied", code: "user_unknown", stage: "context", hop: 0, message: "who?" }),
    );
    expect(target.printed).toEqual([
      `allowed send_payment (call ${CALL})\nalice  not asked\n`,
      `denied send_payment: user_unknown: who? (call ${CALL})\nalice  stopped by context: user_unknown\n· The user directory knows no such user of this issuer, or what it gave says that they are there no more (such as \`active: false\`).\n`,
    ]);
  });

  it("prints what shadow mode alone let run, of callers who are known and of strangers, with what would have to be done", () => {
    const target = screen({ isTTY: true, hasColors: () => true });
    const audit = printingAudit(target, { strangers: "each" });
    const shadow = { code: "policy_denied", stage: "policy", message: "no", hop: 0 } as const;
    void audit.record(sampleDecision({ chain, enforced: false, shadow }));
    audit.unverified?.(attempt({ enforced: false, chain: { ...chain, unverified: true } }));
    const [known = "", stranger = ""] = target.printed;
    const yellow = "\u001b[33mallowed send_payment, in shadow mode alone: would be denied: ";
    expect([known.startsWith(`${yellow}policy_denied: no`), stranger.startsWith(yellow)]).toEqual([true, true]);
    expect(stranger).toContain("\nalice (unverified)");
  });

  it("prints how a call ended only where it did not simply return", () => {
    const target = screen();
    const audit = printingAudit(target);
    void audit.outcome?.(sampleOutcome());
    void audit.outcome?.(sampleOutcome({ outcome: "failed", invocation: "1" }));
    void audit.outcome?.(sampleOutcome({ withheld: true, invocation: "2" }));
    const why = { code: "filter_unapplied", message: "not\nchecked" } as const;
    void audit.outcome?.(sampleOutcome({ withheld: true, invocation: "3", ...why }));
    expect(target.printed).toEqual([
      "send_payment: failed (call 1)\n",
      "send_payment: ran, and its result was withheld (call 2)\n",
      "send_payment: ran, and its result was withheld (call 3), filter_unapplied: not checked\n",
    ]);
  });

  it("prints each denial of a stranger in development, with its whole text", () => {
    const target = screen();
    const audit = printingAudit(target, { strangers: "each" });
    for (let i = 0; i < 3; i++) audit.unverified?.(attempt({ message: `number ${i}` }));
    expect(target.printed).toHaveLength(3);
    expect(target.printed[2]).toMatch(
      /^denied send_payment: proof_invalid: number 2 \(call inv, 3 so far\)\n· rule: hto names the tool\n· The proof was refused/,
    );
  });

  it("prints one of each code in ten seconds otherwise, with how many there were", () => {
    const now = vi.spyOn(performance, "now").mockReturnValue(0);
    try {
      const target = screen();
      const audit = printingAudit(target);
      for (let i = 0; i < 500; i++) audit.unverified?.(attempt());
      audit.unverified?.(attempt({ code: "proof_missing" }));
      expect(target.printed).toHaveLength(2);
      now.mockReturnValue(10_000);
      audit.unverified?.(attempt());
      expect(target.printed[2]).toContain("(call inv, 501 so far)");
    } finally {
      now.mockRestore();
    }
  });

  it("has colours on a terminal that has them, and where it is told to", () => {
    const printedBy = (target: ReturnType<typeof screen>, options = {}): string => {
      void printingAudit(target, options).record(
        sampleDecision({ outcome: "denied", code: "policy_denied", message: "no" }),
      );
      return target.printed.join("");
    };
    const coloured = printedBy(screen({ isTTY: true }));
    const [head, help] = coloured.split("\n");
    expect(head).toBe(`\u001b[31mdenied send_payment: policy_denied: no (call ${CALL})\u001b[39m`);
    expect(help?.startsWith("\u001b[2m· ")).toBe(true);
    expect(printedBy(screen({ isTTY: true, hasColors: () => true }))).toBe(coloured);
    expect(printedBy(screen(), { colour: true })).toBe(coloured);
    for (const plain of [
      printedBy(screen()),
      printedBy(screen({ isTTY: true, hasColors: () => false })),
      printedBy(screen({ isTTY: true }), { colour: false }),
    ])
      expect(plain).not.toContain("\u001b");
  });

  it("is made over a screen that fails when it is asked for colours, and is plain", () => {
    const failing = (): never => {
      throw new Error("no terminal");
    };
    const asked = {
      get isTTY(): boolean {
        return failing();
      },
    };
    for (const broken of [asked, { isTTY: true, hasColors: failing }]) {
      const printed: string[] = [];
      const target = Object.defineProperties(
        { write: (text: string) => void printed.push(text) },
        Object.getOwnPropertyDescriptors(broken),
      );
      void printingAudit(target).record(sampleDecision());
      expect(printed.join("")).toMatch(/^allowed/);
    }
  });

  it("lets no stranger's text move a terminal", () => {
    const target = screen({ isTTY: true });
    const evil = "x\u001b[2J\n\u202eallowed";
    printingAudit(target, { strangers: "each" }).unverified?.(attempt({ tool: evil, message: evil, rule: evil }));
    void printingAudit(target).outcome?.(sampleOutcome({ tool: evil, outcome: "failed" }));
    // biome-ignore lint/suspicious/noControlCharactersInRegex: the colours are our own
    expect(target.printed.join("").replace(/\u001b\[\d+m/g, "")).not.toMatch(/[\u001b\u202e]/);
    expect(target.printed[0]?.split("\n")).toHaveLength(4);
  });

  it("goes to the console's errors where no screen is given, and stops no call where a screen fails", async () => {
    const said = vi.spyOn(globalThis.console, "error").mockImplementation(() => {});
    try {
      void printingAudit().record(sampleDecision());
      expect(said.mock.calls).toEqual([[`allowed send_payment (call ${CALL})`]]);
    } finally {
      said.mockRestore();
    }
    const gone: Screen = {
      write: () => {
        throw new Error("EPIPE");
      },
    };
    const audit = printingAudit(gone, { strangers: "each" });
    expect(() => audit.record(sampleDecision())).not.toThrow();
    expect(() => audit.unverified?.(attempt())).not.toThrow();
    // A stream tells it by an event, which would end the process.
    const full = new Writable({ write: (_, __, done) => done(new Error("ENOSPC")) });
    void printingAudit(full).record(sampleDecision());
    await expect.poll(() => full.closed).toBe(true);
  });
});
