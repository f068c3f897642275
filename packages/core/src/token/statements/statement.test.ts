import { describe, expect, it } from "vitest";
import { canonicalJson, type JsonValue } from "../../json/index.ts";
import {
  type Claims,
  createWorld,
  errorOf,
  forge,
  ISSUER,
  JTI,
  NOW,
  never,
  PAY,
  refusalOf,
  type World,
} from "../../world.fixture.ts";
import { thumbprintOf, thumbprintUri } from "../keys/key.ts";
import type { Signer } from "../keys/signer.ts";
import { type ApprovalRequest, hashOfRequest } from "./approval-request.ts";
import type { ReadingOptions, StatementType } from "./statement.ts";
import { verifyApproval } from "./verify-approval.ts";
import { verifyRevocation } from "./verify-revocation.ts";

const world = await createWorld();
const root = await world.root();
const hash = await thumbprintOf(world.mallory.publicJwk);
const request: ApprovalRequest = {
  audience: PAY,
  tool: "send_payment",
  argumentsHash: { received: hash, parsed: hash },
  resource: { kind: "payment", id: "PAY-31", attributes: {} },
  user: { issuer: ISSUER, subject: "alice" },
  agents: [],
  reason: "it is a large payment",
  approvers: 1,
  untilSeconds: NOW + 600,
};

interface Kind {
  readonly typ: StatementType;
  /** Its own claims. */
  readonly claims: Claims;
  readonly check: (text: string, more?: Partial<ReadingOptions>) => Promise<unknown>;
}

const trust = [{ ...world.anchor, approvals: true }];

/**
 * What an issuer may sign, by its type: a new one needs its row. The feed is signed by a key that its reader knows, and has
 * tests of its own.
 */
const KINDS: { readonly [Type in Exclude<StatementType, "hw-revocations+jwt">]: Omit<Kind, "typ"> } = {
  "hw-revoke+jwt": {
    claims: { target: { agent: "planner" } },
    check: (revocation, more) => verifyRevocation({ revocation }, { trust, audience: PAY, nowSeconds: NOW, ...more }),
  },
  "hw-approval+jwt": {
    claims: { answer: "yes", exp: NOW + 60, request: await hashOfRequest(request), sub: "alice" },
    check: (text, more) => verifyApproval(text, { trust, request, nowSeconds: NOW, ...more }),
  },
};
const kinds = Object.entries(KINDS).map(([typ, row]): Kind => ({ typ: typ as StatementType, ...row }));

interface Change {
  readonly header?: Claims;
  readonly claims?: Claims;
  readonly signer?: Signer;
  readonly write?: (claims: JsonValue) => string;
}

/** A statement of the issuer's with some difference. */
function made(
  { typ, claims }: Kind,
  { header, claims: own, signer = world.issuer, write = canonicalJson }: Change = {},
) {
  const all = { hw: 1, iss: ISSUER, aud: PAY, jti: JTI, iat: NOW, hw_ms: 7, ...claims, ...own };
  const payload = write(JSON.parse(JSON.stringify(all)) as JsonValue);
  return forge({ alg: "Ed25519", typ, kid: "k1", ...header }, payload, signer);
}

describe.each(kinds)("a statement, $typ,", (kind) => {
  const ask = async (change: Change): Promise<string> => refusalOf(kind.check(await made(kind, change)));

  it("is read where it is right, to the millisecond", async () => {
    expect(await kind.check(await made(kind))).toMatchObject({ issuedAt: NOW + 0.007, jti: JTI });
  });

  it.each<[string, Claims, string]>([
    ["alg none", { alg: "none" }, "token_alg_refused"],
    ["alg EdDSA", { alg: "EdDSA" }, "token_alg_refused"],
    ["alg of another key", { alg: "ES256" }, "token_alg_refused"],
    ["a token's typ", { typ: "aat+jwt" }, "token_malformed"],
    ["a proof's typ", { typ: "aat-pop+jwt" }, "token_malformed"],
    ["a parameter more", { crit: "exp" }, "token_malformed"],
    ["neither kid nor jkt", { kid: undefined }, "token_malformed"],
    ["both", { jkt: hash }, "token_malformed"],
    ["a jkt of two bytes", { kid: undefined, jkt: "AAA" }, "token_malformed"],
    ["a jkt that is a number", { kid: undefined, jkt: 7 }, "token_malformed"],
    ["a kid that is too long", { kid: "k".repeat(65) }, "token_malformed"],
    ["a kid that nobody has", { kid: "k2" }, "token_untrusted_issuer /kid"],
  ])("is refused with %s", async (_, header, expected) => {
    expect(await ask({ header })).toBe(expected);
  });

  it("waits for the keys that its issuer publishes as long as its reader says", async () => {
    const stuck = [{ ...world.anchor, approvals: true, keys: { find: () => never } }];
    const error = await errorOf(kind.check(await made(kind), { trust: stuck, deadlineMs: 7 }));
    expect([error.code, error.message]).toEqual(["issuer_keys_unavailable", expect.stringContaining("within 7 ms")]);
  });

  it("is refused as the other statement", async () => {
    const other = kinds.find(({ typ }) => typ !== kind.typ) as Kind;
    expect(await refusalOf(kind.check(await made(other)))).toBe("token_malformed");
    expect(await ask({ header: { typ: other.typ } })).toBe("token_malformed");
  });

  it("is refused where another key signed it", async () => {
    expect(await ask({ signer: world.mallory })).toBe("token_signature_invalid");
  });

  it.each<[string, Claims, string]>([
    ["hw", { hw: undefined }, "token_version_unsupported /hw"],
    ["hw", { hw: 2 }, "token_version_unsupported /hw"],
    ["hw", { hw: "1" }, "token_version_unsupported /hw"],
    ["a claim that none has", { nbf: 0 }, "token_malformed /nbf"],
    ["a claim with a slash", { "a/b": 0 }, "token_malformed /a~1b"],
    ["a name that every object has", { toString: 1 }, "token_malformed /toString"],
    ...["iss", "aud", "jti", "iat", "hw_ms"].map((name): [string, Claims, string] => [
      `no ${name}`,
      { [name]: undefined },
      `token_malformed /${name}`,
    ]),
    ["iss", { iss: "" }, "token_malformed /iss"],
    ["iss", { iss: "a".repeat(513) }, "token_malformed /iss"],
    ["iss of another issuer", { iss: "https://id.partner.example" }, "token_untrusted_issuer /iss"],
    ["aud", { aud: "acme" }, "token_malformed /aud"],
    ["aud", { aud: [PAY] }, "token_malformed /aud"],
    ["aud of another place", { aud: ISSUER }, "audience_mismatch /aud"],
    ["jti", { jti: "AAAA" }, "token_malformed /jti"],
    ["jti", { jti: 7 }, "token_malformed /jti"],
    ["jti", { jti: `${JTI.slice(1)}B` }, "token_malformed /jti"],
    ["iat", { iat: NOW + 0.5 }, "token_malformed /iat"],
    ["iat", { iat: -1 }, "token_malformed /iat"],
    ["hw_ms", { hw_ms: 1000 }, "token_malformed /hw_ms"],
    ["hw_ms", { hw_ms: -1 }, "token_malformed /hw_ms"],
    ["hw_ms", { hw_ms: 0.5 }, "token_malformed /hw_ms"],
    ["no nesting but a target's", { aud: { a: {} } }, "token_malformed"],
    ["hw_ms at its ends", { hw_ms: 0 }, "accepted"],
    ["hw_ms at its ends", { hw_ms: 999 }, "accepted"],
  ])("with another %s is answered so: %j", async (_, claims, expected) => {
    expect(await ask({ claims })).toBe(expected);
  });

  it("is refused without any of its own claims", async () => {
    for (const name of Object.keys(kind.claims)) {
      expect(await ask({ claims: { [name]: undefined } })).toBe(`token_malformed /${name}`);
    }
  });

  it.each<[string, (claims: JsonValue) => string]>([
    ["white space", (claims) => canonicalJson(claims).replace(":", ": ")],
    [
      "another order",
      (claims) =>
        JSON.stringify(
          Object.fromEntries(
            Object.entries(claims as object)
              .sort()
              .reverse(),
          ),
        ),
    ],
    ["no object", () => "[]"],
    ["no JSON", () => "{"],
    ["a byte order mark", (claims) => `\ufeff${canonicalJson(claims)}`],
  ])("is refused with %s", async (_, write) => {
    expect(await ask({ write })).toBe("token_malformed");
  });

  it("says what is wrong, and where, and nothing of what was in it", async () => {
    const messageOf = async (change: Change): Promise<string> =>
      (await errorOf(async () => kind.check(await made(kind, change)))).message;
    expect(await messageOf({ header: { kid: "k2" } })).toBe("no trusted issuer has a key of the kid of the statement");
    expect(await messageOf({ header: { alg: "ES256" } })).toContain("the algorithm of the statement");
    expect(await messageOf({ signer: world.mallory })).toContain("the statement was not signed by the key");
    expect(await messageOf({ write: () => "{" })).toContain("the statement's payload is not acceptable JSON");
    expect(await messageOf({ write: () => "[]" })).toContain("an object of claims is expected");
    expect(await messageOf({ claims: { hw: 2 } })).toContain("not of version 1 of the Hopwise profile");
    expect(await messageOf({ claims: { hunter2: 1 } })).toContain("a claim that such a statement does not have");
    expect(await messageOf({ claims: { iat: undefined } })).toContain('at "/iat": the claim is missing');
    expect(await messageOf({ claims: { hw_ms: 1000 } })).toContain("an integer from 0 to 999 is expected");
    expect(await messageOf({ claims: { jti: "AAAA" } })).toContain("16 bytes of base64url are expected");
    expect(await messageOf({ claims: { aud: "hunter2" } })).toContain("an absolute URI without a fragment is expected");
    expect(await messageOf({ write: (claims) => ` ${canonicalJson(claims)}` })).toContain("canonical form");
    expect(await messageOf({ claims: { aud: "hunter2" } })).not.toContain("hunter2");
  });
});

describe("a statement by a key", () => {
  it("names that very key as its issuer", async () => {
    const target = { token: hash };
    const check = async (iss: string) => {
      const claims = { hw: 1, iss, aud: PAY, jti: JTI, iat: NOW, hw_ms: 0, target };
      const jkt = await thumbprintOf(world.planner.publicJwk);
      const header = { alg: "Ed25519", typ: "hw-revoke+jwt", jkt };
      const revocation = await forge(header, canonicalJson(claims), world.planner);
      return verifyRevocation({ revocation, evidence: root }, { trust, audience: PAY, nowSeconds: NOW });
    };
    const ask = (iss: string): Promise<string> => refusalOf(check(iss));
    const messageOf = async (iss: string): Promise<string> => (await errorOf(check(iss))).message;
    expect(await ask(thumbprintUri(await thumbprintOf(world.planner.publicJwk)))).toBe(
      "revocation_refused /target/token",
    );
    expect(await ask(thumbprintUri(hash))).toBe("token_malformed /iss");
    expect(await messageOf(thumbprintUri(hash))).toContain("the key that signed is expected");
    expect(await ask(ISSUER)).toBe("token_malformed /iss");
  });

  it("is refused with a signature of another key, or by another algorithm than the key's", async () => {
    const jkt = await thumbprintOf(world.planner.publicJwk);
    const claims = { hw: 1, iss: thumbprintUri(jkt), aud: PAY, jti: JTI, iat: NOW, hw_ms: 0, target: { token: hash } };
    const ask = async (alg: string, signer: World["planner"]): Promise<string> => {
      const revocation = await forge({ alg, typ: "hw-revoke+jwt", jkt }, canonicalJson(claims), signer);
      return refusalOf(verifyRevocation({ revocation, evidence: root }, { trust, audience: PAY, nowSeconds: NOW }));
    };
    expect(await ask("Ed25519", world.mallory)).toBe("token_signature_invalid");
    expect(await ask("ES256", world.planner)).toBe("token_alg_refused");
  });
});
