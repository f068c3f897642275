import type { JsonObject } from "../json/index.ts";
import { DELEGATION } from "./principals.ts";

const TEXT: JsonObject = { type: "string", minLength: 1 };
const KIND: JsonObject = { enum: ["user", "agent"] };
const HOP: JsonObject = {
  type: "object",
  required: ["id", "kind"],
  additionalProperties: false,
  properties: { id: TEXT, kind: KIND },
};

/** Schema of a hop's place in its chain. Only Hopwise writes it, so no other member is allowed. */
export function delegationSchema(user: JsonObject): JsonObject {
  return {
    type: "object",
    required: ["kind", "depth", "user", "chain"],
    additionalProperties: false,
    properties: {
      kind: KIND,
      depth: { type: "integer", minimum: 0 },
      user: {
        type: "object",
        required: ["id", "issuer", "roles", "attr"],
        additionalProperties: false,
        properties: { id: TEXT, issuer: TEXT, roles: { type: "array", items: TEXT, minItems: 1 }, attr: user },
      },
      delegator: HOP,
      chain: { type: "array", items: HOP, minItems: 1 },
    },
  };
}

/** The schema that Cerbos enforces for each hop. */
export function principalSchema(delegation: JsonObject, user: JsonObject, agent: JsonObject): JsonObject {
  const isAgent = { properties: { [DELEGATION]: { properties: { kind: { const: "agent" } } } } };
  return {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    title: "a hop: the user at depth 0, an agent from depth 1 on",
    type: "object",
    required: [DELEGATION],
    properties: { [DELEGATION]: delegation },
    if: isAgent,
    // biome-ignore lint/suspicious/noThenProperty: a word of JSON Schema
    then: agent,
    else: user,
  };
}
