import { describe, expect, it } from "vitest";
import { momentAt, momentIn, momentOf } from "./time.ts";

describe("a moment", () => {
  it("is one text for one time, which sorts by time", () => {
    const sorted = [
      "2023-12-31T23:59:59.999999999Z",
      "2024-01-01T00:00:00Z",
      "2024-01-01T00:00:00.09Z",
      "2024-01-01T00:00:00.5Z",
      "2024-01-01T00:00:01Z",
      "2024-01-01T00:00:10Z",
    ];
    const moments = sorted.map((it) => momentIn(it) as string);
    expect([...moments].reverse().sort()).toEqual(moments);
    expect(momentIn("2024-01-01T00:00:00.500Z")).toBe("2024-01-01T00:00:00.5");
    expect(momentIn("2024-01-01T00:00:00.000Z")).toBe("2024-01-01T00:00:00");
    expect(momentIn("2024-01-01T01:30:00.5+01:30")).toBe("2024-01-01T00:00:00.5");
    expect(momentAt(new Date("2024-01-01T00:00:00.050Z"))).toBe("2024-01-01T00:00:00.05");
  });

  it.each([
    "2024-01-01",
    "2024-02-30T00:00:00Z",
    "2024-01-01T24:00:00Z",
    "2024-01-01T00:00:60Z",
    "2024-01-01T00:00:00",
    "2024-01-01t00:00:00z",
    "2024-01-01T00:00:00.Z",
    "2024-01-01T00:00:00.1234567890Z",
    "2024-01-01T00:00:00+24:00",
    "0000-12-31T00:00:00Z",
    "0001-01-01T00:00:00+00:01",
    "9999-12-31T23:59:59-00:01",
    "+12024-01-01T00:00:00Z",
    "2024-01-01T00:00:00Z ",
    "now",
  ])("is none of what Cerbos would refuse: %s", (it) => {
    expect(momentIn(it)).toBeUndefined();
  });

  it("is read from a row as RFC 3339, as PostgreSQL prints it in any time zone, or as Sequelize writes it", () => {
    for (const it of [
      "2024-01-01T00:00:00.5Z",
      "2024-01-01 00:00:00.50+00",
      "2024-01-01T00:00:00.5+00:00",
      "2024-01-01 00:00:00.500 +00:00",
      "2024-01-01 02:00:00.5+02",
      "2023-12-31 20:30:00.5-03:30",
    ]) {
      expect(momentOf(it)).toBe("2024-01-01T00:00:00.5");
    }
    for (const it of [
      "2024-01-01 00:00:00",
      "2024-01-01 00:00:00 +02",
      "2024-01-01 00:00:00+15:00",
      "2024-02-30 00:00:00+00",
      "0001-01-01 00:00:00+01",
      "9999-12-31 23:59:59-01",
      // What PostgreSQL prints of London before 1847.
      "1800-01-01 00:00:00-00:01:15",
    ]) {
      expect(momentOf(it)).toBeUndefined();
    }
  });
});
