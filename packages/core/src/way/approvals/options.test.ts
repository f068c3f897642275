import { describe, expect, it } from "vitest";
import type { ShownApproval } from "./kept-request.ts";
import { approvalRules } from "./options.ts";

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

  it.each(["onRequest", "onAnswer"] as const)(
    "warn of what perhaps nobody was told by %s, without a word of somebody else's error",
    async (name) => {
      const said: string[] = [];
      const request = { id: "r1" } as ShownApproval;
      const tell = async (hook: (request: ShownApproval) => unknown, of: unknown = request): Promise<unknown> =>
        approvalRules({ approvals: { [name]: hook }, onWarning: (text) => said.push(text) })[name]?.(
          "r1",
          of as ShownApproval,
        );
      const told: unknown[] = [];
      await tell((given) => told.push(given));
      expect([said, told]).toEqual([[], [request]]);
      await tell(() => {
        throw new TypeError("hunter2");
      });
      await tell(async () => {
        throw new Error("hunter2");
      });
      await tell((given) => told.push(given), Promise.reject(new Error("hunter2")));
      expect(said).toEqual([
        expect.stringMatching(
          new RegExp(
            `told of .*the request r1 for an approval: approvals.${name} failed \\(TypeError\\); .*list\\(\\)`,
          ),
        ),
        expect.stringContaining(`approvals.${name} failed; `),
        expect.stringContaining(`approvals.${name} failed; `),
      ]);
      expect([said.join(), told]).toEqual([expect.not.stringContaining("hunter2"), [request]]);
    },
  );

  it("break nothing where who is warned fails, too", async () => {
    const fails = (): never => {
      throw new Error("hunter2");
    };
    const { onRequest } = approvalRules({ approvals: { onRequest: fails }, onWarning: fails });
    await expect(onRequest?.("r1", { id: "r1" } as ShownApproval)).resolves.toBeUndefined();
  });
});
