/** The program of docs/telemetry.md is run as it stands there, and what it shows and names is compared. */
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Authorizer, type AuthorizerOptions, createAuthorizer, memoryAudit } from "@hopwise/core";
import { trace } from "@opentelemetry/api";
import { expect, it, onTestFinished } from "vitest";
import { CODES, type ErrorCode, rowOf } from "../../packages/core/src/codes.ts";
import { GOOD } from "../support/calls.ts";
import { storyOptions } from "../support/story-options.ts";
import { type World, worldHere } from "../support/world.ts";
import { recorder, treeOf } from "./recorder.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const world = await worldHere();
const docs = await readFile(join(root, "docs/telemetry.md"), "utf8");

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

it("names each code that is a fault, in the text and in the query that looks for those that are no outage", () => {
  const faults = Object.keys(CODES).filter((code) => rowOf(code as ErrorCode).fault === true);
  const named = /only where a fault\n([\s\S]*?)So alert/.exec(docs)?.[1] ?? "";
  const others = faults.filter((code) => !code.endsWith("_unavailable")).toSorted();
  expect(Array.from(named.matchAll(/`([a-z]+_[a-z_]+)`/g), ([, code]) => code).toSorted()).toEqual(others);
  expect(docs).toContain(`hopwise_code=~"${others.join("|")}"`);
});

it("asks Prometheus for metrics and labels that there are", async () => {
  const { telemetry, points, close } = recorder();
  onTestFinished(close);
  const authorizer = createAuthorizer({ ...optionsOf(world), telemetry });
  const session = await authorizer.openSession(world.planner);
  const decision = await session.authorize({ tool: "send_payment", arguments: GOOD });
  if (decision.outcome !== "allowed") throw new Error("a good call is not allowed");
  await authorizer.report(decision, { outcome: "failed" });
  await session.authorize({ tool: "send_payment", arguments: { ...GOOD, amount: 9000 } });
  await authorizer.authorize({ tool: "send_payment", arguments: GOOD, credential: undefined });
  const underscored = (name: string): string => name.replaceAll(".", "_");
  const labels = new Map<string, string[]>();
  for (const { metric, unit, attributes } of await points()) {
    const name = underscored(metric) + (unit === "s" ? "_seconds_bucket" : "_total");
    labels.set(name, [...(labels.get(name) ?? []), ...Object.keys(attributes).map(underscored)]);
  }
  const queries = /```promql\n([\s\S]*?)```/g;
  const asked = Array.from(docs.matchAll(queries), ([, text = ""]) => text.trim().split("\n")).flat();
  expect(asked).toHaveLength(6);
  const missing = asked.flatMap((query) => {
    const [metric = "hopwise_decisions_total"] = /\bhopwise_[a-z_]+(?=\{)/.exec(query) ?? [];
    const used = query.match(/\b(?:hopwise|gen_ai)_[a-z_]+(?=[,)=])/g) ?? [];
    return used.filter((label) => !labels.get(metric)?.includes(label)).map((label) => `${metric}: ${label}`);
  });
  expect(missing).toEqual([]);
});

function optionsOf({ pdp, issuer, keys }: World): AuthorizerOptions {
  const story = storyOptions(issuer.trustAnchor, {
    planner: keys.planner.publicJwk,
    researcher: keys.researcher.publicJwk,
  });
  return { ...story, cerbos: pdp, audit: memoryAudit() };
}
