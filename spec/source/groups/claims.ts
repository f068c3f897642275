import {
  accept,
  anchorOf,
  cloudIssuer,
  DOCS,
  ISSUER,
  issuer,
  type Json,
  NOW,
  PAY,
  planner,
  refuse,
  researcher,
  stranger,
} from "../forge.ts";
import { collect } from "../group.ts";
import { base64url, type Key, keyMadeFor } from "../keys.ts";

const malformed = (pointer: string) => refuse("token_malformed", pointer);
const untrusted = (pointer: string) => refuse("token_untrusted_issuer", pointer);
const any = { t: {} };
const TOOLS = "/authorization_details/0/tools";
const SOURCE = {
  kind: "id_token",
  iss: "https://login.acme.example",
  sub: "00u1",
  acr: "urn:acme:mfa",
  auth_time: NOW - 600,
};
const ofK1 = ({ publicJwk }: Key) => ({ kid: "k1", jwk: publicJwk });
const detail = (more: { [name: string]: Json }) => ({ type: "attenuating_agent_token", tools: any, ...more });

export const claims = collect("claims", (add) => {
  const right = (slug: string, description: string, of: { [name: string]: Json }, more = {}): void =>
    add(slug, description, { rule: "V4.5", root: { claims: of }, ...more }, accept);
  right(
    "numbers-by-value",
    "1.0 and 1e0 are integers",
    {},
    {
      root: {
        payload: (text: string) => text.replace('"del_depth":0', '"del_depth":0.0').replace('"hw":1', '"hw":1e0'),
      },
    },
  );
  right(
    "txn",
    "a transaction, and a child that repeats it",
    { txn: "tx-1" },
    { links: [{ claims: { txn: "tx-1", sub: "alice" } }] },
  );
  right(
    "agent-path",
    "an agent's name with a path in it",
    {},
    {
      root: { agent: "acme/team-1/planner_2.x" },
      agents: { "acme/team-1/planner_2.x": { keys: [planner.thumbprint] } },
    },
  );
  right(
    "no-tools",
    "a root that hands over nothing, for a listing",
    {},
    { root: { grant: {} }, tool: "mcp:tools/list", arguments: {} },
  );
  right(
    "white-space",
    "a payload with white space",
    {},
    { root: { payload: (text: string) => ` ${text.replaceAll(",", " ,\n")}\t` } },
  );

  right("sub-256", "a sub of 256 code units", { sub: "a".repeat(256) }, { anchor: { subjects: "any" } });
  right("sub-1", "a sub of one", { sub: "a" }, { anchor: { subjects: "any" } });
  right("source", "the login that stood behind the root, in full", { hw_src: SOURCE });
  right("source-local", "a login of the issuer's own, without more", {
    hw_src: { kind: "local", iss: ISSUER, sub: "alice" },
  });
  right("source-longest", "the longest texts in hw_src", {
    hw_src: { kind: "access_token", iss: "i".repeat(512), sub: "s".repeat(256), acr: "a".repeat(256), auth_time: 0 },
  });
  add(
    "source-derived",
    "hw_src in a derived token, also where it repeats the root's",
    { rule: "V4.4", root: { claims: { hw_src: SOURCE } }, links: [{ claims: { hw_src: SOURCE } }] },
    malformed("/hw_src"),
  );
  right("txn-128", "a txn of 128 code units", { txn: "t".repeat(128) });
  const eight = Array.from({ length: 8 }, (_, i) => (i === 0 ? PAY : `https://s${i}.example/`));
  right(
    "aud-8",
    "eight audiences",
    {},
    {
      root: { claims: { aud: eight }, grant: { [`${PAY}#t`]: {} } },
      anchor: { audiences: eight },
      tool: "t",
      proof: { claims: { aat_tool: `${PAY}#t` } },
      arguments: {},
    },
  );
  add(
    "payload-no-object",
    "a payload that is an array",
    { rule: "V4.2", root: { payload: () => "[]" } },
    malformed(""),
  );
  add(
    "payload-no-json",
    "a payload that is no JSON",
    { rule: "V4.1", root: { payload: () => "alice may" } },
    refuse("token_malformed"),
  );
  add("payload-empty", "an empty payload", { rule: "V4.1", root: { payload: () => "" } }, refuse("token_malformed"));
  add(
    "payload-parsed-late",
    "a payload that is no JSON under a bad signature: the signature is told first",
    {
      rule: "V3.3",
      root: { payload: () => "{", signer: stranger },
    },
    refuse("token_signature_invalid"),
  );

  const version = refuse("token_version_unsupported", "/hw");
  for (const [slug, hw] of [
    ["missing", undefined],
    ["2", 2],
    ["text", "1"],
    ["true", true],
    ["null", null],
  ] as const) {
    add(
      `hw-${slug}`,
      `hw ${hw === undefined ? "is missing" : JSON.stringify(hw)}`,
      { rule: "V4.3", root: { claims: { hw } } },
      version,
    );
  }

  for (const [name, value] of [
    ["nbf", NOW - 60],
    ["budgets", { calls: 3 }],
    ["par_hash", base64url(Buffer.alloc(32))],
    ["scope", "all"],
    ["roles", ["admin"]],
    ["toString", "x"],
  ] as const) {
    add(
      `unknown-${name}`,
      `a root with the claim ${name}`,
      { rule: "V4.4", root: { claims: { [name]: value as Json } } },
      malformed(`/${name}`),
    );
  }
  add(
    "unknown-escaped",
    "a claim whose name needs escaping in a pointer",
    { rule: "V4.4", root: { claims: { "a/b~c": 1 } } },
    malformed("/a~1b~0c"),
  );
  add("derived-hw", "a derived token with hw", { rule: "V4.4", links: [{ claims: { hw: 1 } }] }, malformed("/hw"));
  add(
    "derived-roles",
    "a derived token with a claim that is unknown",
    { rule: "V4.4", links: [{ claims: { roles: ["admin"] } }] },
    malformed("/roles"),
  );

  for (const name of [
    "jti",
    "iss",
    "iat",
    "exp",
    "cnf",
    "del_depth",
    "del_max_depth",
    "authorization_details",
    "sub",
    "act",
    "aud",
  ]) {
    add(
      `missing-${name}`,
      `a root without ${name}`,
      { rule: "V4.5", root: { claims: { [name]: undefined } } },
      malformed(`/${name}`),
    );
  }
  for (const name of [
    "jti",
    "iss",
    "iat",
    "exp",
    "cnf",
    "del_depth",
    "del_max_depth",
    "authorization_details",
    "act",
    "par_hash",
  ]) {
    add(
      `derived-missing-${name}`,
      `a derived token without ${name}`,
      { rule: "V4.5", links: [{ claims: { [name]: undefined } }] },
      malformed(`/${name}`),
    );
  }

  const wrong: [string, string, { [name: string]: Json }, string][] = [
    ["jti-uuid", "jti is a UUID", { jti: "01957a3f-4e23-7b01-a9d1-0050569c2e4f" }, "/jti"],
    ["jti-15", "jti of 15 bytes", { jti: base64url(Buffer.alloc(15)) }, "/jti"],
    ["jti-number", "jti is a number", { jti: 7 }, "/jti"],
    ["jti-trailing-bits", "jti of 16 bytes in a second spelling", { jti: `${"A".repeat(21)}B` }, "/jti"],
    ["iss-http", "iss is not https", { iss: "http://id.acme.example" }, "/iss"],
    [
      "iss-urn",
      "a root whose iss is a thumbprint URI",
      { iss: `urn:ietf:params:oauth:jwk-thumbprint:sha-256:${issuer.thumbprint}` },
      "/iss",
    ],
    ["iss-fragment", "iss with a fragment", { iss: `${ISSUER}#a` }, "/iss"],
    ["iat-text", "iat is a text", { iat: String(NOW) }, "/iat"],
    ["iat-fraction", "iat with a fraction", { iat: NOW - 60.5 }, "/iat"],
    ["iat-negative", "iat below 0", { iat: -1 }, "/iat"],
    ["exp-null", "exp is null", { exp: null }, "/exp"],
    ["depth-text", "del_depth is a text", { del_depth: "0" }, "/del_depth"],
    ["depth-negative", "del_depth below 0", { del_depth: -1 }, "/del_depth"],
    ["max-depth-fraction", "del_max_depth with a fraction", { del_max_depth: 2.5 }, "/del_max_depth"],
    ["sub-empty", "an empty sub", { sub: "" }, "/sub"],
    ["sub-257", "a sub of 257 code units", { sub: "a".repeat(257) }, "/sub"],
    ["sub-number", "sub is a number", { sub: 42 }, "/sub"],
    ["act-text", "act is a text", { act: "planner" }, "/act"],
    ["act-nested", "act with an act in it (RFC 8693)", { act: { sub: "planner", act: { sub: "alice" } } }, "/act"],
    ["act-empty", "an empty agent's name", { act: { sub: "" } }, "/act/sub"],
    ["act-space", "an agent's name with a space", { act: { sub: "the planner" } }, "/act/sub"],
    ["act-slash", "an agent's name that ends with /", { act: { sub: "planner/" } }, "/act/sub"],
    ["act-129", "an agent's name of 129 characters", { act: { sub: "a".repeat(129) } }, "/act/sub"],
    ["act-line", "an agent's name with a line break at its end", { act: { sub: "planner\n" } }, "/act/sub"],
    ["aud-text", "aud is a text", { aud: PAY }, "/aud"],
    ["aud-empty", "an empty aud", { aud: [] }, "/aud"],
    ["aud-9", "nine audiences", { aud: Array.from({ length: 9 }, (_, i) => `https://s${i}.example/`) }, "/aud"],
    ["aud-513", "an audience of 513 characters", { aud: [PAY, `https://a.example/${"a".repeat(495)}`] }, "/aud/1"],
    ["aud-twice", "an audience that is named twice", { aud: [PAY, PAY] }, "/aud"],
    ["aud-relative", "an audience that is no absolute URL", { aud: [PAY, "pay.acme.example"] }, "/aud/1"],
    ["aud-fragment", "an audience with a fragment", { aud: [`${PAY}#x`] }, "/aud/0"],
    ["aud-umlaut", "an audience with a character that is not ASCII", { aud: ["https://zürich.example/"] }, "/aud/0"],
    ["aud-space", "an audience with a space in it", { aud: ["https://pay.acme.example/a b"] }, "/aud/0"],
    ["aud-number", "an audience that is a number", { aud: [7] }, "/aud/0"],
    ["txn-empty", "an empty txn", { txn: "" }, "/txn"],
    ["txn-129", "a txn of 129 code units", { txn: "t".repeat(129) }, "/txn"],
    ["txn-null", "txn is null", { txn: null }, "/txn"],
    ["source-text", "hw_src is a text", { hw_src: "local" }, "/hw_src"],
    ["source-array", "hw_src is an array", { hw_src: [SOURCE] }, "/hw_src"],
    ["source-null", "hw_src is null", { hw_src: null }, "/hw_src"],
    ["source-no-iss", "hw_src without iss and sub", { hw_src: { kind: "local" } }, "/hw_src"],
    ["source-no-kind", "hw_src without kind", { hw_src: { iss: SOURCE.iss, sub: SOURCE.sub } }, "/hw_src"],
    ["source-more", "hw_src with a member of its own", { hw_src: { ...SOURCE, email: "a@acme.example" } }, "/hw_src"],
    [
      "source-joined",
      "hw_src with one member of the name of two, and a comma between",
      { hw_src: { kind: SOURCE.kind, iss: SOURCE.iss, sub: SOURCE.sub, "acr,auth_time": 0 } },
      "/hw_src",
    ],
    ["source-kind", "hw_src of another kind", { hw_src: { ...SOURCE, kind: "saml" } }, "/hw_src/kind"],
    ["source-iss", "hw_src with an iss that is a number", { hw_src: { ...SOURCE, iss: 7 } }, "/hw_src/iss"],
    ["source-sub", "hw_src with an empty sub", { hw_src: { ...SOURCE, sub: "" } }, "/hw_src/sub"],
    ["source-sub-257", "hw_src with a sub of 257", { hw_src: { ...SOURCE, sub: "a".repeat(257) } }, "/hw_src/sub"],
    ["source-acr", "hw_src with an acr that is null", { hw_src: { ...SOURCE, acr: null } }, "/hw_src/acr"],
    [
      "source-auth-time",
      "hw_src with a time that is no integer",
      { hw_src: { ...SOURCE, auth_time: 1.5 } },
      "/hw_src/auth_time",
    ],
    [
      "source-auth-time-text",
      "hw_src with a time that is a text",
      { hw_src: { ...SOURCE, auth_time: "1799990000" } },
      "/hw_src/auth_time",
    ],
    ["cnf-thumbprint", "cnf with a thumbprint instead of a key", { cnf: { jkt: issuer.thumbprint } }, "/cnf"],
    [
      "cnf-more",
      "cnf with a second member",
      { cnf: { jwk: { ...issuer.publicJwk } as unknown as Json, kid: "k" } },
      "/cnf",
    ],
    [
      "details-object",
      "authorization_details is an object",
      { authorization_details: detail({}) },
      "/authorization_details",
    ],
    ["details-empty", "no entry in authorization_details", { authorization_details: [] }, "/authorization_details"],
    [
      "details-two",
      "two entries in authorization_details",
      { authorization_details: [detail({}), detail({})] },
      "/authorization_details",
    ],
    [
      "details-foreign",
      "an entry of another type beside ours",
      { authorization_details: [detail({}), { type: "payment" }] },
      "/authorization_details",
    ],
    [
      "details-type",
      "an entry of another type",
      { authorization_details: [detail({ type: "payment" })] },
      "/authorization_details/0",
    ],
    [
      "details-more",
      "an entry with another member",
      { authorization_details: [detail({ actions: ["read"] })] },
      "/authorization_details/0",
    ],
    ["details-tools-array", "tools is an array", { authorization_details: [detail({ tools: ["t"] })] }, TOOLS],
  ];
  for (const [slug, description, of, pointer] of wrong) {
    add(slug, description, { rule: "V4.5", root: { claims: of } }, malformed(pointer));
  }
  add(
    "derived-par-hash-31",
    "par_hash of 31 bytes",
    { rule: "V4.5", links: [{ claims: { par_hash: base64url(Buffer.alloc(31)) } }] },
    malformed("/par_hash"),
  );
  for (const [slug, about, rule, iss, expect] of [
    ["none", "is empty", "V4.5", "", malformed("/iss")],
    ["at", "has 512 characters", "V6.1", "x".repeat(512), refuse("chain_link_broken", "/iss")],
    ["above", "has 513 characters", "V4.5", "x".repeat(513), malformed("/iss")],
  ] as const) {
    add(`derived-iss-${slug}`, `a derived token whose iss ${about}`, { rule, links: [{ claims: { iss } }] }, expect);
  }
  add(
    "derived-sub-null",
    "a derived token whose sub is null",
    { rule: "V4.5", links: [{ claims: { sub: null } }] },
    malformed("/sub"),
  );
  add(
    "derived-aud-empty",
    "a derived token with an empty aud",
    { rule: "V4.5", links: [{ claims: { aud: [] } }] },
    malformed("/aud"),
  );
  add(
    "derived-no-entry",
    "a token in the middle without an entry, as the draft allows",
    { rule: "V4.5", links: [{ claims: { authorization_details: [] } }, {}] },
    malformed("/authorization_details"),
  );

  const lax = { lifetimeSeconds: 86_400, maxDepth: 16 };
  add(
    "iss-other-owner",
    "a trusted issuer's name under another trusted issuer's key",
    {
      rule: "V5.1",
      root: { signer: stranger },
      trust: [
        anchorOf(issuer, { keys: [{ kid: "k9", jwk: issuer.publicJwk }] }),
        anchorOf(stranger, { issuer: "https://partner.example" }),
      ],
    },
    untrusted("/iss"),
  );
  const partner = { issuer: "https://partner.example", tools: [] };
  add(
    "iss-key-of-two",
    "a key that another issuer has, too: its anchor bounds its own roots alone",
    { rule: "V5.1", trust: [anchorOf(issuer, partner), anchorOf(issuer)] },
    accept,
  );
  add(
    "iss-key-made-for-it",
    "another issuer has a key that was made to verify this very signature",
    {
      rule: "V5.1",
      root: { signer: cloudIssuer },
      trust: (root) => [
        anchorOf(cloudIssuer, { ...partner, keys: [{ kid: "k1", jwk: keyMadeFor(root, cloudIssuer) }] }),
        anchorOf(cloudIssuer),
      ],
    },
    accept,
  );
  add(
    "iss-key-made-alone",
    "a key that was made to verify a signature, in the name of the issuer that made that, which has another key",
    {
      rule: "V5.1",
      root: { signer: cloudIssuer },
      trust: (root) => [
        anchorOf(cloudIssuer, { ...partner, keys: [{ kid: "k1", jwk: keyMadeFor(root, cloudIssuer) }] }),
        anchorOf(issuer),
      ],
    },
    untrusted("/iss"),
  );
  add(
    "iss-four-of-others",
    "four keys of the same kid that another issuer has, before ours",
    {
      rule: "V3.1",
      trust: [
        anchorOf(stranger, { ...partner, keys: [stranger, planner, researcher, cloudIssuer].map(ofK1) }),
        anchorOf(issuer),
      ],
    },
    accept,
  );
  add(
    "iss-unknown",
    "an iss that the key's owner does not have",
    { rule: "V5.1", root: { claims: { iss: `${ISSUER}/` } } },
    untrusted("/iss"),
  );
  add(
    "subject-not-pinned",
    "a subject that the anchor may not name",
    { rule: "V5.2", root: { claims: { sub: "carol" } } },
    untrusted("/sub"),
  );
  add(
    "subject-prototype",
    "a subject that every JavaScript object has",
    { rule: "V5.2", root: { claims: { sub: "constructor" } } },
    untrusted("/sub"),
  );
  add(
    "audience-not-pinned",
    "one audience of two is not the anchor's to name",
    { rule: "V5.3", root: { claims: { aud: [PAY, DOCS] }, grant: { [`${PAY}#t`]: {} } } },
    untrusted("/aud"),
  );
  add(
    "tool-not-pinned",
    "a tool that the anchor may not hand over",
    { rule: "V5.4", anchor: { tools: ["read_invoice"] } },
    untrusted(TOOLS),
  );
  add(
    "tools-pinned",
    "all tools are the anchor's to hand over",
    { rule: "V5.4", anchor: { tools: ["read_invoice", "send_payment"] } },
    accept,
  );
  const every = { grant: { "mcp:tools/*": {} } };
  add(
    "every-tool-not-pinned",
    "every tool, where the anchor lets its issuer hand over any tool",
    { rule: "V5.4", root: every, tools: ["read_invoice"] },
    untrusted(TOOLS),
  );
  add(
    "every-tool-listed",
    "every tool, where the anchor lists its name among the tools",
    { rule: "V5.4", root: every, anchor: { tools: ["mcp:tools/*"] }, tools: ["read_invoice"] },
    untrusted(TOOLS),
  );
  add(
    "every-tool-pinned",
    "every tool, where the anchor says so",
    { rule: "V5.4", root: every, anchor: { everyTool: true }, tools: ["read_invoice"] },
    accept,
  );
  add(
    "every-tool-qualified",
    "every tool of an audience, where the root has one",
    { rule: "V5.12", root: { grant: { [`${PAY}#mcp:tools/*`]: {} } }, anchor: { everyTool: true } },
    refuse("token_malformed", TOOLS),
  );
  add(
    "lifetime-of-anchor",
    "a root that lives a second longer than its anchor allows",
    { rule: "V5.5", anchor: { lifetimeSeconds: 3599 } },
    untrusted("/exp"),
  );
  add(
    "lifetime-exact",
    "a root that lives just as long as its anchor allows",
    { rule: "V5.5", anchor: { lifetimeSeconds: 3600 } },
    accept,
  );
  add(
    "depth-of-anchor",
    "a depth ceiling above the anchor's",
    { rule: "V5.6", anchor: { maxDepth: 2 } },
    untrusted("/del_max_depth"),
  );
  add(
    "depth-default",
    "a depth ceiling of 4 where the anchor says nothing",
    { rule: "V5.6", root: { claims: { del_max_depth: 4 } } },
    untrusted("/del_max_depth"),
  );
  add(
    "root-depth-1",
    "a root of depth 1",
    { rule: "V5.7", root: { claims: { del_depth: 1 } } },
    refuse("chain_link_broken", "/del_depth"),
  );
  add(
    "depth-16",
    "a depth ceiling of 16",
    { rule: "V5.8", root: { claims: { del_max_depth: 16 } }, anchor: lax },
    accept,
  );
  add(
    "depth-17",
    "a depth ceiling of 17, where the anchor allows it and the verifier does not",
    { rule: "V5.8", root: { claims: { del_max_depth: 17 } }, anchor: { maxDepth: 20 } },
    refuse("chain_depth_exceeded", "/del_max_depth"),
  );
  add(
    "exp-is-iat",
    "exp equals iat",
    { rule: "V5.9", root: { claims: { exp: NOW + 5, iat: NOW + 5 } } },
    malformed("/exp"),
  );
  add(
    "exp-before-iat",
    "exp before iat",
    { rule: "V5.9", root: { claims: { iat: NOW + 20, exp: NOW + 10 } } },
    malformed("/exp"),
  );
  add(
    "expires-now",
    "exp is now: there is no leeway",
    { rule: "V5.10", root: { claims: { exp: NOW } } },
    refuse("token_expired", "/exp"),
  );
  add("expires-next", "exp is a second away", { rule: "V5.10", root: { claims: { exp: NOW + 1 } } }, accept);
  add("iat-ahead-30", "iat 30 seconds ahead", { rule: "V5.11", root: { claims: { iat: NOW + 30 } } }, accept);
  add(
    "iat-ahead-31",
    "iat 31 seconds ahead",
    { rule: "V5.11", root: { claims: { iat: NOW + 31 } } },
    refuse("token_not_yet_valid", "/iat"),
  );

  const two = { claims: { aud: [PAY, DOCS] } };
  const both = { anchor: { audiences: [PAY, DOCS] } };
  const ids = (slug: string, description: string, grant: Json, of = {}): void =>
    add(slug, description, { rule: "V5.12", root: { ...of, grant }, ...both }, malformed(TOOLS));
  ids("tool-id-qualified", "a qualified tool id under one audience", { [`${PAY}#t`]: {} });
  ids("tool-id-operation", "an operation of MCP that there is not", { "mcp:resources/delete": {} });
  ids("tool-id-bare", "a bare tool id under two audiences", { t: {} }, two);
  ids("tool-id-mixed", "one bare tool id among qualified ones", { [`${PAY}#t`]: {}, t: {} }, two);
  ids(
    "tool-id-other-audience",
    "a tool id qualified with an audience that the root does not name",
    { "https://mail.example/#t": {} },
    two,
  );
  ids("tool-id-empty-name", "a qualified tool id without a name", { [`${PAY}#`]: {} }, two);
  ids("tool-id-two-hashes", "a tool's name with # in it", { [`${PAY}#a#b`]: {} }, two);
  ids("tool-id-qualified-operation", "a qualified operation of MCP that there is not", { [`${DOCS}#mcp:x`]: {} }, two);
  add(
    "tool-id-two-audiences",
    "qualified tool ids under two audiences, called at the first",
    {
      rule: "V5.12",
      root: { ...two, grant: { [`${PAY}#t`]: {}, [`${DOCS}#mcp:resources/read`]: {} } },
      ...both,
      tool: "t",
      proof: { claims: { aat_tool: `${PAY}#t` } },
      arguments: {},
    },
    accept,
  );
  add(
    "tool-id-mcp",
    "an operation of MCP as a tool id",
    {
      rule: "V5.12",
      root: { grant: { "mcp:resources/read": { uri: { constraint_type: "wildcard" } } } },
      tool: "mcp:resources/read",
      arguments: { uri: "docs://a" },
    },
    accept,
  );
});
