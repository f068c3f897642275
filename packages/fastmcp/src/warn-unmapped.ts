import type { Authorizer } from "@hopwise/core";
import type { Offered } from "./probe.ts";

/** What the authorizer asks policies about where its tool map does not say it. */
const DEFAULTS: { readonly [Kind in Offered]: { readonly operation: string; readonly entry: string } } = {
  resources: { operation: "mcp:resources/read", entry: '{ kind: "mcp_resource", action: "read", id: "uri" }' },
  prompts: { operation: "mcp:prompts/get", entry: '{ kind: "mcp_prompt", action: "get", id: "name" }' },
};

const TEMPLATES: { readonly [Kind in Offered]: string } = {
  resources: ', or templates of URIs such as "shop://orders/{id}",',
  prompts: "",
};

/**
 * Warns of resources and prompts that the tool map does not name: they are judged by kinds of which the policies may say
 * nothing, and are then hidden and denied without a word to whoever wrote the server.
 */
export function warnUnmapped(
  offered: ReadonlySet<Offered>,
  { hasEntry }: Authorizer,
  warn: (text: string) => void,
): void {
  for (const kind of offered) {
    const { operation, entry } = DEFAULTS[kind];
    if (hasEntry(operation)) continue;
    warn(
      `the server has ${kind}, and the tool map does not say what they are, so policies are asked about ${entry}; where none rules on that kind, all of them are hidden and denied. Add "${operation}": ${entry}${TEMPLATES[kind]} to the tool map, and a policy for its kind`,
    );
  }
}
