// Runs where the packed packages are installed: imports every entry of each of them once, on plain Node.
import { readdirSync, readFileSync } from "node:fs";

const without = process.argv.includes("--without-optional-peers");
const list = process.argv.includes("--list-optional-peers");

const names = ["hopwise", ...readdirSync("node_modules/@hopwise").map((folder) => `@hopwise/${folder}`)];
for (const name of names) {
  const manifest = JSON.parse(readFileSync(`node_modules/${name}/package.json`, "utf8"));
  if (list) {
    const optional = Object.keys(manifest.peerDependenciesMeta ?? {});
    for (const peer of optional) console.log(`${peer}@${manifest.peerDependencies[peer]}`);
    continue;
  }
  // Without its optional peers, a package's main entry must work; others may need them.
  for (const entry of without ? ["."] : Object.keys(manifest.exports)) {
    const exported = Object.keys(await import(manifest.name + entry.slice(1)));
    console.log(`${manifest.name}${entry.slice(1)}: ${exported.join(", ")}`);
    if (exported.length === 0) throw new Error(`${manifest.name} exports nothing from "${entry}"`);
  }
}
