/**
 * `pnpm walk [planner|researcher] [--all] [--json]`: follows one allowed call through the packages, from its arrival at the
 * server until its outcome is reported, and says how often the way turns back to a file that it had left.
 */
import { parseArgs } from "node:util";
import { watchModules } from "./instrument.ts";
import { createRecorder } from "./recorder.ts";
import type { Agent } from "./scene.ts";
import { printWalk, walkOf } from "./walk.ts";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { json: { type: "boolean", default: false }, all: { type: "boolean", default: false } },
});

const recorder = createRecorder();
watchModules(recorder);
// Only now: what was loaded before is not watched.
const { CALLS, makeCall } = await import("./scene.ts");
const [agent = "researcher"] = positionals;
if (!Object.hasOwn(CALLS, agent)) throw new Error(`name an agent: ${Object.keys(CALLS).join(" or ")}`);
await makeCall(agent as Agent, recorder);

const walk = walkOf(recorder.end());
console.log(values.json ? JSON.stringify(walk, null, 2) : printWalk(walk, values.all));
