import { inspect } from "node:util";
import { exportJWK, generateKeyPair } from "jose";
import { describe, expect, it } from "vitest";
import { grant, range, readGrant } from "../../grant/index.ts";
import {
  ALGORITHMS,
  createWorld,
  DOCS,
  details,
  errorOf,
  forge,
  NOW,
  PAY,
  proveAt,
  refusalOf,
  verifyAt,
  type World,
} from "../../world.fixture.ts";
import { signerFromJwk } from "../keys/signer.ts";
import { prove } from "../proof/prove.ts";
import { delegate } from "./delegate.ts";
import { type Delegation, hold, isToolGranted, parseDelegation, serialize, serializeCompact } from "./delegation.ts";

const worlds = await Promise.all(ALGORITHMS.map((algorithm) => createWorld(algorithm)));
const clock = (): number => NOW * 1000;

describe.each(worlds)("a delegation of $algorithm keys", async (world: World) => {
  const text = await world.chain();

  it("is the same text after it was read and written again, byte for byte", async () => {
    const read = await parseDelegation(text);
    expect(serialize(read)).toBe(text);
    expect(serialize(await hold(read, world.researcher))).toBe(text);
  });

  it("is the same delegation after it was read in its compact form, which is made once", async () => {
    const held = await hold(await parseDelegation(text), world.researcher);
    const compact = serializeCompact(held);
    expect(compact.length).toBeLessThan(text.length / 2);
    const read = await parseDelegation(compact);
    expect([serialize(read), serializeCompact(read)]).toEqual([text, compact]);
    expect(read).toEqual(await parseDelegation(text));
    expect((await prove(await hold(read, world.researcher), { tool: "t", audience: PAY, clock })).chain).toBe(text);
  });

  it("says to its holder what the verifier finds", async () => {
    const [read, chain] = [await parseDelegation(text), await verifyAt(text, [world.anchor])];
    expect(read).toEqual({
      id: chain.id,
      agents: ["planner", "researcher"],
      subject: "alice",
      grant: chain.links.at(-1)?.grant,
      audience: [PAY],
      expiresAt: NOW + 3600,
    });
  });

  it("is held with the key it was made for, and with no other of the chain or elsewhere", async () => {
    const read = await parseDelegation(text);
    expect((await hold(read, world.researcher)).signer).toBe(world.researcher);
    for (const signer of [world.planner, world.issuer, world.clerk, world.mallory]) {
      expect(await refusalOf(hold(read, signer))).toBe("config_invalid");
    }
  });

  it("is not one where it was copied, made up or put together", async () => {
    const held = await hold(await parseDelegation(text), world.researcher);
    const fakes = [{ ...held }, structuredClone({ ...held }), Object.create(held), { ...held, signer: held.signer }];
    for (const fake of fakes as Delegation[]) {
      expect(await refusalOf(() => serialize(fake))).toBe("config_invalid");
      expect(await refusalOf(prove({ ...fake, signer: held.signer }, { tool: "t", audience: PAY, clock }))).toBe(
        "config_invalid",
      );
    }
  });

  it("cannot be changed by who holds it", async () => {
    const held = await hold(await parseDelegation(text), world.researcher);
    expect(() => Object.assign(held, { grant: {} })).toThrow(TypeError);
    expect(() => Object.assign(held, { audience: [DOCS] })).toThrow(TypeError);
    expect(() => Object.assign(held, { expiresAt: 1e12 })).toThrow(TypeError);
  });

  it.each<[string, (text: string) => string, string]>([
    ["nothing", () => "", "token_malformed"],
    ["its child alone", (chain) => chain.split("~")[1] as string, "token_malformed"],
    [
      "its root twice",
      (chain) => chain.replace(/~.*/, (child) => `~${chain.split("~")[0]}${child}`),
      "token_malformed",
    ],
    ["an empty token", (chain) => `${chain}~`, "token_malformed"],
    ["a line break", (chain) => `${chain}\n`, "token_malformed"],
  ])("is not read from %s", async (_, bend, refusal) => {
    expect(await refusalOf(parseDelegation(bend(text)))).toBe(refusal);
  });

  it("is not read from a token of another version, algorithm or with claims unknown", async () => {
    expect(await refusalOf(parseDelegation(await world.root({ hw: 2 })))).toBe("token_version_unsupported /hw");
    expect(await refusalOf(parseDelegation(await world.root({}, { header: { alg: "none" } })))).toBe(
      "token_alg_refused",
    );
    expect(await refusalOf(parseDelegation(await world.root({ budget: {} })))).toBe("token_malformed /budget");
  });

  it("is not read from a token whose payload is no JSON, or nests deeper than any grant may", async () => {
    const header = { alg: world.algorithm, typ: "aat+jwt", kid: "k1" };
    const deep = JSON.stringify({ hw: 1, deep: JSON.parse("[".repeat(30) + "]".repeat(30)) });
    for (const payload of ["", "{", deep]) {
      const error = await errorOf(parseDelegation(await forge(header, payload, world.issuer)));
      expect(error.code).toBe("token_malformed");
      expect(error.message).toContain("a token's payload is not acceptable JSON");
    }
    const other = await errorOf(parseDelegation("AAAA"));
    expect(other.message).toContain("a token of the chain is not a compact JWS");
  });

  it("says what to do where it is not one, or was made for another key", async () => {
    const read = await parseDelegation(text);
    expect((await errorOf(() => serialize({ ...read }))).message).toContain("not a delegation");
    expect((await errorOf(hold(read, world.mallory))).message).toContain("made for another key");
  });

  it("knows which tools of which enforcement point it names", async () => {
    const read = await parseDelegation(text);
    expect(isToolGranted(read, "send_payment", PAY)).toBe(true);
    expect(isToolGranted(read, "send_payment", DOCS)).toBe(false);
    expect(isToolGranted(read, "toString", PAY)).toBe(false);
    const both = { aud: [PAY, DOCS], ...details({ [`${PAY}#pay`]: {} }) };
    const several = await parseDelegation(await world.root(both));
    expect([isToolGranted(several, "pay", PAY), isToolGranted(several, "pay", DOCS)]).toEqual([true, false]);
  });
});

describe.each(ALGORITHMS)("no token and no private key of kind %s shows", async (algorithm) => {
  const { privateKey } = await generateKeyPair(algorithm, { extractable: true });
  const privateJwk = await exportJWK(privateKey);
  const signer = await signerFromJwk(privateJwk);
  const world = await createWorld(algorithm);
  const root = await world.root({ cnf: { jwk: signer.publicJwk } });
  const held = await hold(await parseDelegation(root), signer);
  const secrets = [privateJwk.d as string, ...root.split(".")];
  const everyForm = (value: unknown): string =>
    [
      JSON.stringify(value),
      String(value),
      `${value}`,
      inspect(value, { depth: 10, showHidden: true, getters: true, maxStringLength: null }),
      inspect({ deep: [value] }, { depth: null, compact: false }),
      JSON.stringify(Object.entries(Object(value))),
      JSON.stringify(Object.getOwnPropertyDescriptors(Object(value))),
    ].join("\n");
  const leaked = (value: unknown): string[] => secrets.filter((secret) => everyForm(value).includes(secret));

  it("in a delegation or a held one, in any form in which it may reach a log", async () => {
    expect(leaked(await parseDelegation(root))).toEqual([]);
    expect(leaked(held)).toEqual([]);
    expect(leaked(await delegate(held, { to: "clerk", holder: world.clerk, grant: readGrant({}), clock }))).toEqual([]);
    expect(JSON.parse(JSON.stringify(held))).toEqual(JSON.parse(JSON.stringify(await parseDelegation(root))));
    expect(inspect(held)).not.toContain("signer");
    expect(inspect(held)).not.toContain(signer.publicJwk.x);
  });

  it("in a signer", () => {
    expect(leaked(signer)).toEqual([]);
    expect(Object.keys(signer).sort()).toEqual(["publicJwk", "sign"]);
  });

  it("on a console", () => {
    const lines: unknown[][] = [];
    const { log } = console;
    console.log = (...line: unknown[]) => lines.push(line);
    try {
      console.log(held, signer, [held]);
    } finally {
      console.log = log;
    }
    expect(secrets.filter((secret) => inspect(lines, { depth: null, showHidden: true }).includes(secret))).toEqual([]);
  });

  it("in an error, its cause or its stack", async () => {
    const chain = await verifyAt(root, [world.anchor]);
    const { proof } = await prove(held, { tool: "send_payment", arguments: {}, audience: PAY, clock });
    const wide = grant({ send_payment: { amount: range({ max: 9 }) } });
    const errors = await Promise.all([
      errorOf(verifyAt(root, [])),
      errorOf(verifyAt(`${root}.`, [world.anchor])),
      errorOf(verifyAt(`${root.slice(0, -4)}AAAA`, [world.anchor])),
      errorOf(verifyAt(`${root}~${root}`, [world.anchor])),
      errorOf(verifyAt(root, [world.anchor], { now: NOW + 9999 })),
      errorOf(verifyAt(root, [world.anchor], { limits: { tokenBytes: 10 } })),
      errorOf(verifyAt(await world.root({ cnf: { jwk: privateJwk } }), [world.anchor])),
      errorOf(proveAt(chain, `${proof}x`)),
      errorOf(proveAt(chain, proof)),
      errorOf(parseDelegation(root.slice(0, 40))),
      errorOf(hold(await parseDelegation(root), world.mallory)),
      errorOf(delegate(held, { to: "clerk", holder: world.clerk, grant: wide, clock })),
      errorOf(delegate(held, { to: "clerk", holder: signer, grant: readGrant({}), clock })),
      errorOf(prove(held, { tool: "t", audience: DOCS, clock })),
      errorOf(signerFromJwk({ ...privateJwk, x: "AAAA" })),
      errorOf(signerFromJwk({ ...privateJwk, kty: "oct" })),
      errorOf(signerFromJwk({ ...privateJwk, crv: "P-521" })),
      errorOf(signerFromJwk({ ...privateJwk, d: `${privateJwk.d}AAAA` })),
    ]);
    const parts = [...secrets, ...proof.split(".")];
    for (const error of errors) {
      const forms = `${everyForm(error)}\n${error.stack}\n${everyForm(error.cause)}`;
      expect(parts.filter((secret) => forms.includes(secret))).toEqual([]);
    }
  });
});
