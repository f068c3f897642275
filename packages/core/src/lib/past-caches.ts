/**
 * What asks for an answer that no cache has, for the options of `fetch`. A runtime whose requests know no `cache` may refuse the
 * whole question for it, as Cloudflare Workers of a compatibility date before 2024-11-11 do.
 */
export function pastCaches(): Pick<RequestInit, "cache"> {
  return "cache" in Request.prototype ? { cache: "no-store" } : {};
}
