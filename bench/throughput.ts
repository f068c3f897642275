/**
 * What many callers of one team get, in decisions a second, beside as many callers that put the very messages of the call to
 * the same policy decision point, each message a request.
 */
import { GRPC } from "@cerbos/grpc";
import { type Pdp, startPdp } from "@hopwise/cerbos";
import { type Authorizer, delegate, type HeldDelegation } from "@hopwise/core";
import { type Credential, prove } from "@hopwise/core/tokens";
import { captureMessages, mustBeAllowed } from "./authorize.ts";
import { type Candidate, p50, ratio, takeTurns } from "./measure.ts";
import { AUDIENCE, CALL, FULFILS, makeAuthorizer, makeTeam, NARROW, POLICIES, type Team, WIDE } from "./world.ts";

const CALLERS = 64;

export interface ThroughputResult {
  readonly session: number;
  readonly wire: number;
  readonly perSecond: { readonly [name in "session" | "wire" | "raw"]: number };
}

export async function measureThroughput(): Promise<ThroughputResult> {
  await using pdp = await startPdp({ policies: POLICIES, ...JSON.parse(process.env["O"] ?? "{}") });
  const team = await makeTeam();
  const chains = await makeChains(team, CALLERS);
  const authorizer = makeAuthorizer(team, pdp.client);
  const sessions = await Promise.all(chains.map((held) => authorizer.openSession(held)));
  const raw = await rawSets(pdp, team);
  const times = await takeTurns(
    {
      session: byCallers(sessions, async (session) => mustBeAllowed(await session.authorize({ ...CALL, ...FULFILS }))),
      wire: byProofs(authorizer, chains),
      raw: byCallers(chains, raw.ask),
    },
    { rounds: Number(process.env["R"] ?? 20), warmup: 5, batch: 512, clock: "wall" },
  );
  raw.close();
  const perSecond = (name: keyof typeof times): number => 1e6 / p50(times[name]);
  return {
    session: ratio(times.raw, times.session),
    wire: ratio(times.raw, times.wire),
    perSecond: { session: perSecond("session"), wire: perSecond("wire"), raw: perSecond("raw") },
  };
}

/** Chains of the same people and agents, each with tokens of its own, which end at other times. */
async function makeChains({ issuer, planner, researcher }: Team, count: number): Promise<readonly HeldDelegation[]> {
  const made = Array.from({ length: count }, async (_, i) => {
    const first = await issuer.issue({
      subject: "alice",
      agent: "planner",
      holder: planner,
      grant: WIDE,
      lifetimeSeconds: 600 + i,
    });
    return delegate(first, { to: "researcher", holder: researcher, grant: NARROW, lifetimeSeconds: 300 + i });
  });
  return Promise.all(made);
}

/** The three messages of the call, at once, by a client that shares nothing. */
export async function rawSets(pdp: Pdp, team: Team): Promise<{ ask(): Promise<unknown>; close(): void }> {
  const client = new GRPC(pdp.target, { tls: false });
  const messages = await captureMessages(client, async (cerbos) =>
    (await makeAuthorizer(team, cerbos).openSession(team.held)).authorize({ ...CALL, ...FULFILS }),
  );
  return {
    ask: () => Promise.all(messages.map((message) => client.checkResources(message))),
    close: () => client.close(),
  };
}

/** Each caller does one operation after the other, until all are done. */
export function byCallers<Caller>(
  callers: readonly Caller[],
  operation: (caller: Caller) => Promise<unknown>,
): Candidate {
  return (count) => async () => {
    let left = count;
    await Promise.all(
      callers.map(async (caller) => {
        while (left-- > 0) await operation(caller);
      }),
    );
  };
}

/** Each caller has its share of proofs, made outside of the measured time. */
function byProofs(authorizer: Authorizer, chains: readonly HeldDelegation[]): Candidate {
  return async (count) => {
    const each = await Promise.all(
      chains.map((held) =>
        Promise.all(Array.from({ length: count / chains.length }, () => prove(held, { ...CALL, audience: AUDIENCE }))),
      ),
    );
    return async () => {
      await Promise.all(each.map((credentials) => askAll(authorizer, credentials)));
    };
  };
}

async function askAll(authorizer: Authorizer, credentials: readonly Credential[]): Promise<void> {
  for (const credential of credentials) {
    mustBeAllowed(await authorizer.authorize({ ...CALL, ...FULFILS, credential }));
  }
}
