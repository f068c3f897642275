import { describe, expect, it } from "vitest";
import { errorOf, ISSUER } from "../world.fixture.ts";
import { placeEntry } from "./place-entry.ts";
import type { ToolEntry } from "./tool-entry.ts";

const entry: ToolEntry = { kind: "payment", action: "send", id: "to" };
const query = { tool: "pay", arguments: { region: "emea" }, tenant: ISSUER };

describe("where the policies for a call stand", () => {
  it("is as it is written, or as a function tells it by the call", async () => {
    const fixed = { ...entry, scope: "acme", policyVersion: "v1" };
    expect(await placeEntry(fixed, query)).toBe(fixed);
    const scope: ToolEntry["scope"] = ({ arguments: { region }, tool }) => `${tool}.${String(region)}`;
    expect(await placeEntry({ ...entry, scope, policyVersion: async () => "v2" }, query)).toEqual({
      ...entry,
      scope: "pay.emea",
      policyVersion: "v2",
    });
    expect(await placeEntry({ ...entry, scope: () => undefined, policyVersion: "v1" }, query)).toEqual({
      ...entry,
      policyVersion: "v1",
    });
  });

  it("cannot be told where a function fails, and the denial says which", async () => {
    const cause = new Error("password=hunter2");
    const failing = (): never => {
      throw cause;
    };
    const error = await errorOf(placeEntry({ ...entry, policyVersion: failing }, query));
    expect(error).toMatchObject({
      code: "context_unavailable",
      message: 'the policies for "pay" cannot be told: the function that makes the policyVersion failed',
      cause,
    });
  });

  it("cannot be a place that Cerbos never takes, of which an argument may be a part", async () => {
    const error = await errorOf(placeEntry({ ...entry, scope: () => "Globex & Co" }, query));
    expect(error.code).toBe("attributes_invalid");
    expect(error.message).toContain('the policies for "pay" cannot be told: the scope is one that Cerbos never takes');
    expect(error.message).not.toContain("Globex");
  });
});
