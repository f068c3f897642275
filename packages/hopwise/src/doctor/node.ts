import { type Finding, fault, ok } from "./finding.ts";
import { atLeast } from "./version.ts";

/** What packages and built programs run on, and what programs in TypeScript do. */
const NODE = "20.0.0";
const NODE_FOR_TS = "22.18.0";

/** Whether this Node.js runs Hopwise. */
export function checkNode(version: string, platform: string): Finding {
  const found = `Node.js ${version} on ${platform}`;
  if (!atLeast(version, NODE)) return fault("node", `${found} is too old: use 20 or newer`);
  if (platform.startsWith("win32")) return fault("node", `${found}: Cerbos has no build for Windows; use WSL`);
  return ok("node", atLeast(version, NODE_FOR_TS) ? found : `${found}; to run .ts files it takes ${NODE_FOR_TS}`);
}
