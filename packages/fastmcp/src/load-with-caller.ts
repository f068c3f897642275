import { withCaller } from "@hopwise/mcp";

/** A resource, a resource template or a prompt, as a session gets it; its context is the last thing that `load` gets. */
interface Loadable {
  load(...given: unknown[]): unknown;
}

/** The methods by which a session gets what it can load. */
const ADDERS = ["addResource", "addResourceTemplate", "addPrompt"] as const;

type Adders = { [Name in (typeof ADDERS)[number]]: (item: Loadable) => unknown };

/** Gives `load` of all resources and prompts of sessions `context.caller`, where a guarded request runs it. */
export function patchLoads(prototype: Adders): void {
  for (const name of ADDERS) {
    const add = prototype[name];
    prototype[name] = function (item) {
      return add.call(this, loadingWithCaller(item));
    };
  }
}

function loadingWithCaller(item: Loadable): Loadable {
  const load = (...given: unknown[]): unknown => {
    const context = given.pop();
    return item.load(...given, typeof context === "object" && context !== null ? withCaller(context) : context);
  };
  // With everything that it is: FastMCP copies some of them, and keeps others.
  return Object.create(Object.getPrototypeOf(item), {
    ...Object.getOwnPropertyDescriptors(item),
    load: { value: load, enumerable: true },
  });
}
