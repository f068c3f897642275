import type { McpTransport } from "./jsonrpc.ts";

/**
 * A transport in front of another one: it has members of its own, and all others of that one, also those that no version of this package
 * knows. By such members a server tells its transport what to check, as SDK 2.x does with the scopes that a tool wants of a token
 * (`setScopeChallengeResolver`): were they not there, nobody would check it.
 */
export function inFrontOf<T extends McpTransport>(inner: T, own: Partial<McpTransport>): T {
  // Of a target without properties: a proxy could give nothing else than a property that is fixed there.
  return new Proxy(Object.create(inner) as T, {
    get: (_, name) => {
      if (Object.hasOwn(own, name)) return Reflect.get(own, name);
      const value: unknown = Reflect.get(inner, name, inner);
      // Its methods may have private members. What it calls back is not its own.
      return typeof value === "function" && !String(name).startsWith("on") ? value.bind(inner) : value;
    },
    set: (_, name, value) =>
      Object.hasOwn(own, name) ? Reflect.set(own, name, value) : Reflect.set(inner, name, value, inner),
  });
}
