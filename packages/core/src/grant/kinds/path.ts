import { wideningAt } from "../comparison.ts";
import { literalAt, memberAt, type Place, refuse } from "../reading.ts";
import { stepsThrough } from "../work.ts";
import type { Kind } from "./kind.ts";

export interface PathConstraint {
  readonly constraint_type: "path";
  readonly root: string;
}

/**
 * An absolute path at or below a root. Paths that would have to be resolved or decoded first are refused. It judges the
 * text alone: links (symbolic, hard, mounts) are not followed, so a path below the root may lead out of it. Whoever opens
 * the file must see to that.
 */
export function path(root: string): PathConstraint {
  return { constraint_type: "path", root };
}

const PATH_STEPS = 4;

export const pathKind: Kind<PathConstraint> = {
  type: "path",
  members: ["root"],
  parse: (source) => ({ constraint_type: "path", root: cleanPathAt(memberAt(source, "root")) }),
  cost: (_, value) => PATH_STEPS + stepsThrough(value),
  passes: ({ root }, value) => typeof value === "string" && isCleanPath(value) && isAtOrBelow(value, root),
  narrower: (parent, child, pointer) =>
    isAtOrBelow(child.root, parent.root)
      ? undefined
      : wideningAt(pointer, "root", "a root stays at or below its parent's", parent.root, child.root),
  words: ({ root }) => `a path at or below ${JSON.stringify(root)}`,
};

/**
 * An absolute POSIX path that every system reads alike: nothing to resolve (`.`, `..`, empty segments), nothing to
 * decode (`%`), nothing that another system takes for a separator or an end (`\\`, NUL). Other paths are refused, not
 * resolved: a resolver that differs from the tool's could be used to escape the root.
 */
function isCleanPath(path: string): boolean {
  if (path === "/") return true;
  if (!path.startsWith("/") || /[%\\\0]/.test(path)) return false;
  return path
    .slice(1)
    .split("/")
    .every((segment) => segment !== "" && segment !== "." && segment !== "..");
}

/** Whether a clean path is a root or lies below it, segment by segment. */
export function isAtOrBelow(path: string, root: string): boolean {
  return root === "/" || path === root || path.startsWith(`${root}/`);
}

export function cleanPathAt(place: Place): string {
  const path = literalAt(place);
  if (isCleanPath(path)) return path;
  return refuse(place, "an absolute path without . or .. or empty segments, % or \\ is expected");
}
