import type { McpTransport } from "@hopwise/mcp";
import { FastMCPSession } from "fastmcp";
import { patchLoads } from "./load-with-caller.ts";
import { type HandlerRegistry, lockTools } from "./lock-tools.ts";
import { openTools } from "./open-tools.ts";
import type { UriReader } from "./uri-reader.ts";
import type { AnyTemplate } from "./wrap-template.ts";
import type { AnyTool } from "./wrap-tool.ts";

/** The facts about a guarded server that its sessions need. */
export interface Guarding {
  /** Called once for each session of the server. */
  readonly beginSession: () => SessionGuard;
}

/** What stands between one session and its server's tools, and between it and its client. */
export interface SessionGuard {
  /** Begun at `start()` to see whether the guard stands before it. Nobody calls it, and no tool is asked who may see it. */
  readonly isProbe: boolean;
  /** The tools as FastMCP asks them who may see them. */
  closing(tools: readonly AnyTool[]): readonly AnyTool[];
  /** The tools as the session gets them, in whatever way they came to its server; each time anew. */
  wrapTools(tools: readonly AnyTool[]): readonly AnyTool[];
  wrapTemplate(template: AnyTemplate): AnyTemplate;
  /** What the session reads URIs by. */
  readonly uris: UriReader;
  guardTransport(transport: McpTransport): McpTransport;
}

/** On a guarded server and on its mark. Shared by all copies of this package in a process. */
export const GUARDING: unique symbol = Symbol.for("dev.hopwise/fastmcp/guarding");
const SESSION = Symbol.for("dev.hopwise/fastmcp/session");
const PATCHED = Symbol.for("dev.hopwise/fastmcp/patched");

type Marked = AnyTool & { [GUARDING]?: Guarding };

interface Session {
  [SESSION]?: { readonly guard: SessionGuard; readonly whileOpen: (setUp: () => void) => void };
  readonly server: HandlerRegistry;
  setupToolHandlers(tools: readonly Marked[]): void;
  toolsListChanged(tools: readonly Marked[]): void;
  addResource(resource: { readonly uri: string }): void;
  addResourceTemplate(template: AnyTemplate): void;
  resourcesListChanged(resources: readonly unknown[]): void;
  resourceTemplatesListChanged(templates: readonly unknown[]): void;
  connect(transport: McpTransport): Promise<void>;
}

/**
 * A tool that no session gets: FastMCP hands it, like every tool, to each session of the server, and there it
 * tells whose session it is. An AsyncLocalStorage around `start()` cannot: a worker of `node:cluster` takes its
 * connections outside of it. Its name cannot be guessed, so no other tool can replace or remove it by having the same
 * name.
 */
export function markOf(guarding: Guarding): AnyTool {
  const mark: Marked = {
    name: `dev.hopwise/guard-${crypto.randomUUID()}`,
    execute: async () => undefined,
    [GUARDING]: guarding,
  };
  return mark;
}

/**
 * FastMCP makes its sessions itself and offers no hook, so the exported session class is patched, once: a session that
 * was given a guarded server's mark wraps all tools that it gets, and connects through that server's guard; other
 * sessions stay as they were. All tools of a session come this way, whether they were added before the guard or after
 * it, one by one or by a program, before the session began or while it runs.
 */
export function patchSessions(): void {
  const prototype = FastMCPSession.prototype as unknown as Session & { [PATCHED]?: true };
  if (prototype[PATCHED]) return;
  const { connect, setupToolHandlers, toolsListChanged } = prototype;
  prototype.setupToolHandlers = function (tools) {
    const guarding = tools.find((tool) => tool[GUARDING] !== undefined)?.[GUARDING];
    if (guarding !== undefined) {
      this[SESSION] ??= { guard: guarding.beginSession(), whileOpen: lockTools(this.server) };
    }
    if (this[SESSION] === undefined) return setupToolHandlers.call(this, tools);
    const { guard, whileOpen } = this[SESSION];
    const theirs = tools.filter((tool) => tool[GUARDING] === undefined);
    const open = guard.isProbe ? theirs : openTools(this, guard.closing(theirs), toolsListChanged as never);
    const own = guard.wrapTools(open);
    whileOpen(() => setupToolHandlers.call(this, own));
  };
  prototype.toolsListChanged = function (tools) {
    return toolsListChanged.call(this, this[SESSION]?.guard.closing(tools) ?? tools);
  };
  patchUris(prototype);
  const { addResourceTemplate } = prototype;
  prototype.addResourceTemplate = function (template) {
    return addResourceTemplate.call(this, this[SESSION]?.guard.wrapTemplate(template) ?? template);
  };
  prototype.connect = function (transport) {
    return connect.call(this, this[SESSION]?.guard.guardTransport(transport) ?? transport);
  };
  patchLoads(prototype, (session) => session[SESSION] !== undefined);
  Object.defineProperty(prototype, PATCHED, { value: true });
}

/** Keeps what a session reads URIs by, as the session itself does. */
function patchUris(prototype: Session): void {
  const { addResource, addResourceTemplate, resourcesListChanged, resourceTemplatesListChanged } = prototype;
  prototype.addResource = function (resource) {
    this[SESSION]?.guard.uris.fixed.add(resource.uri);
    return addResource.call(this, resource);
  };
  prototype.addResourceTemplate = function (template) {
    this[SESSION]?.guard.uris.templates.set(template.name, template);
    return addResourceTemplate.call(this, template);
  };
  prototype.resourcesListChanged = function (resources) {
    this[SESSION]?.guard.uris.fixed.clear();
    return resourcesListChanged.call(this, resources);
  };
  prototype.resourceTemplatesListChanged = function (templates) {
    this[SESSION]?.guard.uris.templates.clear();
    return resourceTemplatesListChanged.call(this, templates);
  };
}
