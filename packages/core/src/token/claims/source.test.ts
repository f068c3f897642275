import { describe, expect, it } from "vitest";
import { grant, wildcard } from "../../grant/index.ts";
import { claimsOf, createWorld, errorOf, ISSUER, NOW, PAY, refusalOf, verifyAt } from "../../world.fixture.ts";
import { delegate } from "../make/delegate.ts";
import { serialize } from "../make/delegation.ts";
import { createIssuer } from "../make/issue.ts";
import type { Provenance } from "./chain.ts";

const world = await createWorld();
const clock = (): number => NOW * 1000;
const { issue } = await createIssuer({
  issuer: ISSUER,
  signer: world.issuer,
  kid: "k1",
  audiences: [PAY],
  subjects: ["alice"],
  tools: "any",
  clock,
});
const pay = grant({ send_payment: { to: wildcard() } });
const order = { subject: "alice", agent: "planner", holder: world.planner, grant: pay };
const full: Provenance = {
  kind: "id_token",
  issuer: "https://login.example",
  subject: "00u1",
  acr: "mfa",
  authTime: NOW - 60,
};
const wire = { kind: "id_token", iss: "https://login.example", sub: "00u1", acr: "mfa", auth_time: NOW - 60 };
const local: Provenance = { kind: "local", issuer: ISSUER, subject: "alice" };

describe("the login that stood behind a root", () => {
  it("is signed by its issuer where the order names it, and stands on the verified chain, also below", async () => {
    for (const login of [full, local]) {
      const held = await issue({ ...order, login });
      const child = await delegate(held, { to: "researcher", holder: world.researcher, grant: pay, clock });
      const chain = await verifyAt(serialize(child), [world.anchor]);
      expect(chain.login).toStrictEqual(login);
      expect(chain.user, "whom the chain acts for is another matter").toEqual({ issuer: ISSUER, subject: "alice" });
    }
    expect(claimsOf(serialize(await issue({ ...order, login: full })))["hw_src"]).toEqual(wire);
  });

  it("is not made up where the order does not name it", async () => {
    const root = serialize(await issue(order));
    expect(claimsOf(root)).not.toHaveProperty("hw_src");
    expect(await verifyAt(root, [world.anchor])).not.toHaveProperty("login");
  });

  it.each<[string, unknown, string]>([
    ["that is no object", "local", "/hw_src"],
    ["that is a list", [wire], "/hw_src"],
    ["that is null", null, "/hw_src"],
    ["without a kind", { ...wire, kind: undefined }, "/hw_src"],
    ["without an iss", { ...wire, iss: undefined }, "/hw_src"],
    ["without a sub", { ...wire, sub: undefined }, "/hw_src"],
    ["with a member of its own", { ...wire, email: "alice@acme.example" }, "/hw_src"],
    ["with a member of its own that sorts last", { ...wire, tenant: "acme" }, "/hw_src"],
    [
      "with one member of the name of two",
      { kind: "local", iss: ISSUER, sub: "alice", "acr,auth_time": NOW },
      "/hw_src",
    ],
    ["of another kind", { ...wire, kind: "saml" }, "/hw_src/kind"],
    ["of a kind that is no text", { ...wire, kind: ["id_token"] }, "/hw_src/kind"],
    ["with an empty iss", { ...wire, iss: "" }, "/hw_src/iss"],
    ["with an iss of 513 characters", { ...wire, iss: "i".repeat(513) }, "/hw_src/iss"],
    ["with a sub that is a number", { ...wire, sub: 1 }, "/hw_src/sub"],
    ["with a sub of 257 characters", { ...wire, sub: "s".repeat(257) }, "/hw_src/sub"],
    ["with an acr that is null", { ...wire, acr: null }, "/hw_src/acr"],
    ["with an acr of 257 characters", { ...wire, acr: "a".repeat(257) }, "/hw_src/acr"],
    ["with a time before the epoch", { ...wire, auth_time: -1 }, "/hw_src/auth_time"],
    ["with half a second", { ...wire, auth_time: 0.5 }, "/hw_src/auth_time"],
  ])("%s is refused", async (_, hw_src, pointer) => {
    expect(await refusalOf(world.root({ hw_src }).then((root) => verifyAt(root, [world.anchor])))).toBe(
      `token_malformed ${pointer}`,
    );
  });

  it("is not for a derived token to say, also where it repeats the root's", async () => {
    const root = await world.root({ hw_src: wire });
    const child = await world.child(root, { hw_src: wire });
    expect(await refusalOf(verifyAt(`${root}~${child}`, [world.anchor]))).toBe("token_malformed /hw_src");
  });

  it("is not signed where a verifier would refuse it", async () => {
    const odd = { ...full, email: "alice@acme.example" } as Provenance;
    expect(await refusalOf(issue({ ...order, login: odd }))).toBe("config_invalid /login/email");
    expect(await refusalOf(issue({ ...order, login: { ...full, subject: "" } }))).toBe("config_invalid /login/subject");
  });

  it("is refused with the kinds that there are, and the members", async () => {
    const messageOf = async (hw_src: unknown): Promise<string> => {
      const root = await world.root({ hw_src });
      return (await errorOf(verifyAt(root, [world.anchor]))).message;
    };
    expect(await messageOf({ ...wire, kind: "saml" })).toContain("one of id_token, access_token, local is expected");
    expect(await messageOf("local")).toContain(
      "an object with kind, iss and sub is expected, and acr and auth_time at most",
    );
  });
});
