import { describe, expect, it } from "vitest";
import {
  ALGORITHMS,
  ARGUMENTS,
  claimsOf,
  createWorld,
  DOCS,
  details,
  errorOf,
  NOW,
  PAY,
  proveAt,
  refusalOf,
  verifyAt,
  type World,
} from "../../world.fixture.ts";
import { type HeldDelegation, hold, parseDelegation } from "../make/delegation.ts";
import { createNonces } from "./nonce.ts";
import { prove } from "./prove.ts";

const worlds = await Promise.all(ALGORITHMS.map((algorithm) => createWorld(algorithm)));
const clock = (): number => NOW * 1000 + 999;

describe.each(worlds)("proving with an $algorithm key", async (world: World) => {
  const held: HeldDelegation = await hold(await parseDelegation(await world.chain()), world.researcher);
  const call = { tool: "send_payment", arguments: ARGUMENTS, audience: PAY, clock };

  it("makes a proof that the verifier accepts with the chain beside it, and for this call only", async () => {
    const { chain, proof } = await prove(held, call);
    const verified = await verifyAt(chain, [world.anchor]);
    expect(await proveAt(verified, proof)).toMatchObject({ issuedAt: NOW + 0.999, audience: PAY });
    expect(await refusalOf(proveAt(verified, proof, { arguments: { ...ARGUMENTS, amount: 1 } }))).toBe(
      "proof_arguments_mismatch /hta",
    );
  });

  it("makes another proof each time", async () => {
    const ids = await Promise.all(
      Array.from({ length: 20 }, async () => claimsOf((await prove(held, call)).proof)["jti"]),
    );
    expect(new Set(ids).size).toBe(20);
  });

  it("says what the arguments were when they were read, and reads them once", async () => {
    let reads = 0;
    const moving = {
      to: "ACME-Supplies",
      get amount() {
        return ++reads;
      },
    };
    expect(claimsOf((await prove(held, { ...call, arguments: moving })).proof)["hta"]).toEqual({
      to: "ACME-Supplies",
      amount: 1,
    });
    expect(reads).toBe(1);
  });

  it.each([
    ["a date", { at: new Date(0) }],
    ["2^53", { n: 2 ** 53 }],
    ["a lone surrogate", { s: "\ud800" }],
    ["a list", ["a"]],
    ["seventeen levels", JSON.parse(`${'{"a":'.repeat(17)}1${"}".repeat(17)}`)],
    ["a text that is too long", { s: "x".repeat(64 * 1024) }],
  ])("refuses %s as arguments, since the verifier would", async (_, args) => {
    expect((await errorOf(prove(held, { ...call, arguments: args }))).code).toBe("arguments_malformed");
  });

  it.each([
    ["letters of three bytes", { s: "€".repeat(60_000) }],
    ["letters that JSON escapes", { s: "\u0001".repeat(10_000) }],
    ["many numbers of many digits", { n: Array.from({ length: 2900 }, (_, i) => (i + 1) / 3e5) }],
    ["sixteen levels", JSON.parse(`${'{"a":'.repeat(16)}1${"}".repeat(16)}`)],
  ])("of arguments within the limits is accepted: %s", async (_, args) => {
    const { chain, proof } = await prove(held, { ...call, arguments: args });
    expect(await refusalOf(proveAt(await verifyAt(chain, [world.anchor]), proof, { arguments: args }))).toBe(
      "accepted",
    );
  });

  it("refuses an audience that the delegation is not for, whatever a server calls itself", async () => {
    const error = await errorOf(prove(held, { ...call, audience: "https://bank.example/mcp" }));
    expect(error.code).toBe("audience_mismatch");
    expect(error.message).toContain(PAY);
  });

  it("says which audiences the delegation is for, each of them", async () => {
    const root = await world.root({ aud: [PAY, DOCS], ...details({ [`${PAY}#send_payment`]: {} }) });
    const both = await hold(await parseDelegation(root), world.planner);
    const error = await errorOf(prove(both, { ...call, audience: "https://bank.example/mcp" }));
    expect(error.message).toContain(`not for "https://bank.example/mcp"; it is for ${PAY}, ${DOCS}`);
  });

  it("names the nonce that it was given, and none where none was given", async () => {
    const nonces = createNonces();
    const nonce = await nonces.issue(NOW);
    const { chain, proof } = await prove(held, { ...call, nonce });
    expect(claimsOf(proof)["nonce"]).toBe(nonce);
    const verified = await verifyAt(chain, [world.anchor]);
    expect((await proveAt(verified, proof, { nonces })).nonce?.value).toBe(nonce);
    expect(claimsOf((await prove(held, call)).proof)).not.toHaveProperty("nonce");
  });

  it("goes by the machine's own clock where no other was given", async () => {
    const lasting = await hold(await parseDelegation(await world.root({ exp: 4_000_000_000 })), world.planner);
    const before = Math.floor(Date.now() / 1000);
    const { clock: _, ...unclocked } = call;
    const iat = claimsOf((await prove(lasting, unclocked)).proof)["iat"] as number;
    expect(iat).toBeGreaterThanOrEqual(before);
    expect(iat).toBeLessThanOrEqual(Math.floor(Date.now() / 1000));
  });

  it("says the second and the millisecond in which it was made, which have passed by then", async () => {
    for (const [ms, iat, hw_ms] of [
      [0, NOW, 0],
      [1, NOW, 1],
      [999, NOW, 999],
      [999.9, NOW, 999],
      [1000, NOW + 1, 0],
      [-1, NOW - 1, 999],
    ] as const) {
      expect(claimsOf((await prove(held, { ...call, clock: () => NOW * 1000 + ms })).proof)).toMatchObject({
        iat,
        hw_ms,
      });
    }
  });

  it("refuses a delegation from the second on in which it expires", async () => {
    const at = (seconds: number) => prove(held, { ...call, clock: () => seconds * 1000 });
    expect(await refusalOf(at(NOW + 3599))).toBe("accepted");
    expect(await refusalOf(at(NOW + 3600))).toBe("token_expired");
  });

  it("says how long ago a delegation has expired", async () => {
    const error = await errorOf(prove(held, { ...call, clock: () => (NOW + 3605) * 1000 }));
    expect(error.message).toMatch(/^the delegation has expired \(5 seconds ago .*; have it made anew$/);
  });

  it.each<[string, object, words: string]>([
    ["/tool", { tool: 5 }, "a tool's name, such as send_payment"],
    ["/nonce", { nonce: 5 }, "the text that the enforcement point sent"],
    ["/clock", { clock: NOW }, "a function that gives milliseconds since the epoch, such as Date.now"],
    ["/limits", { limits: 5 }, "limits, such as { proofWindowSeconds: 30 }"],
  ])("refuses what cannot be right, by what it expects: %s", async (pointer, wrong, words) => {
    const error = await errorOf(prove(held, { ...call, ...wrong } as never));
    expect([error.code, error.pointer]).toEqual(["config_invalid", pointer]);
    expect(error.message).toContain(`prove: ${pointer.slice(1)} must be ${words}`);
  });

  it("refuses a clock that gives no time, or gives seconds", async () => {
    for (const clock of [() => Number.NaN, () => NOW]) {
      expect(await errorOf(prove(held, { ...call, clock } as never))).toMatchObject({
        code: "config_invalid",
        pointer: "/clock",
        message:
          "prove: the clock gave no time; give one that gives milliseconds, not seconds, since the epoch, such as Date.now",
      });
    }
  });

  it("refuses a member that it does not know, by the name of what was called", async () => {
    const error = await errorOf(prove(held, { ...call, argument: {} } as never));
    expect(error.message).toContain('prove: argument is not an option; did you mean "arguments"?');
  });

  it("takes arguments as long and as deep as the enforcement point does", async () => {
    const long = { s: "x".repeat(64 * 1024) };
    const limits = { argumentsSize: 128 * 1024 };
    expect(await refusalOf(prove(held, { ...call, arguments: long, limits }))).toBe("accepted");
    expect(
      await refusalOf(prove(held, { ...call, arguments: { a: { b: 1 } }, limits: { argumentsDepth: 1 } })),
    ).toMatch(/^arguments_malformed/);
  });

  it("says nothing of arguments for a list", async () => {
    const { proof } = await prove(held, { tool: "mcp:tools/list", arguments: { cursor: "x" }, audience: PAY, clock });
    expect(claimsOf(proof)).toMatchObject({ aat_tool: "mcp:tools/list", hta: {} });
  });

  it("names the tool with the audience where the root has several", async () => {
    const root = await world.root({ aud: [PAY, DOCS], ...details({ [`${PAY}#send_payment`]: {} }) });
    const narrowed = `${root}~${await world.child(root, { aud: [PAY] })}`;
    const { chain, proof } = await prove(await hold(await parseDelegation(narrowed), world.researcher), call);
    expect(claimsOf(proof)["aat_tool"]).toBe(`${PAY}#send_payment`);
    expect(await refusalOf(proveAt(await verifyAt(chain, [world.anchor]), proof))).toBe("accepted");
  });
});

describe("a signer that does not sign", () => {
  it.each<[string, () => unknown]>([
    ["fails", () => Promise.reject(new Error("hunter2"))],
    [
      "throws",
      () => {
        throw new Error("hunter2");
      },
    ],
    ["gives nothing", () => undefined],
    ["gives a text", async () => "signature"],
    ["gives too few bytes", async () => new Uint8Array(3)],
  ])("%s: the proof is not made, with a code of its own", async (_, sign) => {
    const own = await createWorld();
    const signer = { publicJwk: own.planner.publicJwk, sign: sign as never };
    const held = await hold(await parseDelegation(await own.root()), signer);
    const error = await errorOf(
      prove(held, { tool: "send_payment", arguments: {}, audience: PAY, clock: () => NOW * 1000 }),
    );
    expect(error.code).toBe("signing_failed");
    expect(error.message).not.toContain("hunter2");
  });
});
