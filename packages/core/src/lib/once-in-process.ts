/**
 * Something that there is once in a process, whichever copy of a package asks for it: a tool may have loaded another copy than the
 * server or the loop that runs it.
 *
 * @param name with the number of its form, since the copies may be of different versions
 */
export function onceInProcess<T extends object>(name: string, make: () => T): T {
  const key = Symbol.for(`dev.hopwise/${name}`);
  const realm = globalThis as { readonly [key: symbol]: T | undefined };
  const known = realm[key];
  if (known !== undefined) return known;
  const made = make();
  Object.defineProperty(realm, key, { value: made });
  return made;
}
