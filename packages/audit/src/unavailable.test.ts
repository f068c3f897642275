import { expect, it } from "vitest";
import { unavailable } from "./unavailable.ts";

it("says under Node's --permission which flags are missing", () => {
  const denied = Object.assign(new Error("Access to this API has been restricted."), { code: "ERR_ACCESS_DENIED" });
  expect(unavailable("no audit log can be written to /a", denied).message).toBe(
    "no audit log can be written to /a: Node.js runs with --permission; give --allow-fs-read and --allow-fs-write for the folder",
  );
});
