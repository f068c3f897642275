import { describe, expect, expectTypeOf, it } from "vitest";
import { z } from "zod";
import {
  anyArguments,
  exact,
  type Grant,
  grant,
  int,
  noArguments,
  range,
  suffix,
  wildcard,
} from "../../grant/index.ts";
import { createWorld, DOCS, errorOf, ISSUER, NOW, PAY, refusalOf, verifyAt } from "../../world.fixture.ts";
import { delegate } from "./delegate.ts";
import { serialize } from "./delegation.ts";
import { grantFor } from "./grant-for.ts";
import { createIssuer } from "./issue.ts";

const send_payment = { to: wildcard(), amount: range({ max: 1000 }) };
const both = grantFor({
  [PAY]: { send_payment, "mcp:resources/read": { uri: exact("policy://payments") }, ping: noArguments },
  [DOCS]: { send_payment: anyArguments, send_mail: { to: suffix("@acme.example") } },
});

describe("a grant for several audiences", () => {
  it("names each tool by the audience that it belongs to, so that two servers may have tools of one name", () => {
    expect(both).toEqual({
      [`${PAY}#send_payment`]: send_payment,
      [`${PAY}#mcp:resources/read`]: { uri: exact("policy://payments") },
      [`${PAY}#ping`]: { "": { constraint_type: "absent" } },
      [`${DOCS}#send_payment`]: {},
      [`${DOCS}#send_mail`]: { to: suffix("@acme.example") },
    });
  });

  it("goes through issue, delegate and verification; a root with one audience refuses it", async () => {
    const world = await createWorld();
    const clock = (): number => NOW * 1000;
    const { issue } = await createIssuer({
      issuer: ISSUER,
      signer: world.issuer,
      kid: "k1",
      audiences: [PAY, DOCS],
      subjects: "any",
      tools: "any",
      clock,
    });
    const order = { subject: "alice", agent: "planner", holder: world.planner };
    const held = await issue({ ...order, grant: both });
    const less = grantFor({ [PAY]: { send_payment: { to: exact("ACME"), amount: int({ min: 1, max: 10 }) } } });
    const child = await delegate(held, {
      to: "researcher",
      holder: world.researcher,
      grant: less,
      audience: [PAY],
      clock,
    });
    expect((await verifyAt(serialize(child), [world.anchor])).links[1]?.grant).toEqual(less);
    const at = "/authorization_details/0/tools";
    expect(await refusalOf(issue({ ...order, grant: both, audience: [PAY] }))).toBe(`token_malformed ${at}`);
    expect(await refusalOf(issue({ ...order, grant: grant({ send_payment }) }))).toBe(`token_malformed ${at}`);
  });

  const escaped = PAY.replaceAll("/", "~1");
  it.each<[string, () => unknown, string]>([
    ["a tool where an audience belongs", () => grantFor({ send_payment: { to: anyArguments } }), "/send_payment"],
    [
      "an operation of MCP where an audience belongs",
      () => grantFor({ "mcp:tools/list": { x: noArguments } }),
      "/mcp:tools~1list",
    ],
    ["an audience with a fragment", () => grantFor({ [`${PAY}#x`]: { y: noArguments } }), `/${escaped}#x`],
    [
      "a tool that is qualified once more",
      () => grantFor({ [PAY]: { [`${PAY}#x`]: noArguments } }),
      `/${escaped}/${escaped}#x`,
    ],
    ["an operation of MCP that is not known", () => grantFor({ [PAY]: { "mcp:x": noArguments } }), `/${escaped}/mcp:x`],
    ["an audience without a tool", () => grantFor({ [PAY]: {} }), `/${escaped}`],
    ["a tool without an argument", () => grantFor({ [PAY]: { x: {} } }), `/${escaped}#x`],
    [
      "a constraint that is none",
      () => grantFor({ [PAY]: { x: { y: range({ min: 2, max: 1 }) } } }),
      `/${escaped}#x/y`,
    ],
  ])("is refused with %s", async (_, build, pointer) => {
    expect(await refusalOf(build)).toBe(`config_invalid ${pointer}`);
  });

  it("says of each mistake where it is and what to do", async () => {
    const say = async (build: () => unknown): Promise<string> => (await errorOf(build)).message;
    expect(await say(() => grantFor({ pay: { x: noArguments } }))).toBe(
      'the grant is not right at "/pay": grantFor takes tools by audience, an absolute URI without a fragment; bare tools are for grant',
    );
    expect(await say(() => grantFor({ [PAY]: {} }))).toContain("an audience without a tool: leave it out");
    expect(await say(() => grantFor({ [PAY]: { "a#b": noArguments } }))).toContain(
      'under an audience, a tool has its own name: it contains "#"',
    );
  });

  it("cannot be mixed with bare tools, by hand either", async () => {
    expect(await refusalOf(() => grant({ [`${PAY}#send_payment`]: send_payment, send_payment }))).toBe(
      "config_invalid",
    );
    expect(grant({ [`${PAY}#send_payment`]: send_payment })).toEqual({ [`${PAY}#send_payment`]: send_payment });
  });
});

describe("a grant for several audiences, against the tools' own schemas", () => {
  const schemas = {
    [PAY]: { send_payment: z.object({ to: z.string(), amount: z.number() }) },
    [DOCS]: { send_payment: z.object({ to: z.number() }) },
  } as const;

  it("takes what fits, each audience by its own", () => {
    expectTypeOf(
      grantFor({ [PAY]: { send_payment }, [DOCS]: { send_payment: { to: int() } } }, schemas),
    ).toEqualTypeOf<Grant>();
    grantFor({ [PAY]: { send_payment: anyArguments, other: { x: wildcard() } } }, schemas);
    grantFor({ "https://else.example": { send_payment: { x: wildcard() } } }, schemas);
  });

  it("does not compile with a wrong name, a missing one, or a constraint of another type", () => {
    const amout = { ...send_payment, amout: wildcard() };
    // @ts-expect-error amout is not an argument
    grantFor({ [PAY]: { send_payment: amout } }, schemas);
    const to = wildcard();
    // @ts-expect-error amount is required, so without it no call could pass
    grantFor({ [PAY]: { send_payment: { to } } }, schemas);
    const text = exact("7");
    // @ts-expect-error there it is a number
    grantFor({ [PAY]: { send_payment }, [DOCS]: { send_payment: { to: text } } }, schemas);
  });

  it("does not compile for the other builder, nor does the other's grant here", async () => {
    // @ts-expect-error tools by audience are for grantFor
    expect(await refusalOf(() => grant({ [PAY]: { send_payment } }))).toMatch(/^config_invalid/);
    // @ts-expect-error bare tools are for grant
    expect(await refusalOf(() => grantFor({ send_payment }))).toMatch(/^config_invalid/);
  });
});
