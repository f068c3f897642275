import type { AsyncLocalStorage } from "node:async_hooks";
import { HopwiseError } from "@hopwise/core";
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
    if (decided !== undefined && !(decided.template === uriTemplate && areSame(decided.values, values))) {
      throw new HopwiseError(
        "guard_failed",
        `the template "${uriTemplate}" got another resource than "${decided.template}", which was decided on; it was not loaded`,
      );
    }
    return template.load(values, ...more);
  };
  return { ...template, uriTemplate, load };
}

function areSame(decided: { readonly [name: string]: string }, given: { readonly [name: string]: unknown }): boolean {
  const names = Object.keys(given);
  return names.length === Object.keys(decided).length && names.every((name) => decided[name] === given[name]);
}
