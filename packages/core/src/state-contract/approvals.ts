import type { KeptRequest } from "../state/index.ts";
import { caseOf, type Scene, type StateCase } from "./case.ts";
import { same, sure, thrownBy, unavailable } from "./expect.ts";
import { newName, ODD_TEXTS } from "./texts.ts";

function stepsOf({ one, two, now }: Scene) {
  return {
    keep: async (id: string, text = `{"id":"${id}"}`, seconds = 600, { approvals } = one): Promise<void> =>
      approvals.keep({ id, text, nowSeconds: now(), untilSeconds: now() + seconds }),
    answer: async (id: string, key: string, text = `"${key}"`, { approvals } = two): Promise<string> =>
      approvals.answer({ id, key, text, nowSeconds: now() }),
    /** As the other process sees it. */
    find: async (id: string): Promise<KeptRequest | undefined> => two.approvals.find(id),
    list: async (most: number): Promise<readonly string[]> => (await two.approvals.list(most)).map(({ id }) => id),
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
    let more: string | undefined;
    await thrownBy(async () => {
      more = await answer(id, "one more");
    });
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
      await unavailable(() => approvals.keep({ id: other, text: "t", untilSeconds, nowSeconds }), what);
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
