import { expect, it } from "vitest";
import { pdpConfig } from "./pdp-config.ts";

it("a PDP takes all the time that it needs to read its policies: after two seconds Cerbos would serve those that it has", () => {
  const { engine } = JSON.parse(
    pdpConfig({
      folder: { grpcSocket: "/run/grpc.sock", httpSocket: "/run/http.sock" },
      policies: "/policies",
      strictEvaluation: false,
      schemaEnforcement: "reject",
      decisionLog: undefined,
    }),
  );
  expect(engine).toEqual({ policyLoaderTimeout: "24h" });
});
