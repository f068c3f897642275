/** Whether a value is a whole number, 0 or more, that can be counted exactly. */
export function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
