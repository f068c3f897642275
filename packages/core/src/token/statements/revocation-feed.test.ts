import { describe, expect, it } from "vitest";
import { canonicalJson, type JsonValue } from "../../json/index.ts";
import { type Claims, createWorld, errorOf, forge, JTI, NOW, PAY, refusalOf } from "../../world.fixture.ts";
import { thumbprintOf, thumbprintUri } from "../keys/key.ts";
import { type FeedEntry, type FeedReading, readFeedPage, signFeedPage } from "./revocation-feed.ts";

const LOG = "https://revocations.acme.example";
const world = await createWorld();
const hash = await thumbprintOf(world.mallory.publicJwk);
const page = { epoch: "e1", since: "", head: "e1:3", complete: true };
const entries: readonly FeedEntry[] = [
  { id: "1", at: NOW, target: { token: hash }, until: NOW + 60 },
  { id: "2", at: NOW, target: { key: hash } },
  { id: "3", at: NOW, target: { key: hash, iss: "https://id.acme.example" } },
  { id: "4", at: NOW, target: { agent: "planner", iss: "https://id.acme.example" } },
  { id: "5", at: NOW, target: { user: { iss: "https://id.acme.example", sub: "alice" }, not_before: NOW } },
  { id: "6", at: NOW, target: { key: hash }, lifts: ["2"] },
];

function reading(changed: Partial<FeedReading> = {}): FeedReading {
  const keys = [world.clerk.publicJwk, world.issuer.publicJwk];
  return { keys, audience: LOG, since: "", nowSeconds: NOW, maxBytes: 1_000_000, ...changed };
}

/** A page with some difference, signed as it is. */
async function made(claims: Claims, header: Claims = {}, signer = world.issuer): Promise<string> {
  const jkt = await thumbprintOf(signer.publicJwk);
  const all = { hw: 1, iss: thumbprintUri(jkt), aud: LOG, jti: JTI, iat: NOW, hw_ms: 7, ...page, entries, ...claims };
  const payload = canonicalJson(JSON.parse(JSON.stringify(all)) as JsonValue);
  return forge({ alg: "Ed25519", typ: "hw-revocations+jwt", jkt, ...header }, payload, signer);
}

const ask = async (text: Promise<string>, changed: Partial<FeedReading> = {}): Promise<string> =>
  refusalOf(readFeedPage(await text, reading(changed)));
const entry = (changed: Claims): Claims => ({ entries: [{ ...entries[0], ...changed }] });

describe("a page of the feed", () => {
  it("is read as it was signed, to the millisecond", async () => {
    const text = await signFeedPage(
      { ...page, entries },
      { signer: world.issuer, audience: LOG, nowMs: NOW * 1000 + 250 },
    );
    expect(await readFeedPage(text, reading())).toStrictEqual({ ...page, entries, issuedAt: NOW + 0.25 });
  });

  it("is refused by another key, however it names itself", async () => {
    expect(await ask(made({}, {}, world.mallory))).toBe("token_untrusted_issuer /jkt");
    const error = await errorOf(readFeedPage(await made({}, {}, world.mallory), reading()));
    expect(error.message).toBe("the feed is signed by a key that is not one of its reader's");
    const jkt = await thumbprintOf(world.issuer.publicJwk);
    expect(await ask(made({ iss: thumbprintUri(jkt) }, { jkt }, world.mallory))).toBe("token_signature_invalid");
    expect(await ask(made({}, { jkt: undefined, kid: "k1" }))).toBe("token_untrusted_issuer /kid");
    expect(await ask(made({ iss: "https://id.acme.example" }))).toBe("token_malformed /iss");
  });

  it.each<[string, Claims, string]>([
    ["another statement's type", { typ: "hw-revoke+jwt" }, "token_malformed"],
    ["no algorithm", { alg: "none" }, "token_alg_refused"],
  ])("is refused with %s", async (_, header, expected) => {
    expect(await ask(made({}, header))).toBe(expected);
  });

  it.each<[string, Claims, string]>([
    ["of another log", { aud: PAY }, "audience_mismatch /aud"],
    ["of another version", { hw: 2 }, "token_version_unsupported /hw"],
    ["ahead of its reader", { iat: NOW + 31 }, "token_not_yet_valid /iat"],
    ["within the skew", { iat: NOW + 29 }, "accepted"],
    ["that answers another question", { since: "e1:1" }, "token_malformed /since"],
    ["without an epoch", { epoch: "" }, "token_malformed /epoch"],
    ["without a head", { head: undefined }, "token_malformed /head"],
    ["that does not say whether it is complete", { complete: 1 }, "token_malformed /complete"],
    ["with a claim more", { exp: NOW }, "token_malformed /exp"],
    ["with too many entries", { entries: Array(1001).fill(entries[0]) }, "token_malformed /entries"],
    ["with what is no list", { entries: {} }, "token_malformed /entries"],
    ["with an entry that is none", { entries: [5] }, "token_malformed /entries/0"],
    ["with an entry without an id", entry({ id: "" }), "token_malformed /entries/0/id"],
    ["with an entry of no time", entry({ at: "now" }), "token_malformed /entries/0/at"],
    ["with an end that is none", entry({ until: NOW + 0.5 }), "token_malformed /entries/0/until"],
    ["with a member more", entry({ by: "me" }), "token_malformed /entries/0/by"],
    ["that lifts no list", entry({ lifts: "1" }), "token_malformed /entries/0/lifts"],
    ["that lifts what is no id", entry({ lifts: [1] }), "token_malformed /entries/0/lifts"],
    ["without a target", entry({ target: undefined }), "token_malformed /entries/0/target"],
    ["with a target of a later version", entry({ target: { tool: "pay" } }), "token_malformed /entries/0/target"],
    ["with two targets", entry({ target: { token: hash, key: hash } }), "token_malformed /entries/0/target/key"],
    ["with a token that is none", entry({ target: { token: "x" } }), "token_malformed /entries/0/target/token"],
    ["with a key that is none", entry({ target: { key: "x" } }), "token_malformed /entries/0/target/key"],
    ["with an agent that is none", entry({ target: { agent: "a b" } }), "token_malformed /entries/0/target/agent"],
    [
      "with a user without a time",
      entry({ target: { user: { iss: "i", sub: "s" } } }),
      "token_malformed /entries/0/target/not_before",
    ],
    [
      "with a user of no issuer",
      entry({ target: { user: { sub: "s" }, not_before: 1 } }),
      "token_malformed /entries/0/target/user/iss",
    ],
  ])("%s is answered so", async (_, claims, expected) => {
    expect(await ask(made(claims))).toBe(expected);
  });

  it.each<[words: string, pointer: string, Claims]>([
    [`the feed is that of another log: it names "${PAY}", and must name`, "/aud", { aud: PAY }],
    ["it answers another question", "/since", { since: "e1:1" }],
    ["the feed was signed ahead of its reader's clock; check both (31.007 seconds ahead", "/iat", { iat: NOW + 31 }],
    ["a head, or empty, is expected", "/since", { since: 5 }],
    ["a head, or empty, is expected", "/since", { since: "e".repeat(513) }],
    ["true or false is expected", "/complete", { complete: "yes" }],
    ["a list of at most 1000 is expected", "/entries", { entries: Array(1001).fill(entries[0]) }],
    ["an object is expected", "/entries/0", { entries: ["1"] }],
    ["a list of ids is expected", "/entries/0/lifts", entry({ lifts: { length: 1 } })],
    ["a list of ids is expected", "/entries/0/lifts", entry({ lifts: ["1", ""] })],
    ["a list of ids is expected", "/entries/0/lifts", entry({ lifts: [{ length: 1 }] })],
    ["a list of ids is expected", "/entries/0/lifts", entry({ lifts: ["1", "e".repeat(513)] })],
    ["a list of ids is expected", "/entries/0/lifts", entry({ lifts: Array(100_001).fill("1") })],
    ["the member is missing", "/entries/0/id", entry({ id: undefined })],
    ["a member that is not known", "/entries/0/a~1b", entry({ "a/b": 1 })],
    ["token, key, agent, or user and not_before, is expected", "/entries/0/target", entry({ target: hash })],
    ["token, key, agent, or user and not_before, is expected", "/entries/0/target", entry({ target: { hash } })],
    ["43 characters of base64url", "/entries/0/target/token", entry({ target: { token: `${hash.slice(1)}.` } })],
    ["43 characters of base64url", "/entries/0/target/key", entry({ target: { key: hash.slice(1) } })],
    ["a text of 1 to 65536 characters is expected", "/entries/0/target/iss", entry({ target: { key: hash, iss: "" } })],
    ["a member that is not known", "/entries/0/target/iss", entry({ target: { token: hash, iss: "i" } })],
    ["an agent's name is letters, digits and . _ - /", "/entries/0/target/agent", entry({ target: { agent: "-" } })],
    ["an object is expected", "/entries/0/target/user", entry({ target: { user: "alice", not_before: 1 } })],
    [
      "a text of 1 to 65536 characters is expected",
      "/entries/0/target/user/iss",
      entry({ target: { user: { iss: "", sub: "s" }, not_before: 1 } }),
    ],
    [
      "a text of 1 to 65536 characters is expected",
      "/entries/0/target/user/sub",
      entry({ target: { user: { iss: "i", sub: "" }, not_before: 1 } }),
    ],
    [
      "a non-negative integer is expected",
      "/entries/0/target/not_before",
      entry({ target: { user: { iss: "i", sub: "s" }, not_before: "" } }),
    ],
  ])("is refused with what is wrong: %s, at %s", async (words, pointer, claims) => {
    const error = await errorOf(readFeedPage(await made(claims), reading()));
    expect(error.pointer).toBe(pointer);
    expect(error.message).toContain(words);
  });

  it("is read up to its bounds", async () => {
    const name = "e".repeat(512);
    const most = { id: name, at: NOW, target: { agent: "a".repeat(128), iss: "i" }, lifts: Array(1000).fill(name) };
    const full = { epoch: name, since: name, head: name, iat: NOW + 30, hw_ms: 0 };
    expect(await ask(made({ ...full, entries: [most] }), { since: name })).toBe("accepted");
    expect(await ask(made({ entries: Array(1000).fill(entries[0]) }))).toBe("accepted");
    expect(await ask(made(entry({ lifts: Array(100_000).fill("1") })))).toBe("accepted");
  });

  it("goes on where it was asked to, or begins anew, and says which", async () => {
    expect(await ask(made({ since: "e1:1" }), { since: "e1:1" })).toBe("accepted");
    expect(await ask(made({ since: "" }), { since: "e1:1" })).toBe("accepted");
  });

  it("is not read where it is longer than its reader reads, or no text", async () => {
    expect(await ask(made({}), { maxBytes: 256 })).toBe("token_too_large");
    for (const nothing of [undefined, null, 5, "", "a.b.c"]) {
      expect(await refusalOf(readFeedPage(nothing, reading()))).toBe("token_malformed");
    }
  });
});
