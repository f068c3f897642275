import type {
  CheckResourcesRequest,
  CheckResourcesResponse,
  PlanResourcesRequest,
  PlanResourcesResponse,
} from "@cerbos/core";

/** The part of a Cerbos client that decisions need. `@cerbos/grpc`, `@cerbos/http` and `startPdp().client` all have it. */
export interface PolicyDecisionPoint {
  checkResources(request: CheckResourcesRequest, options?: { signal?: AbortSignal }): Promise<CheckResourcesResponse>;
  planResources(request: PlanResourcesRequest, options?: { signal?: AbortSignal }): Promise<PlanResourcesResponse>;
}
