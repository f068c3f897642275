import { func, maybe, type Rows, type Shape, such, suchAt, type Wrong } from "./shapes.ts";

/** An object with these methods: a store, a sink, a client. */
export function having(what: string, ...methods: readonly string[]): Shape {
  return such(what, (value) => hasMethods(value, methods));
}

/** For shapes that ask more of such an object. */
export function hasMethods(value: unknown, methods: readonly string[]): boolean {
  // A list has methods of its own, such as find, and so has what a file was read into.
  if (typeof value !== "object" || value === null || Array.isArray(value) || ArrayBuffer.isView(value)) return false;
  return methods.every((name) => typeof (value as { [member: string]: unknown })[name] === "function");
}

/** Whatever it is: who goes by it looks at it. */
export const ANY: Shape = such("", () => true);

/** A method that such an object may have. */
export const METHOD: Shape = maybe(func("a function, or left out"));

/**
 * The same object, which stays what it is. What it may have besides is right where it is there: taken for left out, it would be
 * missed where nobody looks, such as a sink that is never told how calls ended.
 *
 * @param rows a shape for each, so that a new member of its type does not compile without one
 */
export function besides<T>(shape: Shape, rows: Rows<T>): Shape {
  return suchAt<T & object>("", (value) => wrongBesides(value, rows), shape);
}

export function wrongBesides<T>(value: T & object, rows: Rows<T>): Wrong | undefined {
  for (const [name, row] of Object.entries<Shape>(rows)) {
    const issue = issueOf(row, value, name as keyof T);
    if (issue !== undefined) return { path: [name, ...issue.path], what: issue.what };
  }
  return undefined;
}

function issueOf<T>(row: Shape, value: T, name: keyof T): Required<Wrong> | undefined {
  try {
    const [issue] = row.safeParse(value[name]).error?.issues ?? [];
    return issue && { path: issue.path as Wrong["path"], what: issue.message };
  } catch {
    // It fails when it is read, which is told as what came.
    return { path: [], what: row.safeParse(null).error?.issues[0]?.message ?? "" };
  }
}
