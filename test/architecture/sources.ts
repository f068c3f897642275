/** The source files that are shipped, as the rules of the architecture see them. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

export const packages: string = join(import.meta.dirname, "../../packages");
const NOT_SHIPPED = /\.(test|fixture)\.ts$|^cerbos\/testing\//;

/** Source files that are shipped, as `core/token/keys/jws.ts`. */
export const shipped: readonly string[] = readdirSync(packages).flatMap((name) =>
  readdirSync(join(packages, name, "src"), { recursive: true, encoding: "utf8" })
    .map((path) => `${name}/${path}`)
    .filter((path) => path.endsWith(".ts") && !NOT_SHIPPED.test(path)),
);

export function textOf(file: string): string {
  const [name = "", ...path] = file.split("/");
  return readFileSync(join(packages, name, "src", ...path), "utf8");
}

export const packageOf = (file: string): string => file.slice(0, file.indexOf("/"));

/** What a door exports of its own folder: names that it passes on from another room are that room's. */
export function ownNamesOf(door: string): readonly string[] {
  const text = door.replace(/\/\*[\s\S]*?\*\//g, "");
  const lists = Array.from(text.matchAll(/^export (?:type )?\{([^}]*)\} from "\.\//gm), ([, list = ""]) => list);
  const passedOn = lists.flatMap((list) => list.split(",").map((name) => name.trim().replace(/^type /, "")));
  const declared = Array.from(
    text.matchAll(/^export (?:async )?(?:interface|type|class|function|const) (\w+)/gm),
    ([, name = ""]) => name,
  );
  return [...passedOn, ...declared].filter((name) => name !== "");
}
