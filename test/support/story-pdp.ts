/**
 * One policy decision point with the story's policies, for all test files of a project: what they ask changes nothing in
 * it. A test that stops, changes or replaces one starts its own.
 */
import { fileURLToPath } from "node:url";
import { GRPC } from "@cerbos/grpc";
import { type Pdp, startPdp } from "@hopwise/cerbos";
import { inject } from "vitest";
import type { TestProject } from "vitest/node";

declare module "vitest" {
  interface ProvidedContext {
    readonly storyPdp: Pick<Pdp, "target" | "version">;
  }
}

/** The folder of the story's policies. */
export const STORY_POLICIES: string = fileURLToPath(new URL("../../policies", import.meta.url));

/** Vitest's `globalSetup`: starts it before the first file, and gives back what stops it. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const { target, version, close } = await startPdp({ policies: STORY_POLICIES });
  project.provide("storyPdp", { target, version });
  return close;
}

/** The shared PDP as a test file sees it. `close` closes only this file's connection. */
export type StoryPdp = Pick<Pdp, "client" | "target" | "version" | "close">;

export function connectStoryPdp(): StoryPdp {
  const { target, version } = inject("storyPdp");
  const client = new GRPC(target, { tls: false });
  return { client, target, version, close: async () => client.close() };
}
