import { argumentOf } from "./read-options.ts";
import { func } from "./shapes.ts";

/** Who wants to hear of a change. @throws {HopwiseError} `config_invalid` for what is no function */
export const readListener: (given: unknown) => () => void = argumentOf<() => void>(
  "onChange",
  "listener",
  func("a function that is told of changes"),
);
