/** How each code comes about that an enforcement point gives by itself. */
import type { AuthorizerOptions, ErrorCode, ToolMap } from "@hopwise/core";
import type { PointRefusal } from "@hopwise/core/adapter";
import { credentialFor } from "../support/forge.ts";
import type { World } from "../support/world.ts";
import { type Case, INVOICE, type Produced, producedBy } from "./case.ts";
import { unguardedMethod } from "./unguarded-method.ts";

/** The policies show nobody a thing of this kind. */
const HIDDEN: ToolMap = { read_invoice: { kind: "mcp_prompt", action: "forbidden" } };

const MESSAGE = "the server says why";

/** A call of the planner's that is admitted, and that the enforcement point then does not serve. */
async function admittedThen(
  world: World,
  code: PointRefusal["code"],
  options: Partial<AuthorizerOptions> = {},
): Promise<Produced> {
  const { authorizer, audit } = world.authorizer(options);
  const args = { id: INVOICE };
  const credential = await credentialFor(world.planner, "read_invoice", args);
  const admission = await authorizer.admit({ tool: "read_invoice", arguments: args, credential });
  if (admission.outcome !== "admitted") throw new Error("it was not admitted");
  return producedBy(await admission.refuse({ code, message: MESSAGE }), audit, credential);
}

export const GUARD_CODES = {
  method_unguarded: {
    when: "a method of MCP that could reach data without a tool call",
    produce: (world) => unguardedMethod(world.authorizer().authorizer, "completion/complete"),
    says: /This server does not guard "completion\/complete" yet, so it does not serve it/,
    retryable: false,
  },
  tool_unguarded: {
    when: "a call of a tool that is not there, or that nobody guards",
    produce: (world) => admittedThen(world, "tool_unguarded"),
    says: /^the server says why$/,
    at: { hop: 0 },
    retryable: false,
  },
  tool_not_served: {
    when: "a call of a guarded tool that the server itself does not serve",
    produce: (world) => admittedThen(world, "tool_not_served"),
    says: /^the server says why$/,
    at: { hop: 0 },
    retryable: false,
  },
  tool_hidden: {
    when: "arguments that the tool's own schema refused, of a tool that the caller may not see",
    produce: (world) => admittedThen(world, "arguments_refused", { tools: HIDDEN }),
    says: /the caller may not see "read_invoice", and is not told that arguments_refused: the server says why/,
    at: { hop: 0 },
    retryable: false,
  },
  server_refused: {
    when: "a server that answers with an error of its own before it asks",
    produce: (world) => admittedThen(world, "server_refused"),
    says: /^the server says why$/,
    retryable: false,
  },
  call_withdrawn: {
    when: "a caller who left before the server got the call",
    produce: (world) => admittedThen(world, "call_withdrawn"),
    says: /^the server says why$/,
    retryable: false,
  },
  arguments_refused: {
    when: "arguments that the tool's own schema refused, of a tool that the caller may see",
    produce: (world) => admittedThen(world, "arguments_refused"),
    says: /^the server says why$/,
    retryable: false,
  },
  guard_failed: {
    when: "a fault of the guard",
    produce: (world) => admittedThen(world, "guard_failed"),
    says: /^the server says why$/,
    retryable: true,
  },
  authentication_failed: {
    when: "a request of which the server could not tell whose it is",
    produce: async (world) => {
      const { authorizer, audit } = world.authorizer();
      const refusal = { code: "authentication_failed", message: MESSAGE } as const;
      return producedBy(await authorizer.refuse({ tool: "read_invoice" }, refusal), audit, undefined);
    },
    says: /^the server says why$/,
    retryable: false,
  },
} satisfies Partial<Record<ErrorCode, Case>>;
