import type { KeptRequest } from "../state/index.ts";
import { caseOf, type Scene, type StateCase } from "./case.ts";
import { answeredBy, same, sure, thrownBy, unavailable } from "./expect.ts";
import { newName, ODD_TEXTS } from "./texts.ts";

function stepsOf({ one, two, now }: Scene) {
  return {
    /** Each for a call of its own. */
    keep: async (id: string, text = `{"id":"${id}"}`, seconds = 600, { approvals } = one): Promise<string> =>
      approvals.keep({ id, call: newName(), text, nowSeconds: now(), untilSeconds: now() + seconds }),
    /** For one call, behind a request that is over. */
    ask: async (call: string, after?: string, { approvals } = one, id = newName(), seconds = 600): Promise<string> => {
      const times = { nowSeconds: now(), untilSeconds: now() + seconds };
      return approvals.keep({ id, call, ...(after !== undefined && { after }), text: id, ...times });
    },
    /** As the other process sees it. */
    latest: async (call: string): Promise<string | undefined> => (await two.approvals.latest(call))?.id,
    answer: async (id: string, key: string, text = `"${key}"`, { approvals } = two): Promise<string> =>
      approvals.answer({ id, key, text, nowSeconds: now() }),
    /** As the other process sees it. */
    find: async (id: string): Promise<KeptRequest | undefined> => two.approvals.find(id),
    list: async (most: number, after?: string): Promise<readonly string[]> =>
      (await two.approvals.list(most, after)).map(({ id }) => id),
  };
}

/** Requests for approvals, and their answers. */
export const APPROVALS: readonly StateCase[] = [
  caseOf("keeps a request and its answers, in their order and to the character", async (scene) => {
    const { keep, answer, find } = stepsOf(scene);
    const id = newName();
    const text = JSON.stringify(ODD_TEXTS);
    await keep(id, text);
    same(await find(id), { id, text, answers: [] }, "the request");
    const given = ["b", "a", "c"].map((key) => ({ key, text: JSON.stringify([key, ODD_TEXTS]) }));
    for (const it of given) same(await answer(id, it.key, it.text), "kept", `the answer of ${it.key}`);
    same(await find(id), { id, text, answers: given.map((it) => it.text) }, "the request with its answers");
    same(await scene.one.approvals.find(id), await find(id), "what the first process finds");
  }),
  caseOf("lets the first answer of a key stand", async (scene) => {
    const { keep, answer, find } = stepsOf(scene);
    const id = newName();
    await keep(id, "t");
    same(await answer(id, "k", "no"), "kept", "the first answer");
    same(await answer(id, "k", "yes"), "known", "the second answer of that key");
    same(await answer(id, "k", "yes", scene.one), "known", "the same at the other process");
    same(await find(id), { id, text: "t", answers: ["no"] }, "the request");
  }),
  caseOf("changes nothing where a request of the same name is kept again", async (scene) => {
    const { keep, answer, find, list } = stepsOf(scene);
    const [id, later] = [newName(), newName()];
    await keep(id, "first");
    await keep(later);
    await answer(id, "k", "yes");
    await keep(id, "second", 6000);
    await keep(id, "third", 6000, scene.two);
    same(await find(id), { id, text: "first", answers: ["yes"] }, "the request");
    same(await list(10), [id, later], "the list");
  }),
  caseOf("keeps one request of a call, until the caller knows that one to be over", async (scene) => {
    const { ask, latest, find, list } = stepsOf(scene);
    const call = newName();
    same(await latest(call), undefined, "the request of a call that nobody asked for");
    const first = await ask(call);
    same(await ask(call), first, "what waits, for whoever asks next");
    same(await ask(call, newName(), scene.two), first, "what waits, for whoever knows another one to be over");
    same(await scene.two.approvals.latest(call), { id: first, text: first, answers: [] }, "the request of the call");
    const second = await ask(call, first, scene.two);
    sure(second !== first, "nothing new is kept where the last request is over");
    same([await latest(call), await ask(call, first)], [second, second], "the newest, and what another one gets");
    same(await find(first), { id: first, text: first, answers: [] }, "the request that was over");
    same(await list(10), [first, second], "the list");
    same(await latest(`${call} `), undefined, "the request of a call of almost the same name");
  }),
  caseOf("keeps one request of a call for those that ask at the same moment", async (scene) => {
    const { ask, latest, list } = stepsOf(scene);
    const calls = [newName(), newName()];
    const asked = await Promise.all(
      Array.from({ length: 40 }, (_, i) => ask(calls[i % 2] as string, undefined, i % 4 < 2 ? scene.one : scene.two)),
    );
    const [one, two] = [new Set(asked.filter((_, i) => i % 2 === 0)), new Set(asked.filter((_, i) => i % 2 === 1))];
    same([one.size, two.size], [1, 1], "how many requests there are for each call");
    same([await latest(calls[0] as string), await latest(calls[1] as string)], [...one, ...two], "the newest ones");
    same((await list(10)).length, 2, "how many there are in all");
  }),
  caseOf("tells calls apart by their whole names, whatever stands in them", async (scene) => {
    const { ask, latest } = stepsOf(scene);
    const asked = new Map<string, string>();
    for (const call of ODD_TEXTS) asked.set(call, await ask(call));
    for (const [call, id] of asked) same(await latest(call), id, `the request of ${JSON.stringify(call)}`);
  }),
  caseOf("forgets the request of a call with its end", async (scene) => {
    const { ask, latest, find } = stepsOf(scene);
    if (scene.store.advance === undefined) return;
    const call = newName();
    const long = await ask(call, undefined, scene.one, newName(), 500);
    const short = await ask(call, long, scene.one, newName(), 100);
    await scene.store.advance(120);
    same(await find(long), { id: long, text: long, answers: [] }, "the longer one");
    same(await latest(call), undefined, "the newest, which ended, whatever is left of those before");
    const next = await ask(call, undefined, scene.two);
    sure(next !== long && next !== short, "an earlier request stands for a call whose newest has ended");
    same(await latest(call), next, "the newest");
  }),
  caseOf("knows nothing of a request that nobody kept", async (scene) => {
    const { keep, answer, find, list } = stepsOf(scene);
    await keep("A");
    for (const id of [newName(), "a", "", "A ", "A\0"]) {
      same(await find(id), undefined, `the request ${JSON.stringify(id)}`);
      same(await answer(id, "k"), "gone", `an answer to the request ${JSON.stringify(id)}`);
      same(await find(id), undefined, `the request ${JSON.stringify(id)} that was answered`);
    }
    same(await list(10), ["A"], "the list");
  }),
  caseOf("tells requests and keys apart by their whole names, whatever stands in them", async (scene) => {
    const { keep, answer, find, list } = stepsOf(scene);
    for (const id of ODD_TEXTS) await keep(id, JSON.stringify({ id }));
    for (const id of ODD_TEXTS) {
      same(await answer(id, "k", JSON.stringify(id)), "kept", `the answer to ${JSON.stringify(id)}`);
    }
    for (const id of ODD_TEXTS) {
      same(await find(id), { id, text: JSON.stringify({ id }), answers: [JSON.stringify(id)] }, "the request");
    }
    same([...(await list(100))].sort(), [...ODD_TEXTS].sort(), "the list");
    const [id = ""] = ODD_TEXTS;
    for (const key of ODD_TEXTS) same(await answer(id, `of ${key}`), "kept", `the answer of ${JSON.stringify(key)}`);
  }),
  caseOf("keeps at most 64 answers to one request", async (scene) => {
    const { keep, answer, find } = stepsOf(scene);
    const id = newName();
    await keep(id);
    for (let i = 0; i < 64; i++) same(await answer(id, `k${i}`, `${i}`), "kept", `answer ${i + 1}`);
    const more = await answeredBy(() => answer(id, "one more"));
    sure(more !== "kept", "answer 65 is said to be kept");
    same(
      (await find(id))?.answers,
      Array.from({ length: 64 }, (_, i) => `${i}`),
      "the answers",
    );
  }),
  caseOf("refuses to keep and to be answered where the clocks lie more than five seconds apart", async (scene) => {
    const { keep, find } = stepsOf(scene);
    const { approvals } = scene.one;
    const [id, other] = [newName(), newName()];
    await keep(id, "t");
    for (const apart of [-3600, -7, 7, 3600]) {
      const nowSeconds = scene.now() + apart;
      const what = `a caller's clock that is ${apart} seconds from the store's`;
      const untilSeconds = scene.now() + 7200;
      await unavailable(() => approvals.keep({ id: other, call: other, text: "t", untilSeconds, nowSeconds }), what);
      await unavailable(() => approvals.answer({ id, key: "k", text: "yes", nowSeconds }), what);
    }
    same([await find(id), await find(other)], [{ id, text: "t", answers: [] }, undefined], "both requests");
  }),
  caseOf("keeps every answer of those that come at the same moment, and one of each key", async (scene) => {
    const { keep, answer, find } = stepsOf(scene);
    const id = newName();
    await Promise.all([scene.one, scene.two].map((driver) => keep(id, "t", 600, driver)));
    const said = await Promise.all(
      Array.from({ length: 40 }, (_, i) => answer(id, `k${i % 20}`, `${i}`, i % 2 === 0 ? scene.one : scene.two)),
    );
    same(said.filter((it) => it === "kept").length, 20, "how many were kept");
    same(said.filter((it) => it === "known").length, 20, "how many were known");
    const keys = ((await find(id))?.answers ?? []).map((text) => Number(text) % 20).sort((a, b) => a - b);
    same(
      keys,
      Array.from({ length: 20 }, (_, i) => i),
      "the keys that answered",
    );
  }),
  caseOf("lists what waits, oldest first, and no more than was asked for", async (scene) => {
    const { keep, list } = stepsOf(scene);
    const ids = Array.from({ length: 12 }, newName);
    same(await list(10), [], "the list of nothing");
    for (const [i, id] of ids.entries()) await keep(id, "t", 600 - i, i % 2 === 0 ? scene.one : scene.two);
    same(await list(100), ids, "the whole list");
    same(await list(5), ids.slice(0, 5), "the first five");
    const [first] = await scene.one.approvals.list(1);
    same(first, { id: ids[0], text: "t", answers: [] }, "the first");
  }),
  caseOf("goes on with its list behind a request, and begins anew behind one that is not there", async (scene) => {
    const { keep, list } = stepsOf(scene);
    const ids = Array.from({ length: 5 }, newName);
    for (const [i, id] of ids.entries()) await keep(id, "t", 600 - i, i % 2 === 0 ? scene.one : scene.two);
    same(await list(2, ids[1]), ids.slice(2, 4), "the two behind the second");
    same(await list(10, ids[3]), ids.slice(4), "what is behind the fourth");
    same(await list(10, ids[4]), [], "what is behind the last");
    same(await list(2, newName()), ids.slice(0, 2), "what is behind one that nobody kept");
  }),
  caseOf("shows nothing of a request that ended", async (scene) => {
    const { keep, answer, find, list } = stepsOf(scene);
    const [ended, id, later] = [newName(), newName(), newName()];
    await thrownBy(() => keep(ended, "t", -1));
    await keep(id, "t", 100);
    await keep(later, "t", 5000);
    same([await find(ended), await list(10)], [undefined, [id, later]], "a request that had ended, and the list");
    same(await answer(ended, "k"), "gone", "an answer to a request that had ended");
    if (scene.store.advance === undefined) return;
    await scene.store.advance(90);
    same(await answer(id, "k"), "kept", "an answer shortly before the end");
    await scene.store.advance(20);
    same(await find(id), undefined, "the request after its end");
    same(await answer(id, "l"), "gone", "an answer after the end");
    same(await list(1), [later], "the list after the end");
  }),
];
