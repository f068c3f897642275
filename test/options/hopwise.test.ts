import { describe } from "vitest";
import * as hopwise from "../../packages/hopwise/src/index.ts";
import {
  type DoorRows,
  NO_FLAG,
  NO_FUNCTION,
  NO_LIST,
  NO_OBJECT,
  NO_TEXT,
  NOT_AT_ONCE,
  type Row,
  valueRow,
  walk,
} from "./row.ts";

const terminal: hopwise.Terminal = {
  out: () => {},
  err: () => {},
  colors: false,
  input: async () => undefined,
  now: Date.now,
  folder: ".",
};

const NO_MEMBER = {
  out: NOT_AT_ONCE,
  err: NOT_AT_ONCE,
  colors: NO_FLAG,
  input: NO_FUNCTION,
  now: NOT_AT_ONCE,
  folder: NO_TEXT,
} satisfies { readonly [Name in Exclude<keyof hopwise.Terminal, "ask" | "env" | "isRead">]: readonly unknown[] };
const NO_TERMINAL = [
  ...NO_OBJECT,
  undefined,
  {},
  // These may be left out.
  ...[...NO_OBJECT, { HOME: 5 }].map((env) => ({ ...terminal, env })),
  ...NO_FUNCTION.map((ask) => ({ ...terminal, ask })),
  ...NOT_AT_ONCE.map((isRead) => ({ ...terminal, isRead })),
  ...Object.entries(NO_MEMBER).flatMap(([name, values]) =>
    [...values, undefined].map((value) => ({ ...terminal, [name]: value })),
  ),
];

const doors: DoorRows<typeof hopwise> = {
  run: valueRow<string[]>(["--version"], [...NO_LIST, undefined, "--version", [5], [null]], (args) =>
    hopwise.run(args, terminal),
  ),
};

describe.each(Object.entries(doors))("%s", (name, row) => {
  walk(name, row as Row);
  walk(
    "its terminal",
    valueRow<never>(terminal as never, NO_TERMINAL, (given) => hopwise.run(["--version"], given)),
  );
});
