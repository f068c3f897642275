import { resolve } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { choice, composed, either, JWKS_URL, mapOf, members, type Shape, such } from "@hopwise/core/options";
import { ADMIN, ADMIN_HASH } from "./admin.ts";
import type { RunFolder } from "./run-folder.ts";

/** What Cerbos does with attributes that do not fit their schema: deny, log a warning, or nothing. */
export type SchemaEnforcement = "reject" | "warn" | "none";

/** Where the public keys of a JWT's issuer are: a JWKS behind a URL, which Cerbos fetches, or in a file. */
export type JwtKeySet = { readonly url: string } | { readonly file: string };

/** Key sets by their id, which `auxData` names as `keySetId`. */
export interface JwtKeySets {
  readonly [id: string]: JwtKeySet;
}

export const SCHEMA_ENFORCEMENT: Shape = choice("reject", "warn", "none" satisfies SchemaEnforcement);

const KEY_SET = "{ url } or { file }, where the keys of a JWT's issuer are";

export const JWT_KEY_SETS: Shape = mapOf(
  either(
    KEY_SET,
    members<{ readonly url: string }>({ url: JWKS_URL }, KEY_SET),
    members<{ readonly file: string }>({ file: composed("the path of a JWKS") }, KEY_SET),
  ),
  'key sets by their id, such as { "hr": { url: "https://id.example/jwks.json" } }',
);

/** What policies read as `globals`, or `G`, by name: values of JSON. */
export interface PolicyGlobals {
  readonly [name: string]: unknown;
}

export const GLOBALS: Shape = mapOf(
  such("what JSON can say", (value) => {
    try {
      return isDeepStrictEqual(JSON.parse(JSON.stringify(value)), value);
    } catch {
      return false;
    }
  }),
  'values by name, such as { environment: "production" }',
);

/**
 * A Cerbos that has not read all policies within this time, 2 seconds by default, serves those that it has, and says nothing: what
 * the others deny is allowed. On a busy machine some thousand policies take longer. One that hangs answers nothing meanwhile, and
 * calls are denied.
 */
const LOADS_ALL = "24h";

/**
 * The configuration file of a PDP. It is JSON, which is YAML too, and needs no quoting rules of its own.
 *
 * @see https://docs.cerbos.dev/cerbos/latest/configuration/
 */
export function pdpConfig(options: {
  readonly folder: Pick<RunFolder, "grpcSocket" | "httpSocket">;
  readonly policies: string;
  readonly strictEvaluation: boolean;
  readonly schemaEnforcement: SchemaEnforcement;
  readonly decisionLog: string | undefined;
  readonly globals?: PolicyGlobals | undefined;
  readonly jwtKeySets?: JwtKeySets | undefined;
}): string {
  const config = {
    server: {
      grpcListenAddr: `unix:${options.folder.grpcSocket}`,
      httpListenAddr: `unix:${options.folder.httpSocket}`,
      udsFileMode: "0o600",
      adminAPI: {
        enabled: true,
        adminCredentials: { username: ADMIN.username, passwordHash: ADMIN_HASH },
      },
    },
    // It is told to load them: by itself it hears of no link that is swapped and no folder that is moved.
    storage: { driver: "disk", disk: { directory: options.policies, watchForChanges: false } },
    engine: {
      policyLoaderTimeout: LOADS_ALL,
      // A Cerbos before 0.55.0 refuses a setting it does not know. That is right for true, and needless for false.
      ...(options.strictEvaluation && { strictEvaluation: true }),
      ...(options.globals !== undefined && { globals: options.globals }),
    },
    schema: { enforcement: options.schemaEnforcement },
    telemetry: { disabled: true },
    ...(options.jwtKeySets !== undefined && { auxData: { jwt: { keySets: keySetsOf(options.jwtKeySets) } } }),
    ...(options.decisionLog !== undefined && {
      audit: {
        enabled: true,
        decisionLogsEnabled: true,
        accessLogsEnabled: false,
        backend: "file",
        file: { path: options.decisionLog },
      },
    }),
  };
  // Cerbos replaces ${NAME} and $NAME by environment variables before it parses the file; $$ is a dollar.
  return JSON.stringify(config, null, 2).replaceAll("$", "$$$$");
}

function keySetsOf(sets: JwtKeySets): readonly object[] {
  return Object.entries(sets).map(([id, set]) =>
    "url" in set
      ? { id, remote: { url: set.url, refreshInterval: KEYS_LAST } }
      : { id, local: { file: resolve(set.file) } },
  );
}

/** As long as `remoteJwks` uses keys. By itself, Cerbos has a time of its own, which it does not tell: so long a withdrawn key is good. */
const KEYS_LAST = "10m";
