import { PassThrough } from "node:stream";
import { expect, it } from "vitest";
import { askOnce } from "./ask-once.ts";

it("gives what was typed", async () => {
  const [input, output] = [new PassThrough(), new PassThrough()];
  const answer = askOnce("Revoke it? ", input, output);
  input.write("yes\n");
  expect(await answer).toBe("yes");
  expect(String(output.read())).toContain("Revoke it? ");
});

it("takes a terminal that ended for no answer, and goes on", async () => {
  const input = new PassThrough();
  const answer = askOnce("Revoke it? ", input, new PassThrough());
  input.end();
  expect(await answer).toBe("");
});
