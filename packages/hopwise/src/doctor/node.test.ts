import { expect, it } from "vitest";
import { checkNode, SQLITE_NODE } from "./node.ts";

it.each([
  ["24.21.0", "linux-x64", "ok", /^Node\.js 24\.21\.0 on linux-x64$/],
  ["20.20.2", "linux-x64", "ok", /to run \.ts files it takes 22\.18\.0/],
  ["18.20.4", "linux-x64", "fault", /too old: use 20 or newer/],
  ["24.21.0", "win32-x64", "fault", /no build for Windows; use WSL/],
])("Node.js %s on %s is %s", (version, platform, state, text) => {
  expect(checkNode(version, platform, [])).toMatchObject({ state, text: expect.stringMatching(text) });
});

it.each([
  [
    "20.20.2",
    "warning",
    /too old for what is installed: @hopwise\/sqlite takes 22\.13\.0 or newer, ai takes 22\.0\.0 or newer$/,
  ],
  ["22.12.0", "warning", /too old for what is installed: @hopwise\/sqlite takes 22\.13\.0 or newer$/],
  ["22.13.0", "ok", /^Node\.js 22\.13\.0/],
  ["23.3.0", "warning", /@hopwise\/sqlite takes/],
  ["23.4.0", "ok", /^Node\.js 23\.4\.0/],
  ["24.0.0", "ok", /^Node\.js 24\.0\.0/],
])("Node.js %s with a store in SQLite and the AI SDK is %s", (version, state, text) => {
  const needs = [
    { name: "@hopwise/sqlite", least: SQLITE_NODE },
    { name: "ai", least: "22.0.0" },
  ];
  expect(checkNode(version, "linux-x64", needs)).toMatchObject({ state, text: expect.stringMatching(text) });
});
