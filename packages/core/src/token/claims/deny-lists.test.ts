import { describe, expect, it } from "vitest";
import {
  all,
  any,
  anyArguments,
  each,
  type Grant,
  grant,
  length,
  notOneOf,
  object,
  oneOf,
  optional,
  readGrant,
} from "../../grant/index.ts";
import { createWorld, errorOf, ISSUER, NOW, PAY, refusalOf, verifyAt } from "../../world.fixture.ts";
import { delegate } from "../make/delegate.ts";
import { type HeldDelegation, serialize } from "../make/delegation.ts";
import { createIssuer } from "../make/issue.ts";

const world = await createWorld();
const clock = (): number => NOW * 1000;
const { issuer, planner, researcher, anchor } = world;
const { issue } = await createIssuer({
  issuer: ISSUER,
  signer: issuer,
  kid: "k1",
  audiences: [PAY],
  subjects: "any",
  tools: "any",
  clock,
});
const root = (own: Grant, allowDenyLists?: boolean): Promise<HeldDelegation> =>
  issue({
    subject: "alice",
    agent: "planner",
    holder: planner,
    grant: own,
    ...(allowDenyLists !== undefined && { allowDenyLists }),
  });
const child = (parent: HeldDelegation, own: Grant, allowDenyLists?: boolean): Promise<HeldDelegation> =>
  delegate(parent, {
    to: "researcher",
    holder: researcher,
    grant: own,
    clock,
    ...(allowDenyLists !== undefined && { allowDenyLists }),
  });

const denies = grant({ run: { command: notOneOf("rm"), on: oneOf("a", "b") } });

describe("a grant that says what is forbidden", () => {
  it.each<[string, Grant, string]>([
    ["an argument", denies, "/run/command"],
    ["an optional argument", grant({ run: { command: optional(notOneOf("rm")) } }), "/run/command"],
    ["a clause of all", grant({ run: { command: all(length(9), notOneOf("rm")) } }), "/run/command"],
    ["a clause of any", grant({ run: { command: any(oneOf("ls"), notOneOf("rm")) } }), "/run/command"],
    ["each element", grant({ run: { command: each(notOneOf("rm")) } }), "/run/command"],
    ["a property", grant({ "mcp:prompts/get": { "a/b": object({ c: notOneOf("rm") }) } }), "/mcp:prompts~1get/a~1b"],
  ])("of %s is issued only where the option says so", async (_, own, pointer) => {
    expect(await refusalOf(root(own))).toBe(`config_invalid ${pointer}`);
    expect(await refusalOf(root(own, false))).toBe(`config_invalid ${pointer}`);
    const held = await root(own, true);
    expect((await verifyAt(serialize(held), [anchor])).links[0]?.grant).toEqual(own);
  });

  it("is refused with what to do instead", async () => {
    expect((await errorOf(root(denies))).message).toMatch(
      /not_one_of.*name what is allowed, or say allowDenyLists: true/,
    );
  });

  it("can be kept, or made longer, without the option: it was decided above", async () => {
    const parent = await root(denies, true);
    for (const own of [denies, grant({ run: { command: notOneOf("rm", "dd"), on: oneOf("a") } })]) {
      const held = await child(parent, own);
      expect((await verifyAt(serialize(held), [anchor])).links[1]?.grant).toEqual(own);
    }
  });

  it("is new where the parent allowed anything, or has a deny-list elsewhere only", async () => {
    const parent = await root(
      readGrant({ ...denies, ...grant({ delete: anyArguments, list: { of: optional(oneOf("a")) } }) }),
      true,
    );
    const own = grant({ delete: { file: notOneOf("/etc") } });
    expect(await refusalOf(child(parent, own))).toBe("config_invalid /delete/file");
    expect((await child(parent, own, true)).grant).toEqual(own);
    const inherited = grant({ delete: { toString: notOneOf("/etc") } });
    expect(await refusalOf(child(parent, inherited)), "no argument of the parent").toBe(
      "config_invalid /delete/toString",
    );
  });

  it("that widens is refused as widening, whatever the option says", async () => {
    const parent = await root(denies, true);
    const own = grant({ run: { command: notOneOf("dd"), on: oneOf("a") } });
    expect(await refusalOf(child(parent, own, true))).toMatch(/^chain_widened/);
  });
});
