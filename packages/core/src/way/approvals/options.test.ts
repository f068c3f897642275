import { describe, expect, it } from "vitest";
import { approvalRules } from "./options.ts";

describe("the rules of approvals", () => {
  it("name nobody who approves, and give an hour and room for twenty, unless something else is said", () => {
    expect(approvalRules({})).toMatchObject({ approvers: [], withinSeconds: 3600, maxWaiting: 20 });
    expect(approvalRules({ approvals: { withinSeconds: 60 } })).toMatchObject({ withinSeconds: 60, maxWaiting: 20 });
  });

  it("warn once that a call waits for nobody, and break nothing where that fails", () => {
    const said: string[] = [];
    const { warnOfNobody } = approvalRules({
      onWarning: (text) => {
        said.push(text);
        throw new Error("hunter2");
      },
    });
    expect(said).toEqual([]);
    warnOfNobody();
    warnOfNobody();
    expect(said).toEqual([expect.stringContaining("a call waits for an approval, and this authorizer knows nobody")]);
  });
});
