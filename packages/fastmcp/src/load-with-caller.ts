import { runToEnd } from "@hopwise/core/running";

/** A resource, a resource template or a prompt, as a session gets it; its context is the last thing that `load` gets. */
interface Loadable {
  load(...given: unknown[]): unknown;
}

/** The methods by which a session gets what it can load. */
const ADDERS = ["addResource", "addResourceTemplate", "addPrompt"] as const;

type Adders = { [Name in (typeof ADDERS)[number]]: (this: Adders, item: Loadable) => unknown };

/** Gives `load` of all resources and prompts of guarded sessions `context.caller`. */
export function patchLoads<Session extends object>(prototype: Session, isGuarded: (session: Session) => boolean): void {
  const adders = prototype as unknown as Adders;
  for (const name of ADDERS) {
    const add = adders[name];
    adders[name] = function (item) {
      // Asked when it is loaded: a session gets its prompts before it is told whether it is guarded.
      const load = (...given: unknown[]): unknown => {
        if (!isGuarded(this as unknown as Session)) return item.load(...given);
        const context = given.pop();
        return runToEnd(context as object, (own) => item.load(...given, own));
      };
      return add.call(this, withLoad(item, load));
    };
  }
}

/** With everything else that it is: FastMCP copies some of them, and keeps others. */
function withLoad(item: Loadable, load: Loadable["load"]): Loadable {
  return Object.create(Object.getPrototypeOf(item), {
    ...Object.getOwnPropertyDescriptors(item),
    load: { value: load, enumerable: true },
  });
}
