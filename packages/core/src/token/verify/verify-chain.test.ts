import { describe, expect, it } from "vitest";
import {
  ALGORITHMS,
  type Claims,
  claimsOf,
  createWorld,
  DOCS,
  details,
  errorOf,
  forge,
  hashOf,
  ISSUER,
  JTI,
  NOW,
  PAY,
  refusalOf,
  verifyAt,
  type World,
} from "../../world.fixture.ts";
import { thumbprintOf, thumbprintUri } from "../keys/key.ts";

const worlds = await Promise.all(ALGORITHMS.map((algorithm) => createWorld(algorithm)));

describe.each(worlds)("a chain of $algorithm keys", (world: World) => {
  const check = (chain: string, now = NOW): Promise<string> => refusalOf(verifyAt(chain, [world.anchor], { now }));
  /** A root, and a child of it with these claims changed. */
  const child = async (claims: Claims, root?: Claims): Promise<string> => {
    const parent = await world.root(root);
    return check(`${parent}~${await world.child(parent, claims)}`);
  };
  const ownKey = { cnf: { jwk: world.planner.publicJwk } };

  it("that is whole says who handed what to whom", async () => {
    const root = await world.root({ txn: "order-7" });
    const second = await world.child(root, { exp: NOW + 60, iat: NOW + 1, txn: "order-7", sub: "alice" });
    const third = await world.grandchild(second, { exp: NOW + 30 });
    const chain = await verifyAt([root, second, third].join("~"), [world.anchor]);
    expect(chain).toMatchObject({
      id: await hashOf(root),
      user: { issuer: ISSUER, subject: "alice" },
      rootAudience: [PAY],
      audience: [PAY],
      expiresAt: NOW + 30,
      holder: { jwk: world.clerk.publicJwk, thumbprint: await thumbprintOf(world.clerk.publicJwk) },
    });
    const [planner, researcher, clerk] = [world.planner, world.researcher, world.clerk];
    expect(chain.links).toMatchObject([
      { agent: "planner", key: await thumbprintOf(planner.publicJwk), hash: await hashOf(root), jti: JTI },
      { agent: "researcher", key: await thumbprintOf(researcher.publicJwk), hash: await hashOf(second) },
      { agent: "clerk", key: await thumbprintOf(clerk.publicJwk), hash: await hashOf(third), expiresAt: NOW + 30 },
    ]);
  });

  it("is refused where a child was signed by a key that its parent did not confirm", async () => {
    const root = await world.root();
    for (const signer of [world.mallory, world.issuer, world.researcher]) {
      expect(await check(`${root}~${await world.child(root, {}, { signer })}`)).toBe("token_signature_invalid");
    }
  });

  it("is refused where a child's signer names its own key as the issuer", async () => {
    const iss = thumbprintUri(await thumbprintOf(world.mallory.publicJwk));
    const root = await world.root();
    const forged = await world.child(root, { iss, cnf: { jwk: world.mallory.publicJwk } }, { signer: world.mallory });
    expect(await check(`${root}~${forged}`)).toBe("token_signature_invalid");
    expect(await child({ iss })).toBe("chain_link_broken /iss");
    expect(await child({ iss: ISSUER })).toBe("chain_link_broken /iss");
    expect(await child({ iss: await thumbprintOf(world.planner.publicJwk) })).toBe("chain_link_broken /iss");
  });

  it("is refused where anybody signs a root, under a kid that is known", async () => {
    expect(await check(await world.root({}, { signer: world.mallory }))).toBe("token_signature_invalid");
  });

  it("is refused where one bit of what was signed changed, before it is even read", async () => {
    const chain = await world.chain();
    for (const [i, token] of chain.split("~").entries()) {
      const [header, payload, signature] = token.split(".") as [string, string, string];
      const text = Buffer.from(payload, "base64url").toString();
      for (const bent of [
        text.replace("1000", "9000"),
        text.replace("{", '{"hw":9,'),
        "not JSON at all",
        "[".repeat(99),
      ]) {
        const parts = chain.split("~");
        parts[i] = [header, Buffer.from(bent).toString("base64url"), signature].join(".");
        expect(await check(parts.join("~"))).toBe("token_signature_invalid");
      }
    }
  });

  it("is refused where a child was spliced onto another parent with the same key", async () => {
    const [narrow, broad] = [await world.root({ sub: "alice", exp: NOW + 600 }), await world.root()];
    const spliced = await world.child(narrow);
    expect(await check(`${narrow}~${spliced}`)).toBe("accepted");
    expect(await check(`${broad}~${spliced}`)).toBe("chain_link_broken /par_hash");
  });

  it("is refused where two chains were mixed", async () => {
    const [rootA, rootB] = [await world.root(), await world.root({ exp: NOW + 3601 })];
    const [childA, childB] = [await world.child(rootA), await world.child(rootB)];
    const leafB = await world.grandchild(childB);
    expect(await check(`${rootA}~${childA}~${leafB}`)).toBe("chain_link_broken /par_hash");
    expect(await check(`${rootA}~${childB}~${leafB}`)).toBe("chain_link_broken /par_hash");
  });

  it("is refused where its tokens were reordered or one was left out", async () => {
    const root = await world.root();
    const second = await world.child(root);
    const third = await world.grandchild(second);
    expect(await check(`${root}~${third}~${second}`)).toBe("token_signature_invalid");
    expect(await check(`${root}~${third}`)).toBe("token_signature_invalid");
    expect(await check(`${second}~${third}`)).toBe("token_malformed"); // no kid, so no root
    expect(await check(`${second}~${root}`)).toBe("token_malformed");
    expect(await check(`${root}~${root}`)).toBe("token_malformed"); // a kid, so no child
  });

  it("is refused where its tokens were reordered, repeated or left out although all have the same key", async () => {
    const root = await world.root();
    const second = await world.child(root, { ...ownKey, jti: "BBBBBBBBBBBBBBBBBBBBBA" });
    const third = await world.child(second, ownKey);
    expect(await check(`${root}~${second}~${third}`)).toBe("accepted");
    expect(await check(`${root}~${third}~${second}`)).toBe("chain_link_broken /par_hash");
    expect(await check(`${root}~${third}`)).toBe("chain_link_broken /par_hash");
    expect(await check(`${root}~${second}~${second}`)).toBe("chain_link_broken /par_hash");
  });

  it("is refused where a child names its parent by anything but the hash of what was signed", async () => {
    const root = await world.root();
    const whole = Buffer.from(await crypto.subtle.digest("SHA-256", Buffer.from(root))).toString("base64url");
    const payload = Buffer.from(await crypto.subtle.digest("SHA-256", Buffer.from(JSON.stringify(claimsOf(root)))));
    for (const par_hash of [whole, payload.toString("base64url"), Buffer.alloc(32).toString("base64url")]) {
      expect(await child({ par_hash })).toBe("chain_link_broken /par_hash");
    }
  });

  it("is refused where a depth is skipped or repeated", async () => {
    expect(await child({ del_depth: 2 })).toBe("chain_link_broken /del_depth");
    expect(await child({ del_depth: 0 })).toBe("chain_link_broken /del_depth");
  });

  it("is refused where it is deeper than a ceiling, its parent's or its own", async () => {
    expect(await child({}, { del_max_depth: 0 })).toBe("chain_depth_exceeded /del_depth");
    expect(await child({ del_max_depth: 1 }, { del_max_depth: 0 })).toBe("chain_depth_exceeded /del_depth");
    expect(await child({ del_max_depth: 0 })).toBe("chain_depth_exceeded /del_depth");
    expect(await child({ del_max_depth: 1 }, { del_max_depth: 1 })).toBe("accepted");
    const root = await world.root();
    const lowered = await world.child(root, { del_max_depth: 1 });
    const third = await world.grandchild(lowered, { del_max_depth: 3 });
    expect(await check(`${root}~${lowered}~${third}`)).toBe("chain_depth_exceeded /del_depth");
  });

  it("is refused where a child raises the ceiling", async () => {
    expect(await child({ del_max_depth: 3 }, { del_max_depth: 2 })).toBe("chain_widened /del_max_depth");
    expect(await child({ del_max_depth: 1 }, { del_max_depth: 2 })).toBe("accepted");
  });

  it("is refused where a child outlives its parent by a second", async () => {
    expect(await child({ exp: NOW + 3601 })).toBe("chain_widened /exp");
    expect(await child({ exp: NOW + 3600 })).toBe("accepted");
  });

  it("is refused where a child was issued a second before its parent", async () => {
    expect(await child({ iat: NOW - 1 })).toBe("chain_widened /iat");
  });

  it("is refused where a token comes from more than thirty seconds in the future", async () => {
    expect(await child({ iat: NOW + 30 })).toBe("accepted");
    expect(await child({ iat: NOW + 31 })).toBe("token_not_yet_valid /iat");
    expect(await check(await world.root({ iat: NOW + 30 }))).toBe("accepted");
    expect(await check(await world.root({ iat: NOW + 31 }))).toBe("token_not_yet_valid /iat");
  });

  it("is refused from the second on in which a token of it expires, with no leeway", async () => {
    expect(await check(await world.root(), NOW + 3599)).toBe("accepted");
    expect(await check(await world.root(), NOW + 3600)).toBe("token_expired /exp");
    const root = await world.root();
    const chain = `${root}~${await world.child(root, { exp: NOW + 60 })}`;
    expect(await check(chain, NOW + 59)).toBe("accepted");
    expect(await check(chain, NOW + 60)).toBe("token_expired /exp");
  });

  it("is refused where the subject changes on the way", async () => {
    expect(await child({ sub: "bob" })).toBe("principal_changed /sub");
    expect(await child({ sub: "Alice" })).toBe("principal_changed /sub");
    expect(await child({ sub: "alice" })).toBe("accepted");
    const root = await world.root();
    const second = await world.child(root, { sub: "alice" });
    const third = await world.grandchild(second, { sub: "bob" });
    expect(await check(`${root}~${second}~${third}`)).toBe("principal_changed /sub");
  });

  it("is refused where the transaction changes, or appears on the way", async () => {
    expect(await child({ txn: "b" }, { txn: "a" })).toBe("principal_changed /txn");
    expect(await child({ txn: "a" })).toBe("principal_changed /txn");
    expect(await child({}, { txn: "a" })).toBe("accepted");
  });

  it("is refused where a child names an audience that its parent lacks, also one that a grandparent had", async () => {
    const tools = { [`${PAY}#t`]: {}, [`${DOCS}#t`]: {} };
    const both = { aud: [PAY, DOCS], authorization_details: [{ type: "attenuating_agent_token", tools }] };
    expect(await child({ aud: [PAY, DOCS] })).toBe("chain_widened /aud");
    expect(await child({ aud: [`${PAY}/`] })).toBe("chain_widened /aud");
    expect(await child({ aud: [DOCS] }, both)).toBe("accepted");
    const root = await world.root(both);
    const second = await world.child(root, { aud: [DOCS] });
    const silent = await world.grandchild(second);
    const third = await world.grandchild(second, { aud: [DOCS, PAY] });
    expect(await check(`${root}~${second}~${third}`)).toBe("chain_widened /aud");
    expect((await verifyAt(`${root}~${second}~${silent}`, [world.anchor])).audience).toEqual([DOCS]);
    expect((await verifyAt(`${root}~${second}~${silent}`, [world.anchor])).rootAudience).toEqual([PAY, DOCS]);
  });

  it("is refused with the hop, the place and the rule", async () => {
    const root = await world.root();
    const second = await world.child(root);
    const third = await world.grandchild(second, { exp: NOW + 3601 });
    const error = await errorOf(verifyAt(`${root}~${second}~${third}`, [world.anchor]));
    expect(error).toMatchObject({ hop: 3, pointer: "/exp", rule: "a child may not outlive its parent" });
    expect(error.message).toContain("hop 3");
  });

  it.each<[rule: string, hop: number, pointer: string, refusal: string, claims: readonly Claims[]]>([
    ["a root has depth 0", 1, "/del_depth", "chain_link_broken", [{ del_depth: 1 }]],
    [
      "a depth of 16 is the most; for more, set limits: { chainTokens } of issuer and verifiers alike",
      1,
      "/del_max_depth",
      "chain_depth_exceeded",
      [{ del_max_depth: 17 }],
    ],
    ["a token expires after it was issued", 1, "/exp", "token_malformed", [{ exp: NOW }]],
    [
      "an iat may be 30 seconds ahead of the verifier's clock; see whether that is behind, or the signer's fast",
      1,
      "/iat",
      "token_not_yet_valid",
      [{ iat: NOW + 31 }],
    ],
    ["a token expires after it was issued", 2, "/exp", "token_malformed", [{}, { exp: NOW }]],
    [
      "an iat may be 30 seconds ahead of the verifier's clock; see whether that is behind, or the signer's fast",
      2,
      "/iat",
      "token_not_yet_valid",
      [{}, { iat: NOW + 31 }],
    ],
    ["a child is issued by its parent's holder", 2, "/iss", "chain_link_broken", [{}, { iss: ISSUER }]],
    ["a child names its parent by hash", 2, "/par_hash", "chain_link_broken", [{}, { par_hash: "A".repeat(43) }]],
    ["each link is one deeper", 2, "/del_depth", "chain_link_broken", [{}, { del_depth: 2 }]],
    ["the chain may be 0 deep", 2, "/del_depth", "chain_depth_exceeded", [{ del_max_depth: 0 }, {}]],
    ["the chain may be 0 deep", 2, "/del_depth", "chain_depth_exceeded", [{}, { del_max_depth: 0 }]],
    ["the depth ceiling may only fall", 2, "/del_max_depth", "chain_widened", [{}, { del_max_depth: 4 }]],
    ["a child may not outlive its parent", 2, "/exp", "chain_widened", [{}, { exp: NOW + 3601 }]],
    ["a child is not older than its parent", 2, "/iat", "chain_widened", [{}, { iat: NOW - 1 }]],
    ["the subject stays the root's", 2, "/sub", "principal_changed", [{}, { sub: "bob" }]],
    ["the transaction stays the root's", 2, "/txn", "principal_changed", [{}, { txn: "a" }]],
    ["a child's audience is part of its parent's", 2, "/aud", "chain_widened", [{}, { aud: [DOCS] }]],
    ["a child may not outlive its parent", 3, "/exp", "chain_widened", [{}, {}, { exp: NOW + 3601 }]],
    ["a token expires after it was issued", 3, "/exp", "token_malformed", [{}, {}, { exp: NOW }]],
    [
      "an iat may be 30 seconds ahead of the verifier's clock; see whether that is behind, or the signer's fast",
      3,
      "/iat",
      "token_not_yet_valid",
      [{}, {}, { iat: NOW + 31 }],
    ],
  ])("is refused by the rule that it broke (%s), at hop %d", async (rule, hop, pointer, code, [top, second, third]) => {
    const tokens = [await world.root(top)];
    if (second !== undefined) tokens.push(await world.child(tokens[0] as string, second));
    if (third !== undefined) tokens.push(await world.grandchild(tokens[1] as string, third));
    const error = await errorOf(verifyAt(tokens.join("~"), [{ ...world.anchor, maxDepth: 99 }]));
    expect(error).toMatchObject({ code, pointer, rule, hop });
    expect(error.message).toContain(`hop ${hop}, "${pointer}": ${rule}`);
  });

  it("is refused by the rule of names that a tool of its root broke", async () => {
    const ruleOf = async (id: string, aud: readonly string[]): Promise<string | undefined> => {
      const root = await world.root({ aud, ...details({ [id]: {} }) });
      const error = await errorOf(verifyAt(root, [world.anchor]));
      expect(error).toMatchObject({ code: "token_malformed", pointer: "/authorization_details/0/tools", hop: 1 });
      return error.rule;
    };
    expect(await ruleOf(`${PAY}#pay`, [PAY])).toBe("with one audience, tools have bare names (grant, not grantFor)");
    expect(await ruleOf("mcp:x", [PAY])).toBe("it names an operation of MCP that is not known");
    const several = "with several audiences, tools are named <audience>#<tool> (grantFor)";
    expect(await ruleOf("pay", [PAY, DOCS])).toBe(several);
    expect(await ruleOf(`${PAY}/x#pay`, [PAY, DOCS])).toBe(several);
    expect(await ruleOf(`x${PAY}#pay`, [PAY, DOCS])).toBe(several);
    expect(await ruleOf(`${DOCS}#`, [PAY, DOCS])).toBe("it is empty");
    expect(await ruleOf(`${DOCS}#mcp:x`, [PAY, DOCS])).toBe("it names an operation of MCP that is not known");
    expect(await ruleOf(`${DOCS}#a#b`, [PAY, DOCS])).toBe('it contains "#", which separates an audience from a tool');
  });

  it("is refused before it is taken apart where it is empty or has letters that no token has", async () => {
    const chain = await world.chain();
    for (const text of [
      "",
      " ",
      `${chain}\n`,
      `${chain.slice(0, 99)}\r\n ${chain.slice(99)}`,
      `${chain}é`,
      `${chain}\u0000`,
      `é${chain}`,
    ]) {
      const error = await errorOf(verifyAt(text, [world.anchor]));
      expect(error.code).toBe("token_malformed");
      expect(error.message).toContain("a space, a line break or another character that no chain has");
    }
  });

  it("is refused with the name of the token whose signature or algorithm is wrong", async () => {
    const messageOf = async (chain: string): Promise<string> =>
      (await errorOf(verifyAt(chain, [world.anchor]))).message;
    const root = await world.root();
    const other = world.algorithm === "ES256" ? "Ed25519" : "ES256";
    const stolen = { signer: world.mallory };
    const foreign = { header: { alg: other } };
    expect(await messageOf(await world.root({}, stolen))).toContain("the root token was not signed");
    expect(await messageOf(await world.root({}, foreign))).toContain("the algorithm of the root token");
    expect(await messageOf(`${root}~${await world.child(root, {}, stolen)}`)).toContain(
      "a derived token was not signed",
    );
    expect(await messageOf(`${root}~${await world.child(root, {}, foreign)}`)).toContain(
      "algorithm of a derived token",
    );
    expect(await messageOf(await world.root({}, { header: { typ: "JWT" } }))).toContain("the root token");
    expect(await messageOf(`${root}~${root}`)).toContain("a derived token");
    const unread = await forge({ alg: world.algorithm, typ: "aat+jwt", kid: "k1" }, "{", world.issuer);
    expect(await messageOf(unread)).toContain("a token's payload is not acceptable JSON");
  });

  it("keeps its identity under a second signature over the same token", async () => {
    const [first, second] = [await world.root(), await world.root()];
    const [a, b] = [await verifyAt(first, [world.anchor]), await verifyAt(second, [world.anchor])];
    if (world.algorithm === "ES256") expect(first).not.toBe(second); // ECDSA draws a new number each time
    expect(a.id).toBe(b.id);
  });
});

describe("a chain of keys of both kinds", () => {
  const [edwards, nist] = worlds as [World, World];

  it("is accepted where each token was signed with what its key can do", async () => {
    const root = await edwards.root({ cnf: { jwk: nist.planner.publicJwk } });
    const second = await nist.child(root, { cnf: { jwk: edwards.researcher.publicJwk } });
    const third = await edwards.grandchild(second);
    expect(await refusalOf(verifyAt(`${root}~${second}~${third}`, [edwards.anchor]))).toBe("accepted");
  });

  it("is refused where a child's algorithm is that of its own key and not of its parent's", async () => {
    const root = await edwards.root();
    const claims = claimsOf(await edwards.child(root));
    const second = await forge({ alg: "ES256", typ: "aat+jwt" }, claims, nist.planner);
    expect(await refusalOf(verifyAt(`${root}~${second}`, [edwards.anchor]))).toBe("token_alg_refused");
  });
});
