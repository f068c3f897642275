import type { AsyncLocalStorage } from "node:async_hooks";
import { HopwiseError } from "@hopwise/core";
import { isSameReading } from "@hopwise/core/adapter";
import type { RequestScope } from "@hopwise/mcp";
import type { FastMCP } from "fastmcp";

export type AnyTemplate = Parameters<FastMCP["addResourceTemplate"]>[0];

/**
 * The same template, whose resource is loaded only with the values that were decided on. Where the tool map goes by URIs,
 * FastMCP may still read a URI in another way: its first template that fits gets the request, also one that the map does
 * not name, and what its reader makes of the URI.
 */
export function wrapTemplate(template: AnyTemplate, scope: AsyncLocalStorage<RequestScope>): AnyTemplate {
  const { uriTemplate } = template;
  const load: AnyTemplate["load"] = (values, ...more) => {
    const decided = scope.getStore()?.uri;
    // It was told before what it would get; this holds whatever has changed since.
    if (decided !== undefined && !isSameReading(decided, { template: uriTemplate, values })) {
      throw new HopwiseError(
        "guard_failed",
        `the template "${uriTemplate}" got another resource than "${decided.template}", which was decided on; it was not loaded`,
      );
    }
    return template.load(values, ...more);
  };
  return { ...template, uriTemplate, load };
}
