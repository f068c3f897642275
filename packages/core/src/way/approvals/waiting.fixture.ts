/** A payment that the policies want approved, two people who may, and what becomes of their answers. */
import type { Decision } from "../../decision/index.ts";
import { inMemoryUsers } from "../../principal/index.ts";
import { memoryState, type SharedState } from "../../state/index.ts";
import { type ApprovalOrder, generateSigner, type Signer, signApproval } from "../../token/index.ts";
import { allowing, ISSUER, NOW, pdpOf } from "../../world.fixture.ts";
import type { IncomingCall, ParsedCall } from "../call.ts";
import { codeOf, decide, type Parts, payment, type Scene, type WatchedPoint } from "../point.fixture.ts";
import { type ApprovalInbox, createInbox } from "./inbox.ts";
import type { ShownApproval } from "./kept-request.ts";
import { approvalRules } from "./options.ts";

export type Person = "dana" | "erin";

export interface Waiting extends WatchedPoint {
  readonly state: SharedState;
  readonly inbox: ApprovalInbox;
  /** Who may approve nothing any more. */
  readonly demoted: Set<Person>;
  /** The requests that somebody was told of. */
  readonly told: readonly ShownApproval[];
  /** The requests as they were after each answer that somebody was told of. */
  readonly answered: readonly ShownApproval[];
  /** Seconds since the epoch. */
  now: number;
  /** Makes the call: the id of the request that it waits with, its code, or that it was allowed. */
  call(args?: object, approval?: string): Promise<string>;
  decide(changed?: Partial<IncomingCall>, parsed?: ParsedCall): Promise<Decision>;
  sign(id: string, who: Person, order?: Partial<ApprovalOrder>): Promise<string>;
  /** Signs an answer, and gives it: the state of the request then, or the code of the refusal. */
  answer(id: string, who: Person, order?: Partial<ApprovalOrder>): Promise<string>;
}

export interface WaitingOptions extends Parts {
  /** How many must approve. */
  readonly approvers?: number;
  readonly maxWaiting?: number;
  /** The state in the place of one in memory, made of that. */
  readonly stateOf?: (memory: SharedState) => SharedState;
}

const MANAGER = { roles: ["manager"] };
const SIGNERS: Promise<Record<Person, Signer>> = Promise.all([generateSigner(), generateSigner()]).then(
  ([dana, erin]) => ({ dana, erin }),
);

/** An enforcement point whose payments wait. */
export async function waitingAt(
  scene: Scene,
  { approvers = 1, maxWaiting = 20, stateOf = (memory) => memory, ...parts }: WaitingOptions = {},
): Promise<Waiting> {
  const signers = await SIGNERS;
  const demoted = new Set<Person>();
  const told: ShownApproval[] = [];
  const answered: ShownApproval[] = [];
  const moment = { now: NOW };
  const clock = (): number => moment.now * 1000;
  const state = stateOf(memoryState({ since: 0, clock }));
  const { pdp } = pdpOf(({ principal, resources }) =>
    resources.map((asked) =>
      asked.resource.kind === "approval"
        ? allowing(asked, demoted.has(principal.id as Person) ? { actions: { approve: "EFFECT_DENY" } } : {})
        : allowing(asked, {
            outputs: [{ source: "rule", action: "send", value: { approval: { reason: "large", approvers } } }],
          }),
    ),
  );
  const people = (["dana", "erin"] as const).map((subject) => ({
    issuer: ISSUER,
    subject,
    keys: [signers[subject].publicJwk],
  }));
  const watched = scene.point({
    ...state,
    clock,
    cerbos: pdp,
    users: inMemoryUsers({ [ISSUER]: { alice: { roles: ["clerk"] }, dana: MANAGER, erin: MANAGER } }),
    approvalRules: approvalRules({
      approvals: {
        approvers: people,
        maxWaiting,
        onRequest: (request) => void told.push(request),
        onAnswer: (request) => void answered.push(request),
      },
    }),
    ...parts,
  });
  const { point } = watched;
  const inbox = createInbox(point);
  const sign: Waiting["sign"] = async (id, who, order = {}) => {
    const request = (await inbox.find(id))?.request;
    if (request === undefined) throw new Error("no such request waits");
    return signApproval({ signer: signers[who], request, answer: "yes", clock, ...order });
  };
  const make: Waiting["decide"] = (changed, parsed) => decide(payment(scene.inSession, changed), point, parsed);
  return Object.assign(moment, watched, {
    state,
    inbox,
    demoted,
    told,
    answered,
    sign,
    decide: make,
    call: async (args?: object, approval?: string) => {
      const decision = await make({ ...(args !== undefined && { arguments: args }), approval });
      return decision.outcome === "pending" ? decision.approval.request : codeOf(decision);
    },
    answer: async (id: string, who: Person, order?: Partial<ApprovalOrder>) => {
      const signed = await sign(id, who, order);
      return inbox.answer(id, signed).then(
        ({ state: became }) => became,
        ({ code }) => code as string,
      );
    },
  });
}

/** A payment that waits, and the id of its request. */
export async function waitingPayment(scene: Scene, options?: WaitingOptions): Promise<{ at: Waiting; id: string }> {
  const at = await waitingAt(scene, options);
  return { at, id: await at.call() };
}
