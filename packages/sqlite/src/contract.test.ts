import { mkdtempSync, renameSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type OpenStore, stateContract } from "@hopwise/core/state-contract";
import { describe, it } from "vitest";
import { openSqlite } from "./open-sqlite.ts";
import type { SqliteOptions } from "./options.ts";

/** A file of its own for each case. */
function storeOf(options: Partial<SqliteOptions>): OpenStore {
  return ({ mostOfRoot, mostOfUser }) => {
    const folder = mkdtempSync(join(tmpdir(), "hopwise-sqlite-"));
    const file = join(folder, "state.db");
    let ahead = 0;
    const clock = (): number => Date.now() + ahead * 1000;
    const shares = {
      ...(mostOfRoot !== undefined && { maxProofsOfRoot: mostOfRoot }),
      ...(mostOfUser !== undefined && { maxProofsOfUser: mostOfUser }),
    };
    return {
      open: async () => openSqlite({ file, clock, ...shares, ...options }),
      nowSeconds: () => clock() / 1000,
      advance: (seconds) => {
        ahead += seconds;
      },
      loseEverything: () => {
        for (const name of ["", "-wal", "-shm"]) rmSync(file + name, { force: true });
      },
      break: () => renameSync(folder, `${folder}.away`),
      mend: () => renameSync(`${folder}.away`, folder),
      close: () => rmSync(folder, { recursive: true, force: true }),
    };
  };
}

describe.each(["full", "normal"] as const)("openSqlite with synchronous: %s", (synchronous) => {
  it.each(stateContract.map((one) => [one.title, one] as const))("%s", async (_, { run }) =>
    run(storeOf({ synchronous })),
  );
});
