import { expect, it } from "vitest";
import { requestId } from "./request-id.ts";

it("begins with no dash, so that it can be typed as an argument of a command", () => {
  const ids = Array.from({ length: 2000 }, requestId);
  expect(ids.filter((id) => !/^[A-Za-z0-9_][\w-]{21}$/.test(id))).toEqual([]);
});
