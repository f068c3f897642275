/** What one decision costs over what the policy decision point costs anyway, on the real Cerbos with the story's policies. */
import type { CheckResourcesRequest } from "@cerbos/core";
import { GRPC } from "@cerbos/grpc";
import { resilient, startPdp } from "@hopwise/cerbos";
import type { Decision, HeldDelegation } from "@hopwise/core";
import type { Listing, PolicyDecisionPoint } from "@hopwise/core/adapter";
import { type Credential, prove } from "@hopwise/core/tokens";
import { type Candidate, p50, ratio, takeTurns } from "./measure.ts";
import { AUDIENCE, CALL, FULFILS, makeAuthorizer, makeTeam, POLICIES } from "./world.ts";

export interface AuthorizeResult {
  readonly sessionOverRaw3: number;
  readonly wireOverRaw3: number;
  readonly sessionOverRaw1: number;
  /** What three hops cost where there is no Hopwise at all: the part of `sessionOverRaw1` that is not ours. */
  readonly raw3OverRaw1: number;
  /** One raw check through `resilient`, which retries and breaks, ÷ one without. */
  readonly resilient1OverRaw1: number;
  readonly microseconds: { readonly [name in "session" | "wire" | "raw3" | "raw1"]: number };
}

/** A session's call and a proven call of three hops, in turns with three raw checks at once and with one. */
export async function measureAuthorize(): Promise<AuthorizeResult> {
  await using pdp = await startPdp({ policies: POLICIES });
  const team = await makeTeam();
  const messages = await captureMessages(pdp.client, async (cerbos) =>
    (await makeAuthorizer(team, cerbos).openSession(team.held)).authorize({ ...CALL, ...FULFILS }),
  );
  const authorizer = makeAuthorizer(team, pdp.client);
  const session = await authorizer.openSession(team.held);
  // Shares nothing, as the raw checks of others.
  const plain = new GRPC(pdp.target, { tls: false });
  const steady = resilient(plain);

  const times = await takeTurns(
    {
      session: repeat(async () => mustBeAllowed(await session.authorize({ ...CALL, ...FULFILS }))),
      wire: async (count) => {
        const credentials = await makeProofs(team.held, count);
        return async () => {
          for (const credential of credentials)
            mustBeAllowed(await authorizer.authorize({ ...CALL, ...FULFILS, credential }));
        };
      },
      raw3: repeat(() => Promise.all(messages.map((message) => plain.checkResources(message)))),
      // Each of the three in its turn: they differ a little in size.
      raw1: repeat((i) => plain.checkResources(messages[i % messages.length] as CheckResourcesRequest)),
      resilient1: repeat((i) => steady.checkResources(messages[i % messages.length] as CheckResourcesRequest)),
    },
    { rounds: 400, warmup: 100, batch: 6, clock: "wall" },
  );
  plain.close();
  return {
    sessionOverRaw3: ratio(times.session, times.raw3),
    wireOverRaw3: ratio(times.wire, times.raw3),
    sessionOverRaw1: ratio(times.session, times.raw1),
    raw3OverRaw1: ratio(times.raw3, times.raw1),
    resilient1OverRaw1: ratio(times.resilient1, times.raw1),
    microseconds: {
      session: p50(times.session),
      wire: p50(times.wire),
      raw3: p50(times.raw3),
      raw1: p50(times.raw1),
    },
  };
}

/** The very messages that an authorizer sends for one call, or for one list: what raw checks are compared with is the same work. */
export async function captureMessages(
  client: PolicyDecisionPoint,
  call: (cerbos: PolicyDecisionPoint) => Promise<Decision | Listing>,
): Promise<readonly CheckResourcesRequest[]> {
  const messages: CheckResourcesRequest[] = [];
  const listening: PolicyDecisionPoint = {
    checkResources: (request, options) => {
      messages.push(request);
      return client.checkResources(request, options);
    },
    planResources: (request, options) => client.planResources(request, options),
  };
  const { outcome } = await call(listening);
  if (outcome !== "allowed" && outcome !== "listed") throw new Error(`the benchmark's call was ${outcome}`);
  if (messages.length !== 3) throw new Error(`three hops asked ${messages.length} times`);
  return messages;
}

/** A denial would be measured as a short way: every call that counts went the whole way. */
export function mustBeAllowed(decision: Decision): void {
  if (decision.outcome !== "allowed")
    throw new Error(`the benchmark's call was not allowed: ${JSON.stringify(decision)}`);
}

export async function makeProofs(held: HeldDelegation, count: number): Promise<readonly Credential[]> {
  return Promise.all(Array.from({ length: count }, () => prove(held, { ...CALL, audience: AUDIENCE })));
}

export function repeat(operation: (index: number) => Promise<unknown>): Candidate {
  return (count) => async () => {
    for (let i = 0; i < count; i++) await operation(i);
  };
}
