const ORIGINALS = new WeakMap<object, object>();

/** Notes of what an object is a copy: its values are read once, and who made the original still knows it by the copy. */
export function copyOf<Copy extends object>(original: object, copy: Copy): Copy {
  ORIGINALS.set(copy, originalOf(original));
  return copy;
}

/** What an object was copied from; the object itself where it is no such copy. */
export function originalOf(object: object): object {
  return ORIGINALS.get(object) ?? object;
}
