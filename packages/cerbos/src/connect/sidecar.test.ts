/** The configuration that the README gives for a sidecar: what the probe then finds wrong with it. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { parse } from "yaml";
import { findBinary } from "../binary/find-binary.ts";
import { pdpConfig } from "../binary/pdp-config.ts";
import { temporaryFolder } from "../testing/policies.ts";
import { until } from "../testing/until.ts";
import { connectPdp } from "./connect-pdp.ts";

const ROOT = join(import.meta.dirname, "../../../..");
const README = readFileSync(join(ROOT, "packages/cerbos/README.md"), "utf8");
const CANARY = ["resource_policies/hopwise_canary.yaml", "_schemas/hopwise_canary.json"];

const CONFIG = /```yaml cerbos\.yaml\n([\s\S]*?)```/.exec(README)?.[1] ?? "";

it("says all that startPdp says, but what is for the one that starts it", () => {
  const { server, storage, ...said } = JSON.parse(
    pdpConfig({
      folder: { grpcSocket: "/run/cerbos/grpc.sock", httpSocket: "/run/cerbos/http.sock" },
      policies: "/policies",
      strictEvaluation: true,
      schemaEnforcement: "reject",
      decisionLog: undefined,
    }),
  );
  const { adminAPI: _loadsAnew, ...sockets } = server;
  expect(parse(CONFIG)).toEqual({ server: sockets, storage, ...said });
});

it("has nothing wrong that a configuration could mend", async () => {
  const policies = temporaryFolder(
    Object.fromEntries(CANARY.map((file) => [file, readFileSync(join(ROOT, "policies", file), "utf8")])),
  );
  const run = temporaryFolder();
  const file = join(run, "cerbos.yaml");
  writeFileSync(file, CONFIG.replaceAll("/run/cerbos", run).replace("/policies", policies));
  const child = spawn(await findBinary(undefined), ["server", "--log-level=error", `--config=${file}`], {
    stdio: "ignore",
  });
  onTestFinished(async () => {
    child.kill("SIGKILL");
    if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
  });
  const socket = join(run, "grpc.sock");
  await until(() => existsSync(socket));

  const codes: string[] = [];
  await using pdp = await connectPdp({ targets: [`unix:${socket}`], onWarning: ({ code }) => codes.push(code) });
  expect([pdp.version, codes]).toEqual([expect.any(String), ["rules_mixed_up"]]);
});
