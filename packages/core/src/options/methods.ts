import { type Shape, such } from "./shapes.ts";

/** An object with these methods: a store, a sink, a client. */
export function having(what: string, ...methods: readonly string[]): Shape {
  return such(what, (value) => hasMethods(value, methods));
}

/** For shapes that ask more of such an object. */
export function hasMethods(value: unknown, methods: readonly string[]): boolean {
  // A list has methods of its own, such as find.
  if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
  return methods.every((name) => typeof (value as { [member: string]: unknown })[name] === "function");
}
