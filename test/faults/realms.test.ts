/**
 * What comes of another realm: Jest runs tests in one of its own, and `structuredClone`, the JSON of `fetch` and Node's own errors are
 * of the one outside. It counts as what it is: no more is taken, and nothing is refused for it.
 */
import { runInNewContext } from "node:vm";
import { authorizeTools } from "@hopwise/ai-sdk";
import { createAuthorizer, type HeldDelegation, inMemoryUsers, jsonLinesAudit } from "@hopwise/core";
import { exact, grant, readGrant } from "@hopwise/core/grant";
import { allowAll, type Company, createCompany, sampleDecision, testClock } from "@hopwise/core/testing";
import { table, text, timestamp } from "@hopwise/filter";
import { tool } from "ai";
import { beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { shipped, textOf } from "../architecture/sources.ts";

let company: Company;
let held: HeldDelegation;
beforeAll(async () => {
  company = await createCompany({
    users: { alice: { roles: ["clerk"] } },
    agents: { planner: { roles: ["agent"] } },
    tools: { pay: { kind: "payment", action: "pay", id: "to" } },
  });
  held = await company.chain("alice", "planner");
});

const HERE = (source: string): unknown => new Function(`return (${source})`)();
const ELSEWHERE = (source: string): unknown => runInNewContext(`(${source})`);
const CALL = '{ to: "ACME", lines: [{ amount: 1, tags: ["a"] }] }';
const AT = { id: text(), columns: { at: timestamp({ milliseconds: true }) } };
const AT_EXACTLY = { id: text(), columns: { at: timestamp() } };

type Made = (source: string) => never;

/** What is made of a value; of one that is refused, the words. */
const USES: { readonly [what: string]: (made: Made) => unknown } = {
  "arguments of a call": async (made) => {
    const { outcome } = await company.authorizer({ cerbos: allowAll() }).call(held, "pay", made(CALL));
    return outcome;
  },
  "a class's arguments": async (made) => {
    const { outcome } = await company.authorizer({ cerbos: allowAll() }).call(held, "pay", made("{ to: new Date(0) }"));
    return outcome;
  },
  "a loop's context": async (made) => {
    const authorizer = company.authorizer({ cerbos: allowAll() });
    const execute = (_: unknown, { context }: { readonly context: unknown }) => Object.keys(context as object);
    const own = tool({ inputSchema: z.looseObject({}), execute });
    const { pay } = await authorizeTools({ pay: own }, { authorizer, delegation: held });
    const options = { toolCallId: "c1", messages: [], context: made("{ tenant: 'acme' }") };
    return pay.execute?.({ to: "ACME" }, options as never);
  },
  "a constraint's value": (made) => grant({ pay: { to: exact(made("{ name: ['ACME', { a: 1 }] }")) } }),
  "a grant": (made) => readGrant(made("{ pay: { to: { constraint_type: 'exact', value: 'ACME' } } }")),
  "a user": (made) =>
    inMemoryUsers({ "https://id.example": made("{ alice: { roles: ['clerk'], attributes: { a: { b: [1] } } } }") }),
  "a user with a class": (made) =>
    inMemoryUsers({ "https://id.example": made("{ alice: { roles: ['clerk'], attributes: { a: new Date(0) } } }") }),
  options: (made) => createAuthorizer(made("{ audience: 'https://pay.example' }")),
  "a time of a row": (made) => table(AT).resourceOf(made("{ id: '1', at: new Date(5) }")),
  "a time of a row that may have lost digits": (made) =>
    table(AT_EXACTLY).resourceOf(made("{ id: '1', at: new Date(5) }")),
  "a time of a clock": (made) => {
    const clock = testClock();
    clock.set(made("new Date(5)"));
    return clock();
  },
  "an error of a writer": async (made) => {
    const write = () => {
      throw made("Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' })");
    };
    await jsonLinesAudit({ write }).record(sampleDecision());
  },
};

describe.each(Object.entries(USES))("%s", (_, use) => {
  const told = async (made: (source: string) => unknown): Promise<unknown> => {
    try {
      return JSON.stringify(await use(made as Made));
    } catch (error) {
      return (error as Error).message;
    }
  };

  it("is the same of another realm", async () => {
    expect(await told(ELSEWHERE)).toBe(await told(HERE));
  });
});

it("no source asks by instanceof for what another realm may give", () => {
  const asks = shipped.filter((file) => /\binstanceof (Date|Map|Set)\b/.test(textOf(file)));
  expect(asks).toEqual([]);
});
