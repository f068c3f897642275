/** The same value, which nobody changes any more, and nothing in it. For what we made ourselves: what is frozen is not looked into. */
export function deepFrozen<T>(value: T): T {
  // What is no object is frozen.
  if (Object.isFrozen(value)) return value;
  Object.freeze(value);
  for (const one of Object.values(value as object)) deepFrozen(one);
  return value;
}
