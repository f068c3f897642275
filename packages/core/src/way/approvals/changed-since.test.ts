/** What is told of a request that is of another call than the one that was made. */
import { expect, it } from "vitest";
import type { ApprovalRequest } from "../../token/index.ts";
import { changedSince } from "./changed-since.ts";

const REQUEST = {
  audience: "https://pay.example/mcp",
  tool: "send_payment",
  argumentsHash: { received: "A", parsed: "B" },
  resource: {
    kind: "payment",
    id: "p-1",
    attributes: { region: "EMEA", "seen/at": 1, tags: ["a", "b"], by: { id: 7 } },
  },
  user: { issuer: "https://id.example", subject: "alice" },
  agents: [{ name: "planner", key: "K" }],
  reason: "large",
  approvers: 1,
  untilSeconds: 1_800_000_000,
} as unknown as ApprovalRequest;
const { resource } = REQUEST;

const withAttributes = (changed: object): Partial<ApprovalRequest> => ({
  resource: { ...resource, attributes: { ...resource.attributes, ...changed } },
});

it.each<[string, Partial<ApprovalRequest>, readonly string[]]>([
  ["nothing where all is alike, in whatever order", withAttributes({ by: { id: 7 } }), []],
  ["an attribute of another value", withAttributes({ region: "APAC" }), ["/resource/attributes/region"]],
  ["what lies within", withAttributes({ by: { id: 8 } }), ["/resource/attributes/by/id"]],
  ["one of another type", withAttributes({ by: "bob" }), ["/resource/attributes/by"]],
  ["a list as a whole", withAttributes({ tags: ["b", "a"] }), ["/resource/attributes/tags"]],
  ["a name as a pointer has it", withAttributes({ "seen/at": 2 }), ["/resource/attributes/seen~1at"]],
  ["one that has come", withAttributes({ owner: null }), ["/resource/attributes/owner"]],
  [
    "one that has gone",
    { resource: { ...resource, attributes: {} } },
    ["region", "seen~1at", "tags", "by"].map((name) => `/resource/attributes/${name}`),
  ],
  ["more than one", { reason: "larger", agents: [] }, ["/agents", "/reason"]],
])("is %s", (_, changed, pointers) => {
  expect(changedSince(REQUEST, { ...REQUEST, ...changed })).toEqual(pointers);
});

it("is no more than a line has room for", () => {
  const many = Object.fromEntries(Array.from({ length: 5000 }, (_, i) => [`a${i}`, i]));
  expect(changedSince(REQUEST, { ...REQUEST, ...withAttributes(many) })).toHaveLength(20);
});
