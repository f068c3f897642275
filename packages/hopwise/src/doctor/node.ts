import { type Finding, fault, ok, warning } from "./finding.ts";
import { atLeast } from "./version.ts";

/** What packages and built programs run on, and what programs in TypeScript do. */
const NODE = "20.0.0";
const NODE_FOR_TS = "22.18.0";
/** Has `node:sqlite` without a flag. So does 23.4, and what comes after. */
export const SQLITE_NODE = "22.13.0";

/** A package that is installed, and the Node.js that it takes. */
export interface NeedsNode {
  readonly name: string;
  readonly least: string;
}

/** Whether this Node.js runs Hopwise, and what is installed with it. */
export function checkNode(version: string, platform: string, needs: readonly NeedsNode[]): Finding {
  const found = `Node.js ${version} on ${platform}`;
  if (!atLeast(version, NODE)) return fault("node", `${found} is too old: use 20 or newer`);
  if (platform.startsWith("win32")) return fault("node", `${found}: Cerbos has no build for Windows; use WSL`);
  const missed = needs.filter(
    ({ least }) => !atLeast(version, least) || (least === SQLITE_NODE && hasItHidden(version)),
  );
  if (missed.length > 0) {
    const wanted = missed.map(({ name, least }) => `${name} takes ${least} or newer`);
    // They load all the same, and what they cannot do there they refuse by themselves.
    return warning("node", `${found} is too old for what is installed: ${wanted.join(", ")}`);
  }
  return ok("node", atLeast(version, NODE_FOR_TS) ? found : `${found}; to run .ts files it takes ${NODE_FOR_TS}`);
}

function hasItHidden(version: string): boolean {
  return atLeast(version, "23.0.0") && !atLeast(version, "23.4.0");
}
