import { onceInProcess } from "./once-in-process.ts";

/** This copy of the package. */
const here = {};

/** Which copy of this package made what only that copy can read. */
const makers = onceInProcess("made/1", () => new WeakMap<object, object>());

/** Words for what another copy of this package made: it is right as it is, and nothing in it shows why it is refused. */
export const OF_ANOTHER_COPY =
  "one of another copy of Hopwise's packages in this process, such as one in a bundle, or from before a hot reload; make it by the copy that uses it";

/** Notes that this copy made something that no other one can read. */
export function noteMadeHere(made: object): void {
  makers.set(made, here);
}

export function isOfAnotherCopy(value: unknown): boolean {
  const maker = makers.get(Object(value));
  return maker !== undefined && maker !== here;
}
