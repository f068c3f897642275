import { HopwiseError, isRefusal } from "../../errors.ts";
import { quietly } from "../../lib/index.ts";
import { mustBe } from "../../options/index.ts";
import { type KeptRequest, ownerOf } from "../../state/index.ts";
import { verifyApproval } from "../../token/index.ts";
import type { EnforcementPoint } from "../options.ts";
import { askStore } from "../stages/state.ts";
import { countAnswers, saidBy } from "./count-answers.ts";
import { type KnownRequest, readKnown, type ShownApproval } from "./kept-request.ts";
import { type ApprovalStores, isVouched } from "./known-request.ts";
import { approvingPerson } from "./may-approve.ts";
import { hasEnded, stateNow } from "./state-of.ts";
import { refusalCharge } from "./use.ts";

/**
 * The requests that wait for people. Who may look at them is for the program that shows them: they tell what agents are about
 * to do. Answers are signed, so that they may come from anywhere.
 */
export interface ApprovalInbox {
  /**
   * All that did not lapse, oldest first; at most 1,000. Of more, what was used or denied is left out
   * first: it keeps nothing that waits from being seen. @throws {HopwiseError} `state_unavailable`
   */
  list(): Promise<readonly ShownApproval[]>;
  /** Undefined for one that lapsed, or that nobody asked for. @throws {HopwiseError} `config_invalid`, `state_unavailable` */
  find(id: string): Promise<ShownApproval | undefined>;
  /**
   * Takes a signed answer (`signApproval`): of somebody who may approve this request by the policies. One *no* ends it.
   *
   * @returns the request as it is then
   * @throws {HopwiseError} `approval_refused` for an answer of somebody who may not, the same answer of the same person,
   *   and a request that lapsed; `proof_replayed`; what `verifyApproval` throws; `config_invalid`, `state_unavailable`
   */
  answer(id: string, signed: string): Promise<ShownApproval>;
}

/** What somebody reads who asks for a request that is not there. */
export const NO_SUCH_REQUEST =
  "no such request waits; it lapsed, or its store lost it: the same call, made again, asks anew";

const MOST_LISTED = 1000;
/** So many are looked at in one step for those that are not over. */
const LOOKED_AT_ONCE = 5000;
const AT_ONCE = 16;

export function createInbox(point: EnforcementPoint): ApprovalInbox {
  const stores = (): ApprovalStores => {
    const { approvals, spending } = point.state;
    if (approvals !== undefined && spending !== undefined) return { approvals, spending };
    throw new HopwiseError(
      "config_invalid",
      "this state keeps no requests for approvals; give createAuthorizer one that does",
    );
  };

  const shown = async ({ kept, answers }: KnownRequest): Promise<ShownApproval> => {
    // An answer of whom the directory cannot tell just now hides neither this request nor the others.
    const { answers: counted } = await countAnswers(kept, answers, point);
    return { ...kept, answers: counted, state: await stateNow(kept, counted, stores().spending) };
  };

  const find = async (id: string): Promise<KnownRequest | undefined> => {
    if (typeof id !== "string") mustBe("find", "id", "the id of a request", id);
    const kept = stores();
    const found = await askStore("there is such a request", () => kept.approvals.find(id));
    const waiting = found && readKnown(found);
    return waiting !== undefined && isVouched(waiting, kept) ? waiting : undefined;
  };

  return {
    list: async () => {
      // Each may ask the policies about everybody who answered.
      return eachOf(await mostOpen(stores()), shown);
    },
    find: async (id) => {
      const waiting = await find(id);
      return waiting && shown(waiting);
    },
    answer: async (id, signed) => {
      const waiting = await find(id);
      if (waiting === undefined) throw refused(NO_SUCH_REQUEST);
      await takeAnswer(waiting, signed, stores(), point);
      const now = find(id).then((found) => shown(found ?? waiting));
      quietly(() => point.approvalRules.onAnswer?.(id, now));
      return now;
    },
  };
}

/**
 * As many as are listed: those that are over as far as there is room beside the others. It looks on until so many are open, or
 * there are no more: what is over, or cannot be read, must not keep from being seen what waits behind it.
 */
async function mostOpen(stores: ApprovalStores): Promise<readonly KnownRequest[]> {
  const seen = new Set<string>();
  const known: KnownRequest[] = [];
  const over = new Set<KnownRequest>();
  let after: string | undefined;
  for (;;) {
    const page = await askStore("requests wait", () => stores.approvals.list(LOOKED_AT_ONCE, after));
    // Where the last one has ended meanwhile, it is the beginning again.
    const others = page.filter(({ id }) => !seen.has(id));
    for (const { id } of others) seen.add(id);
    const found = readable(others).filter((one) => isVouched(one, stores));
    known.push(...found);
    after = page.length < LOOKED_AT_ONCE || others.length === 0 ? undefined : page.at(-1)?.id;
    if (after === undefined && known.length <= MOST_LISTED) break;
    const ended = await eachOf(found, ({ kept }) => hasEnded(kept, stores.spending));
    for (const [i, one] of found.entries()) if (ended[i]) over.add(one);
    if (after === undefined || known.length - over.size >= MOST_LISTED) break;
  }
  let room = MOST_LISTED - (known.length - over.size);
  return known.filter((one) => !over.has(one) || room-- > 0).slice(0, MOST_LISTED);
}

async function eachOf<T, Result>(all: readonly T[], ask: (one: T) => Promise<Result>): Promise<readonly Result[]> {
  const found: Result[] = [];
  for (let i = 0; i < all.length; i += AT_ONCE) {
    found.push(...(await Promise.all(all.slice(i, i + AT_ONCE).map(ask))));
  }
  return found;
}

/** One of another version does not hide the others: it is told where it is asked for by its id. */
function readable(all: readonly KeptRequest[]): readonly KnownRequest[] {
  return all.flatMap((kept) => {
    try {
      return [readKnown(kept)];
    } catch {
      return [];
    }
  });
}

async function takeAnswer(
  { kept: asked, answers }: KnownRequest,
  signed: string,
  { approvals, spending }: ApprovalStores,
  point: EnforcementPoint,
): Promise<void> {
  const { trust, limits, deadlineMs, state, approvalRules: rules } = point;
  const nowSeconds = point.nowSeconds();
  const { notBefore: rememberedSince } = state.replay;
  const reading = { trust, limits, deadlineMs, nowSeconds, ...(rememberedSince !== undefined && { rememberedSince }) };
  const verified = await verifyApproval(signed, { ...reading, request: asked.request, approvers: rules.approvers });
  const { approver, signedBy, jti, expiresAt, answer } = verified;
  const person = await approvingPerson(verified, asked, point, point.pdp.failuresOf);
  if (isRefusal(person)) throw refused(person.message);
  const { id } = asked;
  if (answer === "no") {
    const owner = ownerOf(asked.request.user);
    // First: a use at the same moment finds one of both.
    const reservation = { id: `${id}.${jti}`, owner, charges: [refusalCharge(asked)], nowSeconds };
    const { outcome } = await askStore("the no was kept", () => spending.reserve(reservation));
    if (outcome !== "reserved") throw new HopwiseError("state_unavailable", "the store did not take the no");
  }
  // Who said yes may say no later, and yes again where the first one counts no more; who said no has ended it.
  const { said } = await countAnswers(asked, answers, point);
  const own = saidBy(person, answer);
  const keep = () => approvals.answer({ id, key: `${own} ${jti}`, text: signed, nowSeconds });
  if (said.has(own) && !answers.includes(signed)) {
    throw refused(`"${approver.subject}" answered it before, and that answer stands`);
  }
  const took = said.has(own) ? "known" : await askStore("the answer was kept", keep);
  if (took === "gone") throw refused(NO_SUCH_REQUEST);
  // Claimed last, and of one that is kept already, too: whoever gave it may have heard of a failure, and nobody else of the answer.
  const key = `approval.${signedBy}.${jti}`;
  const isFirst = await askStore("the answer was given before", () =>
    state.replay.claim(key, expiresAt + limits.skewSeconds, { nowSeconds }),
  );
  if (!isFirst) throw new HopwiseError("proof_replayed", "the answer was given before");
}

function refused(rule: string): HopwiseError {
  return new HopwiseError("approval_refused", `the answer is not taken: ${rule}`, { rule });
}
