import { accept, DOCS, NOW, PAY, planner, refuse, researcher, stranger, vector } from "../forge.ts";
import { collect } from "../group.ts";
import { base64url, id, sha256 } from "../keys.ts";

const THUMBPRINT = "urn:ietf:params:oauth:jwk-thumbprint:sha-256:";
const otherRoot = vector("another root of the planner's", "", { rule: "" }, accept).input.chain;
const broken = (pointer: string) => refuse("chain_link_broken", pointer);
const widened = (pointer: string) => refuse("chain_widened", pointer);

export const links = collect("links", (add) => {
  add(
    "same-authority",
    "a child with all of its parent's authority, for another key",
    {
      rule: "V6.11",
      links: [
        {
          grant: { read_invoice: { id: { constraint_type: "one_of", values: ["INV-7", "INV-9"] } } },
          claims: { exp: NOW + 3540, iat: NOW - 60 },
        },
      ],
    },
    accept,
  );
  add(
    "ceiling-falls",
    "a child that may not be handed on",
    { rule: "V6.5", links: [{ claims: { del_max_depth: 1 } }] },
    accept,
  );
  add(
    "audience-part",
    "a child for one audience of two: tool ids stay qualified",
    {
      rule: "V6.10",
      root: { claims: { aud: [PAY, DOCS] }, grant: { [`${PAY}#t`]: {} } },
      links: [{ claims: { aud: [PAY] }, grant: { [`${PAY}#t`]: {} } }],
      anchor: { audiences: [PAY, DOCS] },
      tool: "t",
      proof: { claims: { aat_tool: `${PAY}#t` } },
    },
    accept,
  );
  add(
    "no-tools-left",
    "a child that hands over nothing, for a listing",
    { rule: "V6.11", links: [{ grant: {} }], tool: "mcp:tools/list", arguments: {} },
    accept,
  );

  add(
    "iss-own-key",
    "iss is the child's own key",
    { rule: "V6.1", links: [{ claims: { iss: THUMBPRINT + researcher.thumbprint } }] },
    broken("/iss"),
  );
  add(
    "iss-root",
    "iss is the root issuer's URI",
    { rule: "V6.1", links: [{ claims: { iss: "https://id.acme.example" } }] },
    broken("/iss"),
  );
  add(
    "iss-bare-thumbprint",
    "iss is the thumbprint without the URN",
    { rule: "V6.1", links: [{ claims: { iss: planner.thumbprint } }] },
    broken("/iss"),
  );
  add(
    "par-hash-other",
    "the hash of something else",
    { rule: "V6.2", links: [{ claims: { par_hash: base64url(sha256("another token")) } }] },
    broken("/par_hash"),
  );
  add(
    "par-hash-compact",
    "the hash of the parent's whole compact text, signature included",
    {
      rule: "V6.2",
      root: { grant: { t: {} } },
      links: [{ grant: { t: {} }, claims: (parent) => ({ par_hash: base64url(sha256(parent)) }) }],
      tool: "t",
    },
    broken("/par_hash"),
  );
  add(
    "spliced",
    "a child under another root of the same holder",
    {
      rule: "V6.2",
      chain: (text) => [otherRoot, ...text.split("~").slice(1)].join("~"),
      links: [{}],
    },
    broken("/par_hash"),
  );
  add(
    "middle-dropped",
    "the token in the middle is left out: the key differs",
    { rule: "V3.3", links: [{}, {}], chain: (text) => [0, 2].map((i) => text.split("~")[i]).join("~") },
    refuse("token_signature_invalid"),
  );
  add(
    "reordered",
    "two derived tokens in the wrong order",
    { rule: "V3.3", links: [{}, {}], chain: (text) => [0, 2, 1].map((i) => text.split("~")[i]).join("~") },
    refuse("token_signature_invalid"),
  );
  add(
    "root-twice",
    "the root again as its own child",
    { rule: "V2.6", chain: (text) => `${text}~${text}` },
    refuse("token_malformed"),
  );
  add(
    "child-twice",
    "a derived token again as its own child, by a holder who delegates to itself",
    { rule: "V6.2", links: [{ holder: planner }], chain: (text) => `${text}~${text.split("~")[1]}` },
    broken("/par_hash"),
  );
  add(
    "child-alone",
    "a derived token without its root",
    { rule: "V2.6", links: [{}], chain: (text) => text.split("~")[1] as string },
    refuse("token_malformed"),
  );

  add(
    "depth-skipped",
    "a depth is left out",
    { rule: "V6.3", links: [{ claims: { del_depth: 2 } }] },
    broken("/del_depth"),
  );
  add(
    "depth-repeated",
    "the parent's depth again",
    { rule: "V6.3", links: [{ claims: { del_depth: 0 } }] },
    broken("/del_depth"),
  );
  add(
    "terminal-parent",
    "a child of a parent that may not be handed on",
    { rule: "V6.4", root: { claims: { del_max_depth: 0 } }, links: [{ claims: { del_max_depth: 0 } }] },
    refuse("chain_depth_exceeded", "/del_depth"),
  );
  add(
    "own-ceiling",
    "a child deeper than its own ceiling",
    { rule: "V6.4", links: [{ claims: { del_max_depth: 0 } }] },
    refuse("chain_depth_exceeded", "/del_depth"),
  );
  add(
    "own-ceiling-below",
    "a grandchild under a ceiling that its parent lowered",
    { rule: "V6.4", links: [{ claims: { del_max_depth: 1 } }, { claims: { del_max_depth: 1 } }] },
    refuse("chain_depth_exceeded", "/del_depth"),
  );
  add(
    "ceiling-raised",
    "a child that raises the ceiling",
    { rule: "V6.5", root: { claims: { del_max_depth: 2 } }, links: [{}] },
    widened("/del_max_depth"),
  );
  add(
    "ceiling-raised-again",
    "a grandchild that raises the ceiling which the child lowered",
    { rule: "V6.5", links: [{ claims: { del_max_depth: 2 } }, {}] },
    widened("/del_max_depth"),
  );

  add(
    "outlives",
    "a child that lives a second longer than its parent",
    { rule: "V6.6", links: [{ claims: { exp: NOW + 3541 } }] },
    widened("/exp"),
  );
  add(
    "older",
    "a child issued a second before its parent",
    { rule: "V6.7", links: [{ claims: { iat: NOW - 61 } }] },
    widened("/iat"),
  );
  add(
    "child-exp-is-iat",
    "a child whose exp is its iat",
    { rule: "V5.9", links: [{ claims: { iat: NOW + 10, exp: NOW + 10 } }] },
    refuse("token_malformed", "/exp"),
  );
  add(
    "child-expired",
    "a child that has expired under a living parent",
    { rule: "V5.10", links: [{ claims: { exp: NOW } }] },
    refuse("token_expired", "/exp"),
  );
  add(
    "child-ahead",
    "a child issued 31 seconds ahead",
    { rule: "V5.11", links: [{ claims: { iat: NOW + 31 } }] },
    refuse("token_not_yet_valid", "/iat"),
  );

  const same = { claims: { jti: id("same") } };
  const repeated = broken("/jti");
  add("jti-of-parent", "a child with its parent's jti", { rule: "V6.13", root: same, links: [same] }, repeated);
  add("jti-of-root", "a third token with the root's jti", { rule: "V6.13", root: same, links: [{}, same] }, repeated);
  add(
    "jti-among-children",
    "a third token with the second one's jti",
    { rule: "V6.13", links: [same, same] },
    repeated,
  );
  add(
    "sub-changed",
    "a child for another subject",
    { rule: "V6.8", links: [{ claims: { sub: "carol" } }] },
    refuse("principal_changed", "/sub"),
  );
  add(
    "txn-changed",
    "a child of another transaction",
    { rule: "V6.9", root: { claims: { txn: "tx-1" } }, links: [{ claims: { txn: "tx-2" } }] },
    refuse("principal_changed", "/txn"),
  );
  add(
    "txn-added",
    "a child with a transaction where the root has none",
    { rule: "V6.9", links: [{ claims: { txn: "tx-1" } }] },
    refuse("principal_changed", "/txn"),
  );
  add(
    "audience-added",
    "a child for an audience that its parent does not have",
    { rule: "V6.10", links: [{ claims: { aud: [PAY, DOCS] } }] },
    widened("/aud"),
  );
  add(
    "audience-back",
    "a grandchild takes back an audience that the child gave up",
    {
      rule: "V6.10",
      root: { claims: { aud: [PAY, DOCS] }, grant: { [`${PAY}#t`]: {} } },
      links: [
        { claims: { aud: [PAY] }, grant: { [`${PAY}#t`]: {} } },
        { claims: { aud: [DOCS] }, grant: { [`${PAY}#t`]: {} } },
      ],
      anchor: { audiences: [PAY, DOCS] },
      audience: [DOCS],
      tool: "t",
    },
    widened("/aud"),
  );
  add(
    "widened-late",
    "a third token takes what the second gave up and the first had",
    { rule: "V6.11", links: [{}, { grant: { send_payment: {} } }] },
    widened("/authorization_details/0/tools/send_payment"),
  );

  add(
    "audience-not-ours",
    "a chain for another enforcement point",
    { rule: "V7.1", audience: [DOCS] },
    refuse("audience_mismatch", "/aud"),
  );
  add(
    "audience-silent",
    "a child gave up our name, and the one below names none: it has its parent's",
    {
      rule: "V7.1",
      root: { claims: { aud: [PAY, DOCS] }, grant: { [`${DOCS}#t`]: {} } },
      links: [{ claims: { aud: [PAY] }, grant: { [`${DOCS}#t`]: {} } }, { grant: { [`${DOCS}#t`]: {} } }],
      anchor: { audiences: [PAY, DOCS] },
      audience: [DOCS],
      tool: "t",
      arguments: {},
      proof: { claims: { aat_aud: DOCS, aat_tool: `${DOCS}#t` } },
    },
    refuse("audience_mismatch", "/aud"),
  );
  add(
    "audience-slash",
    "our name with a slash at its end is another name",
    { rule: "V7.1", audience: [`${PAY}/`] },
    refuse("audience_mismatch", "/aud"),
  );
  add("audience-second-name", "a chain for the second of our names", { rule: "V7.1", audience: [DOCS, PAY] }, accept);

  const unknown = refuse("agent_unknown");
  const keys = [planner.thumbprint];
  const child = { keys: [researcher.thumbprint] };
  add(
    "agent-second-key",
    "an agent with two registered keys uses the second",
    { rule: "V10.1", agents: { planner: { keys: [stranger.thumbprint, ...keys] } } },
    accept,
  );
  add(
    "agent-other-key",
    "a registered agent's name with a key that is not its own",
    { rule: "V10.1", agents: { planner: { keys: [stranger.thumbprint] } } },
    unknown,
  );
  add("agent-not-registered", "an agent that nobody registered", { rule: "V10.2", agents: {} }, unknown);
  add(
    "agent-prototype",
    "an agent called constructor",
    { rule: "V10.2", root: { agent: "constructor" }, agents: {} },
    unknown,
  );
  add(
    "agent-in-the-middle",
    "the agent in the middle is not registered, the last one is",
    { rule: "V10.2", links: [{}, {}], agents: { planner: { keys }, writer: child } },
    unknown,
  );
  const random = "c2Vzc2lvbi0xMjM0NTY3OA";
  const ephemeral = (
    slug: string,
    description: string,
    agent: string,
    expect = unknown,
    agents = { planner: { keys, classes: { searcher: {} } } },
  ): void => add(`ephemeral-${slug}`, description, { rule: "V10.2", links: [{ agent }], agents }, expect);
  ephemeral("known", "a sub-agent of a class that its delegator may make", `planner/searcher/${random}`, accept);
  ephemeral("class", "a class that its delegator may not make", `planner/payer/${random}`);
  ephemeral("prototype", "a class that every JavaScript object has", `planner/constructor/${random}`);
  ephemeral("delegator", "a sub-agent named after another delegator", `writer/searcher/${random}`);
  ephemeral("delegator-as-long", "such a name, just as long as the right one", `painter/searcher/${random}`);
  ephemeral("short", "a random part of 7 characters", "planner/searcher/abcdefg");
  ephemeral("deeper", "one more part in the name", `planner/searcher/x/${random}`);
  ephemeral("no-classes", "a delegator without classes", `planner/searcher/${random}`, unknown, {
    planner: { keys },
  } as never);
  add(
    "ephemeral-root",
    "a root's agent is never ephemeral",
    {
      rule: "V10.2",
      root: { agent: `planner/searcher/${random}` },
      agents: { planner: { keys, classes: { searcher: {} } } } as never,
    },
    unknown,
  );
  add(
    "ephemeral-nested",
    "a class of a class",
    {
      rule: "V10.2",
      links: [{ agent: `planner/searcher/${random}` }, { agent: `planner/searcher/${random}/reader/${random}` }],
      agents: { planner: { keys, classes: { searcher: { classes: { reader: {} } } } } },
    },
    accept,
  );
});
