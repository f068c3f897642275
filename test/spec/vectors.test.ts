/** Two readers that share no code, `packages/core` and `spec/verify-vectors.mjs`, agree on every vector. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import type { VectorFile } from "../../spec/source/vector.ts";
import { judgeWithCore } from "../../spec/verify-with-core.ts";
import { ran } from "../support/ran.ts";

const script = fileURLToPath(new URL("../../spec/verify-vectors.mjs", import.meta.url));
const folder = new URL("../../spec/vectors/", import.meta.url);
const files = readdirSync(folder).sort();
const vectorsOf = (name: string): VectorFile => JSON.parse(readFileSync(new URL(name, folder), "utf8")) as VectorFile;

describe("the vectors", () => {
  it.each(files)("%s come out in packages/core as they say", async (name) => {
    const { vectors } = vectorsOf(name);
    const got = await Promise.all(vectors.map(async (vector) => ({ id: vector.id, ...(await judgeWithCore(vector)) })));
    ran("vectors read by packages/core", vectors.length);
    expect(got).toEqual(vectors.map(({ id, expect: wanted }) => ({ id, ...wanted })));
  });

  it("come out the same in a reader of one file that knows only the specification", () => {
    const count = files.reduce((n, name) => n + vectorsOf(name).vectors.length, 0);
    const { stdout, status } = spawnSync(process.execPath, [script], { encoding: "utf8" });
    expect({ stdout, status }).toEqual({ stdout: `${count} passed, 0 failed\n`, status: 0 });
    ran("vectors read by the second reader", count);
  });

  it("fail in that reader where they say something wrong", () => {
    const [first] = vectorsOf("header.json").vectors;
    const wrong = { ...first, expect: { result: "refuse", code: "token_expired", pointer: "/exp" } };
    const own = mkdtempSync(join(tmpdir(), "hopwise-vectors-"));
    const file = join(own, "wrong.json");
    writeFileSync(file, JSON.stringify({ vectors: [wrong, first] }));
    const { stdout, status } = spawnSync(process.execPath, [script, file], { encoding: "utf8" });
    rmSync(own, { recursive: true });
    expect(stdout).toContain(`${first?.id}: `);
    expect(stdout).toContain("1 passed, 1 failed");
    expect(status).toBe(1);
  });
});
