/** The same value, which nobody changes any more, and nothing in it. For what we made ourselves: what is frozen is not looked into. */
export function deepFrozen<T>(value: T): T {
  if (typeof value === "object" && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const one of Object.values(value)) deepFrozen(one);
  }
  return value;
}
