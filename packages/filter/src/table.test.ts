import { describe, expect, it } from "vitest";
import { boolean, list, number, text, timestamp } from "./column.ts";
import { table } from "./table.ts";

describe("table", () => {
  it("says which column holds which attribute, frozen", () => {
    const invoices = table({
      id: text(),
      columns: {
        region: text(),
        owner: text("owner_id", { null: "absent" }),
        due: timestamp({ milliseconds: true }),
        tags: list("text", "labels"),
      },
    });
    expect(invoices.id).toEqual({ type: "text", name: "id" });
    expect(invoices.columns).toEqual({
      region: { type: "text", name: "region" },
      owner: { type: "text", name: "owner_id", null: "absent" },
      due: { type: "timestamp", name: "due", milliseconds: true },
      tags: { type: "list", name: "labels", of: "text" },
    });
    for (const it of [invoices, invoices.id, invoices.columns, invoices.columns["region"], text()])
      expect(Object.isFrozen(it)).toBe(true);
  });

  it("takes names that both databases take, whole", () => {
    for (const name of ["order", "Straße", 'a"b', "x y", "a".repeat(63)]) expect(text(name).name).toBe(name);
    for (const name of ["", "a\0b", "a".repeat(64), "ä".repeat(32), "\ud800", "hopwise_b", "Hopwise_V0"]) {
      expect(() => number(name), JSON.stringify(name)).toThrow("number: name must be a name of at most 63 bytes");
      expect(() => table({ id: text(), columns: { [name]: text() } }), JSON.stringify(name)).toThrow(
        /table: columns\..* must be a name/,
      );
    }
  });

  it("refuses a column that was not made here, and an id that may be NULL or is no text", () => {
    for (const column of [{ type: "text" }, { ...text() }, "text", null, text]) {
      expect(() => table({ id: text(), columns: { region: column as never } })).toThrow(
        /table: columns.region must be a column/,
      );
    }
    for (const id of [number(), text({ null: "absent" }), { ...text() }]) {
      expect(() => table({ id, columns: {} })).toThrow(/table: id must be a column of text that is never NULL/);
    }
  });

  it("refuses types of a database that it could not compare exactly", () => {
    expect(() => number({ stored: "real" as never })).toThrow(
      /number: stored must be one of "double", "bigint", "numeric"/,
    );
    expect(() => text({ stored: "char" as never })).toThrow(/text: stored must be one of/);
    expect(() => list("timestamp" as never)).toThrow(/list: of must be one of "text", "number", "boolean"/);
    expect(() => boolean({ stored: "text" } as never)).toThrow(/boolean: stored is not an option/);
  });
});
