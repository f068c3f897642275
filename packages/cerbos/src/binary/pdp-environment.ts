/**
 * The environment Cerbos gets: little of this process's own.
 *
 * Cerbos does not need the keys and passwords in it, and some variables would change what it does:
 * `CERBOS_HUB_DEPLOYMENT_ID` replaces the policy folder by another source, and an `OTEL_METRICS_EXPORTER` that means
 * something to Node.js alone keeps it from starting.
 */
export function pdpEnvironment(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([name]) => KEPT.has(name)));
}

/** The last three steer the Go runtime. */
const KEPT = new Set(["PATH", "HOME", "TMPDIR", "GOMAXPROCS", "GOMEMLIMIT", "GOGC"]);
