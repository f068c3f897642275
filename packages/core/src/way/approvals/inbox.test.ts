/** What waits is shown, whatever else lies in the store beside it. */
import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { memoryState, type SharedState } from "../../state/index.ts";
import { errorOf, NOW } from "../../world.fixture.ts";
import { answering, createScene, decide, payment, type Scene } from "../point.fixture.ts";
import { type ApprovalInbox, createInbox } from "./inbox.ts";
import type { AskedApproval } from "./kept-request.ts";

type Kept = Omit<AskedApproval, "id"> & { readonly version: number };

let scene: Scene;
let state: SharedState;
let inbox: ApprovalInbox;
/** The id of a request of this version, and what is kept of it. */
let id: string;
let kept: Kept;

beforeAll(async () => {
  scene = await createScene();
});
beforeEach(async () => {
  state = memoryState({ since: 0, clock: () => NOW * 1000 });
  const cerbos = answering({ outputs: [{ source: "rule", action: "send", value: { approval: "large" } }] });
  const { point } = scene.point({ ...state, cerbos });
  inbox = createInbox(point);
  const decision = await decide(payment(scene.inSession), point);
  if (decision.outcome !== "pending") throw new Error(`it was ${JSON.stringify(decision)}`);
  id = decision.approval.request;
  kept = JSON.parse((await state.approvals.find(id))?.text ?? "") as Kept;
});

/** Each member that is needed, by its path. */
function pathsOf(value: object, above: readonly string[] = []): readonly (readonly string[])[] {
  return Object.entries(value).flatMap(([name, member]: [string, unknown]) => {
    const path = [...above, name];
    // What arguments and attributes have is for others to say.
    const isOpen = name === "arguments" || name === "attributes" || typeof member !== "object" || member === null;
    return [path, ...(isOpen ? [] : pathsOf(member, path))];
  });
}

/** The same text with something else at a path; left out where that is nothing. */
function changed(path: readonly string[], to: unknown): string {
  const copy = structuredClone(kept) as unknown as { [name: string]: unknown };
  const last = path.at(-1) as string;
  const place = path.slice(0, -1).reduce((of, name) => of[name] as typeof copy, copy);
  if (Array.isArray(place)) place.splice(Number(last), 1, to);
  else place[last] = to;
  return JSON.stringify(copy);
}

async function isUnreadable(text: string, what: string): Promise<void> {
  const other = crypto.randomUUID();
  await state.approvals.keep({ id: other, call: other, text, untilSeconds: NOW + 60, nowSeconds: NOW });
  expect(
    (await inbox.list()).map((one) => one.id),
    what,
  ).toEqual([id]);
  for (const ask of [() => inbox.find(other), () => inbox.answer(other, "a.b.c")]) {
    expect(await errorOf(ask()), what).toMatchObject({
      code: "state_unavailable",
      message: expect.stringMatching(
        /^a request for an approval cannot be read by this version: .* run the version that its writer has$/,
      ),
      cause: expect.any(Error),
    });
  }
}

describe("a kept request that cannot be read hides no other, and is told of by its id, where it", () => {
  it.each(["", "no JSON", "null", "5", "[]", "{}", '"a text"'])("is %j", (text) => isUnreadable(text, text));

  it("is of another version", async () => {
    for (const version of [0, 2, "1", null]) await isUnreadable(changed(["version"], version), `version ${version}`);
  });

  it("lacks any member, or has something else in its place", async () => {
    const optional = ["chain"];
    for (const path of pathsOf(kept)) {
      const where = path.join(".");
      // In a list, nothing is null.
      if (!optional.includes(where)) await isUnreadable(changed(path, undefined), `without ${where}`);
      await isUnreadable(changed(path, false), `${where}: false`);
    }
  });
});

it("shows a request that can be read, by the inbox and by its id", async () => {
  const shown = { id, state: "waiting", user: "alice", request: kept.request, hash: kept.hash, answers: [] };
  expect(await inbox.find(id)).toMatchObject(shown);
  expect(await inbox.list()).toEqual([await inbox.find(id)]);
});
