import { describe, expect, it } from "vitest";
import type { ShownApproval } from "./kept-request.ts";
import { type ApprovalOptions, approvalRules } from "./options.ts";

const KEY = { kty: "OKP", crv: "Ed25519", x: "A".repeat(43) } as const;

describe("the rules of approvals", () => {
  it("name nobody who approves, and give an hour and room for twenty, unless something else is said", () => {
    expect(approvalRules({})).toMatchObject({ approvers: [], withinSeconds: 3600, maxWaiting: 20 });
    expect(approvalRules({ approvals: { withinSeconds: 60 } })).toMatchObject({ withinSeconds: 60, maxWaiting: 20 });
  });

  it("warn once that a call waits for nobody, and break nothing where that fails", () => {
    const said: string[] = [];
    const { warnOfTooFew } = approvalRules({
      onWarning: (text) => {
        said.push(text);
        throw new Error("hunter2");
      },
    });
    expect(said).toEqual([]);
    warnOfTooFew(1);
    warnOfTooFew(1);
    expect(said).toEqual([expect.stringContaining("a call waits for an approval, and this authorizer knows nobody")]);
  });

  it("warn that a call waits for more people than have a key, of whom each counts once", () => {
    const said: string[] = [];
    const dana = { issuer: "https://id.example", subject: "dana", keys: [KEY] };
    const approvers = [dana, dana, { ...dana, subject: "erin", keys: [] }];
    const { warnOfTooFew } = approvalRules({ approvals: { approvers }, onWarning: (text) => said.push(text) });
    warnOfTooFew(1);
    expect(said).toEqual([]);
    warnOfTooFew(2);
    expect(said).toEqual([
      expect.stringContaining("of 2 people, and this authorizer knows 1 alone who could give it: "),
    ]);
  });

  it("warn of a request of which perhaps nobody was told, without a word of somebody else's error", async () => {
    const said: string[] = [];
    const tell = async (onRequest: NonNullable<ApprovalOptions["onRequest"]>): Promise<unknown> =>
      approvalRules({ approvals: { onRequest }, onWarning: (text) => said.push(text) }).onRequest?.({
        id: "r1",
      } as ShownApproval);
    await tell(() => "told");
    expect(said).toEqual([]);
    await tell(() => {
      throw new TypeError("hunter2");
    });
    await tell(async () => {
      throw new Error("hunter2");
    });
    expect(said).toEqual([
      expect.stringMatching(
        /told of the request r1 for an approval: approvals.onRequest failed \(TypeError\); .*list\(\)/,
      ),
      expect.stringContaining("approvals.onRequest failed; "),
    ]);
    expect(said.join()).not.toContain("hunter2");
  });

  it("break nothing where who is warned fails, too", async () => {
    const fails = (): never => {
      throw new Error("hunter2");
    };
    const { onRequest } = approvalRules({ approvals: { onRequest: fails }, onWarning: fails });
    await expect(onRequest?.({ id: "r1" } as ShownApproval)).resolves.toBeUndefined();
  });
});
