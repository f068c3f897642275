/**
 * What a host's function answers is an object of the host's, which may be another one by the next line: a row that a driver
 * fills anew for the next query, an entity that asks its database as each member is read. So each member is read once for an
 * answer, and an answer that is kept is a copy.
 */

import { answeringPdp } from "@hopwise/core/testing";
import { describe, expect, it } from "vitest";
import { CALL, type Options, ROWS, sessionWith } from "./answering.ts";

/** Calls of one session, and all that the policies were asked with. */
async function ask(options: Options, calls: number, between: () => void = () => {}) {
  const told: unknown[] = [];
  const pdp = answeringPdp();
  const session = await sessionWith({
    cerbos: {
      ...pdp,
      checkResources: (request, how) => {
        told.push(structuredClone({ principal: request.principal, resources: request.resources }));
        return pdp.checkResources(request, how);
      },
    },
    ...options,
  });
  const outcomes: string[] = [];
  for (let i = 0; i < calls; i++) {
    outcomes.push((await session.authorize(CALL)).outcome);
    between();
  }
  return { outcomes, told };
}

type Node = { [name: string]: unknown };
const isNode = (value: unknown): value is Node => typeof value === "object" && value !== null;

/** The same, whose members are getters that count. */
function counting(value: unknown, reads: Map<string, number>, at = ""): unknown {
  if (!isNode(value)) return value;
  const copy: object = Array.isArray(value) ? new Array(value.length) : {};
  for (const [name, member] of Object.entries(value)) {
    const place = `${at}/${name}`;
    const own = counting(member, reads, place);
    const get = (): unknown => {
      reads.set(place, (reads.get(place) ?? 0) + 1);
      return own;
    };
    Object.defineProperty(copy, name, { get, enumerable: true });
  }
  return copy;
}

/** Another text in the place of each, at every depth, and one more in each list. */
function spoil(value: unknown): void {
  if (!isNode(value)) return;
  for (const name of Object.keys(value)) {
    if (isNode(value[name])) spoil(value[name]);
    else value[name] = "spoiled";
  }
  if (Array.isArray(value)) value.push("spoiled");
  else value["spoiled"] = "spoiled";
}

describe.each(Object.entries(ROWS))("what a host answers as %s", (_, { right, options, kept }) => {
  it("has each member read once", async () => {
    const answers: Map<string, number>[] = [];
    const { outcomes } = await ask(
      options(() => {
        const reads = new Map<string, number>();
        answers.push(reads);
        return counting(right(), reads);
      }),
      1,
    );
    expect(outcomes).toEqual(["allowed"]);
    expect(answers.length).toBeGreaterThan(0);
    expect(
      answers.flatMap((reads) => [...reads].filter(([place, times]) => times > 1 && !COMPARED.test(place))),
    ).toEqual([]);
  });

  it.runIf(kept)("is kept as it was, whatever becomes of the object that it was", async () => {
    const given: unknown[] = [];
    const find = (): unknown => {
      given.push(right());
      return given.at(-1);
    };
    const { outcomes, told } = await ask((kept as NonNullable<typeof kept>)(find), 2, () => given.map(spoil));
    expect(outcomes).toEqual(["allowed", "allowed"]);
    expect(told.length).toBeGreaterThan(3);
    expect(JSON.stringify(told)).not.toContain("spoiled");
  });
});

/** Members of a key are compared, or read as a key each time that it is used: whatever they are, they are that key or none. */
const COMPARED = /\/(kty|crv|x)$/;
