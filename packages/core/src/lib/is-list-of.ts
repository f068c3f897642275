/**
 * Whether something is a list, each place of which fits. `every` alone passes over holes, and whoever goes on with the list
 * meets undefined there.
 */
export function isListOf(value: unknown, fits: (item: unknown) => boolean): value is readonly unknown[] {
  return Array.isArray(value) && Array.from(value).every((item) => fits(item));
}
