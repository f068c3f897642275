// Node before 22.18 cannot run TypeScript; say so in one line rather than in a stack trace.
const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
if (major < 22 || (major === 22 && minor < 18)) {
  console.error(
    `The demo needs Node 22.18 or newer, this is ${process.version}. "npx --yes pnpm@12.21.0 demo" brings one along.`,
  );
  process.exit(1);
}
await import("./main.ts");
