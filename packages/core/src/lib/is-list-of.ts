/** Longer than any list of roles, tools or keys that somebody keeps, and soon read: who gives millions meant something else. */
export const MOST_ITEMS = 10_000;

/**
 * Whether something is a list, each place of which fits. `every` alone passes over holes, and whoever goes on with the list
 * meets undefined there. Nothing is copied, and nothing read of a list that is too long: it may be one of millions.
 */
export function isListOf(
  value: unknown,
  fits: (item: unknown) => boolean,
  max: number = Number.POSITIVE_INFINITY,
): value is readonly unknown[] {
  if (!Array.isArray(value)) return false;
  const { length } = value;
  if (length > max) return false;
  for (let i = 0; i < length; i++) if (!fits(value[i])) return false;
  return true;
}
