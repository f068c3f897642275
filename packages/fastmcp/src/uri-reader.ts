import type { MatchedUri } from "@hopwise/core/adapter";
import { FastMCP } from "fastmcp";
import type { AnyTemplate } from "./wrap-template.ts";

/** Tells before a decision how a session will read a URI: by which of its templates, and with which values. */
export interface UriReader {
  /** The templates and fixed resources of the session, in its own order; each set replaces the one before. */
  readonly templates: Map<string, AnyTemplate>;
  readonly fixed: Set<string>;
  /** Undefined where no template gets the URI. */
  read(uri: string): Promise<MatchedUri | undefined>;
}

/**
 * FastMCP takes its first template that fits, and what its parser makes of the URI. Only FastMCP itself knows that, so a
 * server of its own is asked, whose templates are the same and load nothing but what they were given.
 */
export function createUriReader(): UriReader {
  const templates = new Map<string, AnyTemplate>();
  const fixed = new Set<string>();
  return {
    templates,
    fixed,
    read: async (uri) => {
      if (fixed.has(uri) || templates.size === 0) return undefined;
      const twin = new FastMCP({ name: "uris", version: "1.0.0" });
      for (const { name, uriTemplate } of templates.values()) {
        const load = async (values: object) => ({ text: JSON.stringify({ template: uriTemplate, values }) });
        twin.addResourceTemplate({ name, uriTemplate, arguments: [], load });
      }
      // It throws where no template fits.
      const read = await twin.embedded(uri).catch(() => undefined);
      return read?.text === undefined ? undefined : JSON.parse(read.text);
    },
  };
}
