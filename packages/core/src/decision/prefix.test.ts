import type { CheckResourcesRequest, Resource } from "@cerbos/core";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Agent, hopsOf, principalsOf, type User } from "../principal/index.ts";
import { pdpOf } from "../world.fixture.ts";
import { checkHops } from "./check-hops.ts";

const resource: Resource = { kind: "payment", id: "p1", attr: { args: { amount: 900 } } };

describe("the law", () => {
  const names = fc.array(fc.constantFrom("planner", "researcher", "clerk", "a/b-1"), { minLength: 1, maxLength: 6 });
  const roles = fc.uniqueArray(fc.constantFrom("admin", "analyst", "agent", "reader"), { minLength: 1 });
  const attributes = fc.dictionary(fc.constantFrom("a", "b", "region"), fc.oneof(fc.integer({ max: 9 }), fc.string()));
  const agent: fc.Arbitrary<Agent> = fc.record({ roles, attributes, keys: fc.constant([]) });

  it("holds: what is asked of a hop is the same in every longer chain, but for the handing over that it adds", async () => {
    const property = fc.asyncProperty(
      names.chain((all) =>
        fc.tuple(fc.constant(all), fc.array(agent, { minLength: all.length, maxLength: all.length })),
      ),
      fc.record({ id: fc.constantFrom("alice", "bob"), roles, attributes }),
      fc.nat({ max: 5 }),
      async ([all, agents], user: User, cut) => {
        const requestsOf = async (length: number): Promise<readonly CheckResourcesRequest[]> => {
          const chain = hopsOf(user, all.slice(0, length));
          const { pdp, asked } = pdpOf();
          const edges = chain.slice(1).map((to, i) => ({
            action: "delegate",
            resource: { kind: "delegation", id: `${i}`, attr: { to: to.id } },
          }));
          const own = principalsOf({ ...user, issuer: "https://id.example" }, agents.slice(0, length), chain);
          await checkHops(
            pdp,
            { hops: chain, principals: own, resource, action: "send", edges, invocation: "inv", chainId: "c" },
            1000,
          );
          return asked;
        };
        const [longer, shorter] = [await requestsOf(all.length), await requestsOf(cut % all.length)];
        for (const [i, request] of shorter.entries()) {
          const last = i === shorter.length - 1;
          const longerOne = longer[i] as CheckResourcesRequest;
          const expected = last ? { ...longerOne, resources: longerOne.resources.slice(0, 1) } : longerOne;
          expect(request).toEqual(expected);
        }
        // Nobody after hop i is named anywhere in its principal.
        for (const [i, request] of longer.entries()) {
          expect(request.principal.attr?.["delegation"]).toMatchObject({ depth: i, chain: { length: i + 1 } });
        }
      },
    );
    await fc.assert(property, { numRuns: 200 });
  });
});
