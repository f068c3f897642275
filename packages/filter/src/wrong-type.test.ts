import { expect, it } from "vitest";
import { list, number, text } from "./column.ts";
import { table } from "./table.ts";
import { wrongTypeIn as wrongTypeOf } from "./wrong-type.ts";

const orders = table({
  id: text({ stored: "uuid" }),
  columns: { region: text(), owner: text("owner_id"), tags: list("text"), total: number() },
});
const wrongTypeIn = (fault: unknown) => wrongTypeOf(fault, orders);

const SAID = "text() stored as uuid of the table fits no column of type timestamp without time zone";

it("a column of the wrong type is found in what a driver or a query builder throws, and nothing else is quoted", () => {
  for (const fault of [
    new Error(`invalid input syntax for type boolean: "${SAID}"`),
    new Error(`SELECT 'secret' - invalid input: "${SAID}"`),
    new Error("Failed query: secret", { cause: new Error(`invalid input: "${SAID}" secret`) }),
  ]) {
    const error = wrongTypeIn(fault);
    expect(error).toMatchObject({ code: "config_invalid", cause: fault });
    expect(error?.message).toContain(SAID);
    expect(error?.message).not.toContain("secret");
  }
});

const TYPES = [
  ...["uuid[]", "integer[]", "int4range", "app.invoice_state", "timestamp without time zone[]"],
  // As Prisma names its enums.
  ...['"OrderStatus"', '"OrderStatus"[]', 'app."OrderStatus"', '"my.app"."Größe"[]', '"char"'],
];

it("a type is told whole, also one of arrays, or of a program's own", () => {
  for (const type of TYPES) {
    const said = `text() stored as uuid of the table fits no column of type ${type}`;
    expect(wrongTypeIn(new Error(`invalid input syntax: "${said}"`))?.message).toBe(
      `visibleRows: ${said}; cast it in a view, or say the type that it has: see Columns in the README of @hopwise/filter`,
    );
    for (const itself of [
      `collations are not supported by type ${type}`,
      `operator does not exist: ${type} >= numeric`,
    ]) {
      expect(wrongTypeIn(new Error(itself))?.message).toContain(`: ${itself}; cast it`);
    }
  }
});

it("no other error is one, nor is what fails when it is read", () => {
  const query = "SELECT 'text() of the table fits no column of type ' || pg_typeof(a)";
  const failing = Object.defineProperty({}, "message", {
    get: () => {
      throw new Error("secret");
    },
  });
  for (const fault of [new Error("down"), new Error(`Failed query: ${query}`), failing, "down", undefined, null]) {
    expect(wrongTypeIn(fault)).toBeUndefined();
  }
});

it("what PostgreSQL refuses by itself names the columns that may be meant, and nothing else of its error", () => {
  for (const [said, columns] of [
    ["collations are not supported by type uuid", 'says text() has another type, one of "region", "owner_id"'],
    ["operator does not exist: text >= numeric", 'says number() has another type, one of "total"'],
  ] as const) {
    for (const fault of [new Error(said), new Error("Failed query: secret", { cause: new Error(said) })]) {
      const error = wrongTypeIn(fault);
      expect(error).toMatchObject({ code: "config_invalid", cause: fault });
      expect(error?.message).toContain(`${columns}: ${said};`);
      expect(error?.message).not.toContain("secret");
    }
  }
  // No column of the table can be meant.
  expect(wrongTypeIn(new Error("argument of NOT must be type boolean, not type text"))).toBeUndefined();
});
