import { describe, expect, it } from "vitest";
import { memoryAudit } from "../audit/index.ts";
import { inMemoryAgents, inMemoryUsers } from "../principal/index.ts";
import { createTrust } from "../token/index.ts";
import { createWorld, PAY, pdpOf } from "../world.fixture.ts";
import { createAuthorizer } from "./authorizer.ts";
import { warnOfElsewhere } from "./trusted.ts";

const { anchor } = await createWorld();
const partner = { ...anchor, issuer: "https://id.partner.example" };
const slash = [`${PAY}/`];

type Options = Parameters<typeof warnOfElsewhere>[0];

function saidOf(trust: Options["trust"], audience: Options["audience"] = PAY): readonly string[] {
  const said: string[] = [];
  warnOfElsewhere({ trust, audience, onWarning: (text) => said.push(text) });
  return said;
}

describe("the anchors of an enforcement point", () => {
  it("are told of where they may not name it, be it for a slash: each chain of theirs would be refused", () => {
    const [text, ...more] = saidOf([anchor, { ...partner, audiences: slash }]);
    expect(text).toContain(`no chain of "${partner.issuer}" is ever taken here: trust lets it name "${PAY}/", and`);
    expect(text).toContain(`this enforcement point is "${PAY}"`);
    expect(text).not.toContain(anchor.issuer);
    expect(more).toEqual([]);
  });

  it("are told of when the authorizer is made, which a logger that fails does not keep from being made", () => {
    const said: string[] = [];
    const made = createAuthorizer({
      cerbos: pdpOf().pdp,
      audience: PAY,
      trust: [{ ...anchor, audiences: slash }],
      users: inMemoryUsers({}),
      agents: inMemoryAgents({}),
      tools: {},
      audit: memoryAudit(),
      onWarning: (text) => {
        said.push(text);
        throw new Error("hunter2");
      },
    });
    expect(made.audience).toEqual([PAY]);
    expect(said).toEqual([expect.stringContaining("is ever taken here")]);
  });

  it("are as they should be where they may name it by any of its names, or may approve; there may be none", () => {
    expect(saidOf([anchor])).toEqual([]);
    expect(saidOf([{ ...anchor, audiences: slash }], [PAY, ...slash])).toEqual([]);
    expect(saidOf([{ ...anchor, audiences: slash, approvals: true }])).toEqual([]);
    expect(saidOf([])).toEqual([]);
  });

  it("may be those of others, where they can change", () => {
    expect(saidOf(createTrust([{ ...anchor, audiences: slash }]))).toEqual([]);
  });
});
