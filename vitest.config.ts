import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";
import { TAKE_BUILT } from "./test/support/built-packages.ts";

/** Random chains, policies, attacks and edits by the thousand, and tests that try every case: pure work, for a while. */
const LAW = ["test/law/**/*.test.ts", "test/filter/{chains,rows}.test.ts", "packages/*/src/**/*.property.test.ts"];

/** The packages' own tests start nothing: no process, no policy decision point, no server. Those below do. */
const UNIT = "packages/!(cerbos)/src/**/*.test.ts";
const PROCESSES_THERE = [
  "packages/core/src/principal/users-over-http.test.ts",
  "packages/core/src/state/{revocation-endpoint,revocations-over-http}.test.ts",
  "packages/audit/src/{no-files,process-identity}.test.ts",
  "packages/fastmcp/src/testing/guarded-server.test.ts",
];

/** What no package owns is tested on real processes, and so is the package that starts them. These start nothing. */
const PROCESSES = ["packages/cerbos/src/**/*.test.ts", "test/**/*.test.ts"];
const UNIT_THERE = [
  "packages/cerbos/src/{ask/resilient,ask/resilient-whole,binary/find-binary,binary/run-folder,sharing/groups,sharing/share-requests}.test.ts",
  "test/architecture/*.test.ts",
  "test/projects.test.ts",
  "test/spec/spec.test.ts",
  "bench/soak/*.test.ts",
];

// For whatever the tests start, also by way of `globalSetup`. Programs run from source: without the cache each strips the
// types of the same modules again. Policy decision points live for seconds: collecting their garbage is a third of that.
process.env["NODE_COMPILE_CACHE"] ??= fileURLToPath(new URL("node_modules/.cache/node", import.meta.url));
process.env["GOGC"] ??= "400";

// test/projects.test.ts sees to it that each test file is in one project, and that `unit` starts nothing.
export default defineConfig({
  test: {
    testTimeout: 30_000,
    hookTimeout: 30_000,
    // A machine may do other work: by themselves they wait for one second.
    expect: { poll: { timeout: 20_000 } },
    setupFiles: ["test/support/true-timers.ts", "test/support/patient-waits.ts"],
    // Vitest would leave one core to others. Of four files two mostly wait: for a deadline, or for a process to start.
    maxWorkers: availableParallelism() + 2,
    projects: [
      {
        extends: true,
        test: {
          name: "unit",
          include: [UNIT, ...UNIT_THERE],
          exclude: [...PROCESSES_THERE, ...LAW],
          // Files share the modules they load: most of the time went into loading FastMCP or gRPC again for each.
          isolate: false,
        },
      },
      {
        extends: true,
        test: {
          name: "processes",
          include: [...PROCESSES, ...PROCESSES_THERE],
          exclude: [...UNIT_THERE, ...LAW],
          isolate: false,
          globalSetup: ["test/support/story-pdp.ts", "test/support/built-packages.ts", "test/redis/say-missing.ts"],
          // For what a test file starts, which by then loads nothing itself by way of Node.js.
          env: { NODE_OPTIONS: TAKE_BUILT },
        },
      },
      { extends: true, test: { name: "law", include: LAW, isolate: false, globalSetup: "test/support/story-pdp.ts" } },
    ],
  },
});
