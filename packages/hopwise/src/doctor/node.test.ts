import { expect, it } from "vitest";
import { checkNode } from "./node.ts";

it.each([
  ["24.21.0", "linux-x64", "ok", /^Node\.js 24\.21\.0 on linux-x64$/],
  ["20.20.2", "linux-x64", "ok", /to run \.ts files it takes 22\.18\.0/],
  ["18.20.4", "linux-x64", "fault", /too old: use 20 or newer/],
  ["24.21.0", "win32-x64", "fault", /no build for Windows; use WSL/],
])("Node.js %s on %s is %s", (version, platform, state, text) => {
  expect(checkNode(version, platform)).toMatchObject({ state, text: expect.stringMatching(text) });
});
