/** Whether somebody marked a value. What was thrown may be anything, also what throws when it is looked at. */
export function hasMark(value: unknown, mark: symbol): boolean {
  try {
    return Object(value)[mark] === true;
  } catch {
    return false;
  }
}
