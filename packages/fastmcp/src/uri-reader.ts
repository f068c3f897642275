import type { ReadUri } from "@hopwise/core/adapter";
import type { JsonRpcMessage } from "@hopwise/mcp";
import { askSession } from "./ask-session.ts";
import type { AnyTemplate } from "./wrap-template.ts";

/** Tells before a decision how a session will read a URI: by which of its templates, and with which values. */
export interface UriReader {
  /** The templates and fixed resources of the session, in its own order; each set replaces the one before. */
  readonly templates: Map<string, AnyTemplate>;
  readonly fixed: Set<string>;
  /** Undefined where no template gets the URI. */
  read(uri: string): Promise<ReadUri | undefined>;
}

/**
 * FastMCP takes its first template that fits, and what its parser makes of the URI. Only FastMCP itself knows that, so a
 * session of its own is asked, whose templates are the same and load nothing but what they were given.
 */
export function createUriReader(): UriReader {
  const templates = new Map<string, AnyTemplate>();
  const fixed = new Set<string>();
  return {
    templates,
    fixed,
    read: async (uri) => {
      if (fixed.has(uri) || templates.size === 0) return undefined;
      const resourcesTemplates = [...templates.values()].map(({ name, uriTemplate }) => ({
        name,
        uriTemplate,
        arguments: [],
        load: async (values: object) => ({ text: JSON.stringify({ template: uriTemplate, values }) }),
      }));
      return readIn(await askSession({ resourcesTemplates }, { method: "resources/read", params: { uri } }), uri);
    },
  };
}

/** Undefined where FastMCP answers with an error: no template fits. */
function readIn({ result }: JsonRpcMessage, uri: string): ReadUri | undefined {
  const [content] = (result?.["contents"] ?? []) as readonly { readonly text?: string; readonly uri: string }[];
  if (content?.text === undefined) return undefined;
  const written = [content.uri, content.uri.replace(DOUBLED, "%")];
  return { ...JSON.parse(content.text), written: written.find((one) => one === uri) ?? content.uri };
}

/** Its writer encodes the "%" of a code in a {+value} once more, where the code has a letter. */
const DOUBLED = /%25(?=[A-F][0-9A-F]|[0-9][A-F])/g;
