/** A call or a list without a valid chain, which `shadow: "everything"` lets run; shadow.test.ts has what it may not run. */
import { beforeAll, describe, expect, it } from "vitest";
import type { AuditSink } from "../audit/index.ts";
import { HopwiseError } from "../errors.ts";
import { type EndOfCall, NO_TELEMETRY, type WatchedCall } from "../telemetry/index.ts";
import { admit } from "./admission.ts";
import type { IncomingCall } from "./call.ts";
import { codeOf, createScene, decide, list, type Parts, payment, type Scene, TOOLS } from "./point.fixture.ts";
import { shadowOf } from "./shadow.ts";

let scene: Scene;
beforeAll(async () => {
  scene = await createScene();
});

const NO_PROOF = { via: "proof", credential: undefined, transportUser: undefined } as const;
const ITEMS = [{ tool: "send_payment" }, { tool: "read_invoice" }, { tool: "other" }];
const at = (parts: Parts = {}) =>
  scene.point({ ...parts, shadow: shadowOf({ shadow: "everything", tools: TOOLS, onWarning: () => {} }) });
/** A chain that expired, whose holder is known. */
const EXPIRED: Parts = {
  verifier: {
    verify: () => Promise.reject(new HopwiseError("token_expired", "the chain has expired")),
    verifyExpired: async () => scene.chain,
  },
};
const admitted = async (call: IncomingCall, parts: Parts = {}) => {
  const admission = await admit(call, at(parts).point);
  if (admission.outcome !== "admitted") throw new Error(admission.code);
  return admission;
};

describe("a list for nobody", () => {
  it("is on record with how much of it was shown, where its holder is known", async () => {
    const { point, audit } = at(EXPIRED);
    expect(await list(scene.inSession, ITEMS, point)).toEqual({ outcome: "listed", shown: [true, true, false] });
    expect(audit.records).toMatchObject([{ enforced: false, shown: { items: 2, of: 3 } }]);
  });

  it("names nobody as its caller to who watches, though it is known whom its chain names", async () => {
    const ended: EndOfCall[] = [];
    const watch = { ...NO_TELEMETRY.begin({} as WatchedCall), end: (how: EndOfCall) => void ended.push(how) };
    const { point } = at({ ...EXPIRED, telemetry: { ...NO_TELEMETRY, begin: () => watch } });
    await list(scene.inSession, ITEMS, point);
    expect(ended).toMatchObject([{ decision: { outcome: "allowed", shadow: { code: "token_expired" } } }]);
    expect(() => Reflect.get(Object(ended[0]?.decision), "caller")).toThrow(/it is not known for whom this call runs/);
  });

  it("is denied where it should be on record, and cannot be", async () => {
    const audit: AuditSink = { record: () => Promise.reject(new Error("full")) };
    const { point } = at({ ...EXPIRED, audit });
    expect(codeOf(await list(scene.inSession, ITEMS, point))).toBe("audit_unavailable");
  });

  it("is no call: who calls it as a tool is told so", async () => {
    const { point } = at();
    expect(await decide(payment(NO_PROOF, { tool: "mcp:tools/list", arguments: {} }), point)).toMatchObject({
      code: "method_unguarded",
      message: expect.stringContaining("mcp:tools/list"),
    });
  });
});

describe("a call for nobody", () => {
  it("is denied where the enforcement point itself does not serve it", async () => {
    const refusal = { code: "tool_unguarded", message: "there is no such tool here" } as const;
    const denied = await (await admitted(payment(NO_PROOF))).refuse(refusal);
    expect(denied).toMatchObject({ outcome: "denied", code: "tool_unguarded", message: refusal.message });
  });

  it("is timed by its stages: what was revoked, and its arguments", async () => {
    const { timings } = await (await admitted(payment(scene.inSession), EXPIRED)).decide({ parsed: {} });
    expect(Object.keys(timings)).toEqual(["arguments", "token", "state", "audit", "total"]);
  });
});
