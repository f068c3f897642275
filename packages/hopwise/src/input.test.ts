import { Readable } from "node:stream";
import { expect, it } from "vitest";
import { readText, textWithin } from "./input.ts";
import type { Terminal } from "./terminal.ts";

const piped = (...parts: readonly string[]): Readable => Readable.from(parts.map((part) => Buffer.from(part)));

it("reads a pipe to its end, whole characters also where they come in parts", async () => {
  const [first, second] = [Buffer.from("€").subarray(0, 1), Buffer.from("€").subarray(1)];
  expect(await textWithin(Readable.from([Buffer.from("5 "), first, second]))).toBe("5 €");
  expect(await textWithin(piped("abc", "def"), 6)).toBe("abcdef");
  expect(await textWithin(piped())).toBe("");
});

it("stops reading a pipe that does not end", async () => {
  let taken = 0;
  const endless = Readable.from(
    (function* () {
      for (;;) {
        taken += 1;
        yield Buffer.from("x");
      }
    })(),
  );
  await expect(textWithin(endless, 6)).rejects.toMatchObject({
    code: "config_invalid",
    message: expect.stringMatching(/more than 6 bytes; take the part that is meant, .*grep/),
  });
  expect(taken).toBeLessThan(100);
});

it("stops reading a file without an end, as a device is", { timeout: 30_000 }, async () => {
  const terminal = { folder: "/" } as Terminal;
  await expect(readText("/dev/zero", "a chain", terminal)).rejects.toMatchObject({
    code: "config_invalid",
    message: expect.stringMatching(/^Cannot read a chain from \/dev\/zero: it has more than 67108864 bytes; take/),
  });
});
