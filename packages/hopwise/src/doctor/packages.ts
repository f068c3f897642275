import { existsSync, readdirSync, readFileSync, realpathSync } from "node:fs";
import { dirname, join } from "node:path";
import { type Finding, fault, ok, warning } from "./finding.ts";
import { type NeedsNode, SQLITE_NODE } from "./node.ts";
import { inCaret } from "./version.ts";

interface Installed {
  readonly name: string;
  readonly version: string;
  /** Where it really lies. */
  readonly folder: string;
  readonly dependencies: Readonly<Record<string, string>>;
  readonly peerDependencies: Readonly<Record<string, string>>;
  readonly peerDependenciesMeta: Readonly<Record<string, { readonly optional?: boolean }>>;
  readonly engines: { readonly node?: unknown };
}

/** Whether the packages of Hopwise that a project has belong together, and to the peers beside them. */
export function checkPackages(folder: string): readonly Finding[] {
  const found = [...ownPackages(folder)];
  if (found.length === 0) return [warning("packages", "no package of Hopwise is installed in this folder")];
  const versions = new Set(found.map(({ version }) => version));
  const listed = found.map(({ name, version }) => `${name} ${version}`).join(", ");
  const faults = [
    ...(versions.size > 1 ? [`their versions differ, install the same of each: ${listed}`] : []),
    ...found.flatMap((own) => copiesBeside(own, folder)),
    ...found.flatMap((own) => peerFaults(own, folder)),
  ];
  return faults.length === 0 ? [ok("packages", listed)] : faults.map((text) => fault("packages", text));
}

/** It can be loaded on an older Node.js, and is of no use there. */
const FURTHER_NEEDS: readonly NeedsNode[] = [{ name: "@hopwise/sqlite", least: SQLITE_NODE }];

/** Which Node.js the packages of Hopwise and their peers take that a project has. */
export function needsOfNode(folder: string): readonly NeedsNode[] {
  const own = ownPackages(folder);
  const peers = own.flatMap(({ folder: beside, peerDependencies }) =>
    Object.keys(peerDependencies).flatMap((peer) => findPackage(beside, peer) ?? findPackage(folder, peer) ?? []),
  );
  const installed = new Map([...own, ...peers].map((found) => [found.name, found]));
  return [...installed.values()].flatMap(({ name, engines }) => {
    const [, least] = /^>=\s*v?(\d+(?:\.\d+){0,2})\b/.exec(String(engines.node)) ?? [];
    const said = least === undefined ? [] : [{ name, least: wholeVersion(least) }];
    return [...said, ...FURTHER_NEEDS.filter((need) => need.name === name)];
  });
}

function wholeVersion(version: string): string {
  return [...version.split("."), "0", "0"].slice(0, 3).join(".");
}

function ownPackages(folder: string): readonly Installed[] {
  const names = new Set(
    ancestorsOf(folder).flatMap((above) => {
      const scope = join(above, "node_modules/@hopwise");
      return existsSync(scope) ? readdirSync(scope).map((name) => `@hopwise/${name}`) : [];
    }),
  );
  return [...names, "hopwise"].flatMap((name) => findPackage(folder, name) ?? []);
}

/** The package that a module in this folder would get. */
function findPackage(folder: string, name: string): Installed | undefined {
  for (const above of ancestorsOf(folder)) {
    const path = join(above, "node_modules", name, "package.json");
    if (!existsSync(path)) continue;
    const { version = "", ...manifest } = JSON.parse(readFileSync(path, "utf8"));
    const { dependencies = {}, peerDependencies = {}, peerDependenciesMeta = {}, engines = {} } = manifest;
    const peers = { peerDependencies, peerDependenciesMeta };
    return { name, version, folder: dirname(realpathSync(path)), dependencies, ...peers, engines };
  }
  return undefined;
}

/** Of two copies of a package, the one does not know the delegations of the other. */
function copiesBeside(own: Installed, folder: string): readonly string[] {
  return Object.keys(own.dependencies)
    .filter((name) => name.startsWith("@hopwise/"))
    .filter((name) => {
      const [theirs, ours] = [findPackage(own.folder, name), findPackage(folder, name)];
      return theirs !== undefined && ours !== undefined && theirs.folder !== ours.folder;
    })
    .map((name) => `${own.name} has a copy of ${name} of its own; install the same version of each`);
}

function peerFaults(
  { name, folder: own, peerDependencies, peerDependenciesMeta }: Installed,
  folder: string,
): string[] {
  return Object.entries(peerDependencies).flatMap(([peer, range]) => {
    const found = findPackage(own, peer) ?? findPackage(folder, peer);
    if (found === undefined) {
      return peerDependenciesMeta[peer]?.optional === true ? [] : [`${name} needs ${peer} ${range}, which is missing`];
    }
    return inCaret(found.version, range) === false
      ? [`${name} needs ${peer} ${range}, and ${found.version} is here`]
      : [];
  });
}

function ancestorsOf(folder: string): readonly string[] {
  const above = dirname(folder);
  return above === folder ? [folder] : [folder, ...ancestorsOf(above)];
}
