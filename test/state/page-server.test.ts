/** The server that docs/revocation.md shows, as strangers reach it. */
import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, it, onTestFinished } from "vitest";
import { blocksOf, writePage } from "../support/pages.ts";

const READER = "// Where calls are decided.";
/** Requests that Node.js takes, and `fetch` has none like them. */
const STRANGERS = `
import { connect } from "node:net";
import { text } from "node:stream/consumers";
for (const line of ["TRACE / HTTP/1.1", "GET *@x HTTP/1.1", "GET *[ HTTP/1.1"]) {
  const socket = connect(port, "127.0.0.1");
  socket.write(line + "\\r\\nHost: x\\r\\nConnection: close\\r\\n\\r\\n");
  console.log((await text(socket)).split("\\r\\n")[0]);
}
console.log((await fetch("http://127.0.0.1:" + port)).status);
server.close();
`;

it("is not ended by a request that fetch has none like", async () => {
  const feed = (await blocksOf("revocation.md")).find(({ file }) => file === "feed.ts")?.text ?? "";
  expect(feed).toContain(READER);
  const folder = await mkdtemp(join(import.meta.dirname, "../.docs-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  await writePage(folder, "revocation.md");
  await writeFile(join(folder, "strangers.ts"), feed.slice(0, feed.indexOf(READER)) + STRANGERS);
  const { stdout } = await promisify(execFile)(process.execPath, ["strangers.ts"], { cwd: folder });
  expect(stdout.trim().split("\n")).toEqual([...Array(3).fill("HTTP/1.1 400 Bad Request"), "403"]);
});
