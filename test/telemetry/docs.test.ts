/** The program of docs/telemetry.md is run as it stands there, and what it shows and names is compared. */
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Authorizer, type AuthorizerOptions, memoryAudit } from "@hopwise/core";
import { trace } from "@opentelemetry/api";
import { afterAll, beforeAll, expect, it, onTestFinished } from "vitest";
import { GOOD } from "../support/calls.ts";
import { storyOptions } from "../support/story-options.ts";
import { createWorld, type World } from "../support/world.ts";
import { recorder, treeOf } from "./recorder.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
let world: World;
let docs: string;
beforeAll(async () => {
  world = await createWorld();
  docs = await readFile(join(root, "docs/telemetry.md"), "utf8");
});
afterAll(() => world.pdp.close());

const block = (language: string): string =>
  new RegExp(`\`\`\`${language}\n([\\s\\S]*?)\`\`\``).exec(docs)?.[1] ?? `no block ${language}`;

it("the program of docs/telemetry.md makes the trace that stands there", async () => {
  const { tracerProvider, spans, close } = recorder();
  onTestFinished(close);
  trace.setGlobalTracerProvider(tracerProvider);
  const folder = await mkdtemp(join(root, "test/telemetry/.docs-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  const key = "hopwise-telemetry-docs";
  Object.assign(globalThis, { [key]: optionsOf(world) });
  await writeFile(join(folder, "company.ts"), `export const options = globalThis["${key}"];`);
  await writeFile(join(folder, "authorizer.ts"), block("ts authorizer\\.ts"));
  const { authorizer } = (await import(join(folder, "authorizer.ts"))) as { readonly authorizer: Authorizer };
  const session = await authorizer.openSession(world.planner);
  expect((await session.authorize({ tool: "send_payment", arguments: GOOD })).outcome).toBe("allowed");
  expect(treeOf(await spans()).join("\n")).toBe(block("text").trim());
});

it("every attribute and metric that the code has is in docs/telemetry.md", async () => {
  const folder = join(root, "packages/core/src/opentelemetry");
  const files = ["attributes.ts", "instruments.ts", "open-telemetry.ts"];
  const source = (await Promise.all(files.map((file) => readFile(join(folder, file), "utf8")))).join("\n");
  const names = new Set(Array.from(source.matchAll(/"((?:hopwise|gen_ai|mcp|error)\.[a-z_.]+)"/g), ([, name]) => name));
  expect(names.size).toBeGreaterThan(25);
  expect([...names].filter((name) => !docs.includes(`\`${name}\``))).toEqual([]);
});

function optionsOf({ pdp, issuer, keys }: World): AuthorizerOptions {
  const story = storyOptions(issuer.trustAnchor, {
    planner: keys.planner.publicJwk,
    researcher: keys.researcher.publicJwk,
  });
  return { ...story, cerbos: pdp, audit: memoryAudit() };
}
