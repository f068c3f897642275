import { expect, it } from "vitest";
import { type JwtKeySets, pdpConfig } from "./pdp-config.ts";

function configWith(jwtKeySets?: JwtKeySets) {
  return JSON.parse(
    pdpConfig({
      folder: { grpcSocket: "/run/grpc.sock", httpSocket: "/run/http.sock" },
      policies: "/policies",
      strictEvaluation: false,
      schemaEnforcement: "reject",
      decisionLog: undefined,
      jwtKeySets,
    }),
  );
}

it("a PDP takes all the time that it needs to read its policies: after two seconds Cerbos would serve those that it has", () => {
  expect(configWith().engine).toEqual({ policyLoaderTimeout: "24h" });
});

it("keys for JWTs are fetched anew in ten minutes: Cerbos would use a withdrawn one for as long as it likes", () => {
  const { auxData } = configWith({ staff: { url: "https://id.example/jwks" }, ours: { file: "/keys.json" } });
  expect(auxData.jwt.keySets).toEqual([
    { id: "staff", remote: { url: "https://id.example/jwks", refreshInterval: "10m" } },
    { id: "ours", local: { file: "/keys.json" } },
  ]);
});
