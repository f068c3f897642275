import { describe, expect, it } from "vitest";
import { exact, type Grant, grant, int, range, readGrant, wildcard } from "../../grant/index.ts";
import {
  ALGORITHMS,
  claimsOf,
  createWorld,
  DOCS,
  details,
  errorOf,
  hashOf,
  NOW,
  PAY,
  refusalOf,
  verifyAt,
  type World,
} from "../../world.fixture.ts";
import { everyTool } from "../claims/every-tool.ts";
import { thumbprintOf, thumbprintUri } from "../keys/key.ts";
import { generateSigner, type Signer } from "../keys/signer.ts";
import { type DelegateOrder, delegate } from "./delegate.ts";
import { type Delegation, type HeldDelegation, hold, parseDelegation, serialize } from "./delegation.ts";

const worlds = await Promise.all(ALGORITHMS.map((algorithm) => createWorld(algorithm)));
const clock = (): number => NOW * 1000 + 500;
const less = grant({ send_payment: { to: exact("ACME"), amount: range({ max: 10 }) } });

describe.each(worlds)("delegating with an $algorithm key", (world: World) => {
  const heldRoot = async (claims = {}): Promise<HeldDelegation> =>
    hold(await parseDelegation(await world.root(claims)), world.planner);
  const order = (changed: Partial<Omit<DelegateOrder, "holder">> = {}) => ({
    to: "researcher",
    holder: world.researcher,
    grant: less,
    clock,
    ...changed,
  });
  const attempt = async (changed: object, root = {}): Promise<string> =>
    refusalOf(delegate(await heldRoot(root), { ...order(), ...changed }));

  it("makes a chain that a verifier accepts, and that says what was ordered", async () => {
    const root = await world.root();
    const held = await delegate(await hold(await parseDelegation(root), world.planner), order());
    const chain = serialize(held);
    const own = claimsOf(chain.split("~")[1] as string);
    expect(chain.startsWith(`${root}~`)).toBe(true);
    expect(own).toEqual({
      jti: expect.stringMatching(/^[\w-]{22}$/),
      iss: thumbprintUri(await thumbprintOf(world.planner.publicJwk)),
      act: { sub: "researcher" },
      iat: NOW,
      exp: NOW + 3600,
      del_depth: 1,
      del_max_depth: 3,
      par_hash: await hashOf(root),
      cnf: { jwk: world.researcher.publicJwk },
      ...details(less),
    });
    const verified = await verifyAt(chain, [world.anchor]);
    expect(verified.links.map(({ agent }) => agent)).toEqual(["planner", "researcher"]);
    expect(held).toMatchObject({ id: verified.id, agents: ["planner", "researcher"], subject: "alice", grant: less });
  });

  it("gives it as long to live as its parent has, and not a second more", async () => {
    expect((await delegate(await heldRoot(), order())).expiresAt).toBe(NOW + 3600);
    expect((await delegate(await heldRoot(), order({ lifetimeSeconds: 60 }))).expiresAt).toBe(NOW + 60);
    expect(await attempt({ lifetimeSeconds: 3600 })).toBe("accepted");
    expect(await attempt({ lifetimeSeconds: 3601 })).toBe("chain_widened /exp");
  });

  it("refuses a lifetime that no verifier would take: nothing, less than nothing, a part of a second", async () => {
    for (const lifetimeSeconds of [0, -1, 0.5, Number.NaN]) {
      expect(await attempt({ lifetimeSeconds })).toBe("config_invalid /lifetimeSeconds");
    }
  });

  it("is never older than its parent, where the parent comes from a clock ahead", async () => {
    const held = await delegate(await heldRoot({ iat: NOW + 20 }), order({ lifetimeSeconds: 60 }));
    expect(claimsOf(serialize(held).split("~")[1] as string)).toMatchObject({ iat: NOW + 20, exp: NOW + 80 });
  });

  it("refuses a parent from the second on in which it expires", async () => {
    expect(await attempt({ clock: () => (NOW + 3599) * 1000 })).toBe("accepted");
    expect(await attempt({ clock: () => (NOW + 3600) * 1000 })).toBe("token_expired");
  });

  it("refuses to go deeper than the ceiling, or to raise it", async () => {
    expect(await attempt({}, { del_max_depth: 0 })).toBe("chain_depth_exceeded /del_depth");
    expect(await attempt({ maxDepth: 0 })).toBe("chain_depth_exceeded /del_depth");
    expect(await attempt({ maxDepth: 4 })).toBe("chain_widened /del_max_depth");
    expect(await attempt({ maxDepth: 1 })).toBe("accepted");
    const last = await delegate(await heldRoot(), order({ maxDepth: 1 }));
    expect(await refusalOf(delegate(last, { ...order(), to: "clerk", holder: world.clerk }))).toBe(
      "chain_depth_exceeded /del_depth",
    );
  });

  it("says that a chain is too deep, not that its ceiling is, where both are", async () => {
    expect(await attempt({ maxDepth: 1 }, { del_max_depth: 0 })).toBe("chain_depth_exceeded /del_depth");
  });

  it("signs nothing that no verifier would take", async () => {
    let signed = 0;
    const parent = await parseDelegation(await world.root());
    const sign: Signer["sign"] = (data) => {
      signed++;
      return world.planner.sign(data);
    };
    const held = await hold(parent, { publicJwk: world.planner.publicJwk, sign });
    const broken = [{ to: "agent:x" }, { lifetimeSeconds: 0.5 }, { audience: [] }, { lifetimeSeconds: 3601 }];
    for (const changed of broken)
      expect(await refusalOf(delegate(held, { ...order(), ...changed }))).not.toBe("accepted");
    expect(signed).toBe(0);
    expect(await refusalOf(delegate(held, order()))).toBe("accepted");
    expect(signed).toBe(1);
  });

  it("makes a chain of the most bytes that a verifier reads, and none of one byte more", async () => {
    const handed = (letters: number): Grant => grant({ t: { a: exact("x".repeat(letters)) } });
    const anchor = { ...world.anchor, maxDepth: 16 };
    const parentOf = async (letters: number): Promise<HeldDelegation> => {
      let held = await heldRoot({ del_max_depth: 16, ...details({ t: {} }) });
      for (let i = 0; i < 5; i++) {
        held = await delegate(held, { to: "a", holder: await generateSigner(), grant: handed(letters), clock });
      }
      return held;
    };
    const lastOf = async (parent: HeldDelegation, letters: number, name: number): Promise<Delegation> =>
      delegate(parent, { to: "n".repeat(name), holder: world.clerk, grant: handed(letters), clock });
    const bytes = (delegation: Delegation): number => serialize(delegation).length;

    // Coarse by what is handed over, fine by the name of the last agent: a letter more is one or two bytes more.
    let letters = 2900;
    let parent = await parentOf(letters);
    const spare = 32_768 - bytes(await lastOf(parent, letters, 1));
    letters += Math.floor(spare / 8) - 1;
    parent = await parentOf(letters);
    const sizes: number[] = [];
    let refusal = "accepted";
    for (let name = 1; refusal === "accepted" && name <= 128; name++) {
      const made = lastOf(parent, letters, name);
      refusal = await refusalOf(made);
      if (refusal === "accepted") sizes.push(bytes(await made));
      else expect((await errorOf(made)).message).toMatch(/would be 327(?:69|7\d) bytes, 32768 are read/);
    }
    expect(refusal).toBe("token_too_large");
    expect(sizes.at(-1)).toBe(32_768);
    const longest = await lastOf(parent, letters, sizes.length);
    expect(await refusalOf(verifyAt(serialize(longest), [anchor]))).toBe("accepted");
  });

  it("says how deep a chain may be that would be too deep, and where", async () => {
    const error = await errorOf(delegate(await heldRoot({ del_max_depth: 0 }), order()));
    expect(error.message).toContain('may be 0 deep, this would be 1; nobody may follow "planner"');
    expect(error.pointer).toBe("/del_depth");
    const own = await errorOf(delegate(await heldRoot(), { ...order(), maxDepth: 0 }));
    expect(own.message, "by its own ceiling").toContain(
      "may be 0 deep, this would be 1; maxDepth counts from the root on: to let nobody follow the new holder, give 1",
    );
  });

  it("says whose key the new holder has, where an agent hands back to one above it", async () => {
    const below = await delegate(await heldRoot(), order());
    const error = await errorOf(delegate(below, { ...order(), to: "planner", holder: world.planner }));
    expect(error.message).toContain(
      'has the key of "planner", which is in the chain already; give it a key of its own',
    );
    const held = await errorOf(hold(await parseDelegation(serialize(await heldRoot())), world.researcher));
    expect(held.message).toContain('that of its last agent, "planner"; hold it with that key, or have it delegated');
  });

  it("says which tool was meant, or which there are, where the grant names one that the parent has not", async () => {
    const says = async (tool: string): Promise<string> =>
      (await errorOf(delegate(await heldRoot(), { ...order(), grant: grant({ [tool]: { to: wildcard() } }) }))).message;
    expect(await says("send_payments")).toMatch(/; did you mean "send_payment"\?$/);
    expect(await says("read_mail")).toMatch(/; there is "send_payment"/);
  });

  it.each<[rule: string, pointer: string, changed: Partial<Omit<DelegateOrder, "holder">>, values: string]>([
    ["the depth ceiling may only fall", "/del_max_depth", { maxDepth: 4 }, "the parent has 3, the child asks for 4"],
    [
      "a child may not outlive its parent",
      "/exp",
      { lifetimeSeconds: 3601 },
      `the parent has ${NOW + 3600}, the child asks for ${NOW + 3601}; leave lifetimeSeconds out, or give at most 3600`,
    ],
    [
      "a child's audience is part of its parent's",
      "/aud",
      { audience: [PAY, DOCS] },
      `the parent has ["${PAY}"], the child asks for "${DOCS}"`,
    ],
  ])("refuses to widen by the rule: %s", async (rule, pointer, changed, values) => {
    const error = await errorOf(delegate(await heldRoot(), { ...order(), ...changed }));
    expect(error).toMatchObject({ code: "chain_widened", pointer, rule });
    expect(error.message).toContain(`"${pointer}": ${rule}; ${values}`);
  });

  it("goes by the machine's own clock where no other was given", async () => {
    const { clock: _, ...unclocked } = order();
    const before = Math.floor(Date.now() / 1000);
    const held = await delegate(await heldRoot({ exp: before + 3600 }), { ...unclocked, lifetimeSeconds: 60 });
    const iat = claimsOf(serialize(held).split("~")[1] as string)["iat"] as number;
    expect(iat).toBeGreaterThanOrEqual(before);
    expect(iat).toBeLessThanOrEqual(Math.floor(Date.now() / 1000));
    expect(held.expiresAt).toBe(iat + 60);
    expect(await refusalOf(delegate(await heldRoot(), unclocked))).toBe("token_expired"); // it ended in 2025
  });

  it("hands on to a class of sub-agents under the delegator's own name, with a name that it gives", async () => {
    const [first, second] = [
      await delegate(await heldRoot(), { ...order(), to: { class: "reader" } }),
      await delegate(await heldRoot(), { ...order(), to: { class: "reader" } }),
    ];
    expect(first.agents[1]).toMatch(/^planner\/reader\/[\w-]{22}$/);
    expect(first.agents[1]).not.toBe(second.agents[1]);
  });

  it("names the audience that was ordered, and none where none was", async () => {
    const named = await delegate(await heldRoot(), order({ audience: [PAY] }));
    expect(claimsOf(serialize(named).split("~")[1] as string)["aud"]).toEqual([PAY]);
    const silent = await delegate(await heldRoot(), order());
    expect(claimsOf(serialize(silent).split("~")[1] as string)).not.toHaveProperty("aud");
  });

  it("refuses an audience at which nothing counts that it hands over, but not where a part of it does", async () => {
    const [pay, docs] = [`${PAY}#pay`, `${DOCS}#read`];
    const both = await heldRoot({ aud: [PAY, DOCS], ...details({ [pay]: {}, [docs]: {} }) });
    const make = (tools: object, audience = [PAY]) => delegate(both, { ...order(), audience, grant: readGrant(tools) });
    const error = await errorOf(make({ [docs]: {} }));
    expect(error).toMatchObject({ code: "config_invalid", pointer: "/audience" });
    expect(error.message).toContain(`none of the tools in grant is one of "${PAY}", where this could be shown`);
    for (const tools of [{ [pay]: {} }, { [pay]: {}, [docs]: {} }, {}]) {
      expect((await make(tools)).audience).toEqual([PAY]);
    }
    expect(await refusalOf(make({ pay: {} }))).toMatch(/^chain_widened/);
    const every = await heldRoot({ aud: [PAY, DOCS], ...details({ [`${PAY}#mcp:tools/*`]: {} }) });
    const grant = everyTool(PAY);
    expect((await delegate(every, { ...order(), audience: [PAY], grant })).audience).toEqual([PAY]);
  });

  it("refuses an audience that the parent lacks", async () => {
    expect(await attempt({ audience: [DOCS] })).toBe("chain_widened /aud");
    expect(await attempt({ audience: [PAY] })).toBe("accepted");
    expect(await attempt({ audience: [] })).toBe("config_invalid /audience");
  });

  it("refuses an audience that the parent gave up and the root has", async () => {
    const tools = { [`${PAY}#pay`]: {}, [`${DOCS}#read`]: {} };
    const both = await heldRoot({ aud: [PAY, DOCS], ...details(tools) });
    const grant = readGrant(tools);
    const parent = await delegate(both, { ...order(), grant, audience: [PAY] });
    const next = { ...order(), grant, to: "clerk", holder: world.clerk };
    expect((await delegate(parent, next)).audience).toEqual([PAY]);
    expect(await refusalOf(delegate(parent, { ...next, audience: [DOCS] }))).toBe("chain_widened /aud");
  });

  it("refuses to widen, with the place, both values and the rule", async () => {
    const wide = grant({ send_payment: { to: wildcard(), amount: range({ max: 5000 }) } });
    const error = await errorOf(delegate(await heldRoot(), order({ grant: wide })));
    expect(error).toMatchObject({
      code: "chain_widened",
      pointer: "/authorization_details/0/tools/send_payment/amount/max",
      rule: "an upper bound may only fall",
    });
    expect(error.message).toContain(`at "${error.pointer}"`);
    expect(error.message).toContain(`${error.rule}; the parent has 1000, the child asks for 5000`);
  });

  it("says that the parent has nothing where it has nothing", async () => {
    const error = await errorOf(delegate(await heldRoot(), order({ grant: grant({ wipe: { disk: exact("a") } }) })));
    expect(error.message).toContain('the parent has nothing, the child asks for {"disk":');
    expect(error.pointer).toBe("/authorization_details/0/tools/wipe");
  });

  it("says that the child asks for nothing where it leaves out what the parent restricts", async () => {
    const error = await errorOf(
      delegate(await heldRoot(), order({ grant: grant({ send_payment: { to: exact("a") } }) })),
    );
    expect(error.pointer).toBe("/authorization_details/0/tools/send_payment/amount");
    expect(error.message).toContain(
      'the parent has {"constraint_type":"range","max":1000}, the child asks for nothing',
    );
  });

  it("refuses the delegator's own key: with it, the child could present the broader parent", async () => {
    expect(await attempt({ holder: world.planner })).toBe("token_key_refused");
    const copy: Signer = { publicJwk: { ...world.planner.publicJwk }, sign: world.planner.sign };
    expect(await attempt({ holder: copy })).toBe("token_key_refused");
  });

  it("refuses a key that stands further up in the chain, for the same reason", async () => {
    const second = await delegate(await heldRoot(), order());
    const third = { ...order(), to: "planner", holder: world.planner };
    expect(await refusalOf(delegate(second, third))).toBe("token_key_refused");
  });

  it("refuses no name for an agent", async () => {
    expect(await attempt({ to: "" })).toBe("config_invalid /to");
  });

  it.each(["agent:researcher", "re searcher", "/x", "x/", "a\nb", "é", "\ud800", "x".repeat(129)])(
    "refuses the name %j for an agent",
    async (to) => {
      expect(await attempt({ to })).toBe("config_invalid /to");
    },
  );

  it.each(["", "a b", "a/b", "é", "x".repeat(65)])("refuses the name %j for a class of agents", async (name) => {
    expect(await attempt({ to: { class: name } })).toBe("config_invalid /to/class");
  });

  it("keeps to the draft alone where it is asked to, all the way down the chain", async () => {
    const parent = await heldRoot();
    const core = grant({ send_payment: { to: exact("a"), amount: exact(1) } });
    expect((await delegate(parent, { ...order({ grant: core }), interop: "aat-01" })).agents).toHaveLength(2);
    const own = await delegate(
      parent,
      order({ grant: grant({ send_payment: { to: wildcard(), amount: int({ max: 9 }) } }) }),
    );
    expect(
      await refusalOf(
        delegate(own, { ...order({ grant: core }), to: "clerk", holder: world.clerk, interop: "aat-01" }),
      ),
    ).toBe("config_invalid /send_payment/amount");
    const below = await delegate(own, { ...order({ grant: core }), to: "clerk", holder: world.clerk });
    expect(
      await refusalOf(
        delegate(below, { ...order({ grant: core }), to: "mallory", holder: world.mallory, interop: "aat-01" }),
      ),
      "a token further up says what is not the draft's",
    ).toBe("config_invalid /send_payment/amount");
    const every = await heldRoot(details(everyTool()));
    expect((await delegate(every, order({ grant: core }))).agents).toHaveLength(2);
    expect(await refusalOf(delegate(every, { ...order({ grant: core }), interop: "aat-01" }))).toBe(
      "config_invalid /mcp:tools~1*",
    );
  });

  it("refuses what is no grant, or only looks like one", async () => {
    for (const broken of [{}, { ...less }, JSON.parse(JSON.stringify(less)), undefined, null, "any", [less]]) {
      expect(await attempt({ grant: broken as Grant })).toBe("config_invalid /grant");
    }
  });

  it("refuses a token that no verifier would read, because it is too large", async () => {
    const root = details({ t: {} });
    const big = grant({
      t: Object.fromEntries(Array.from({ length: 3 }, (_, i) => [`a${i}`, exact("x".repeat(4000))])),
    });
    expect(await attempt({ grant: big }, root)).toBe("token_too_large");
  });

  it("refuses a chain that no verifier would read, because it is too large", async () => {
    let held = await heldRoot({ del_max_depth: 16, ...details({ t: {} }) });
    const grown = grant({ t: { a: exact("x".repeat(4000)) } });
    const anchor = { ...world.anchor, maxDepth: 16 };
    for (let refusal = "accepted", depth = 1; refusal === "accepted" && depth < 16; depth++) {
      const holder = await generateSigner();
      const next: Promise<HeldDelegation> = delegate(held, { to: "a", holder, grant: grown, clock });
      refusal = await refusalOf(next);
      if (refusal === "accepted") {
        held = await next;
        expect(await refusalOf(verifyAt(serialize(held), [anchor]))).toBe("accepted");
      } else {
        expect(refusal).toBe("token_too_large");
      }
    }
    expect(held.agents.length).toBeLessThan(10);
  });

  it("hands on what was ordered when it was ordered", async () => {
    const audience = [PAY];
    const pending = delegate(await heldRoot(), order({ audience }));
    audience[0] = DOCS;
    expect((await pending).audience).toEqual([PAY]);
    expect(() => Object.assign(less["send_payment"] ?? {}, { amount: wildcard() })).toThrow(TypeError);
  });
});
