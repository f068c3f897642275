/** Where a proof must name a nonce, only one that this place gave out, that still lives and that was not used opens the door. */
import { createNonces } from "@hopwise/core/state";
import { prove } from "@hopwise/core/tokens";
import { expect, it } from "vitest";
import { editJson } from "../random/json.ts";
import { expectMet, PATIENCE, runs } from "../random/runs.ts";
import { createSource, type Source } from "../random/source.ts";
import { mutateText } from "../random/texts.ts";
import { doorOf } from "./door.ts";
import { createHonest, NOW, PAY } from "./honest.ts";
import { createTally, eachCase } from "./tally.ts";

it(
  "a server that asks for nonces lets in a proof with a fresh nonce of its own, once, and no other",
  async () => {
    const honest = await createHonest();
    const ours = createNonces({ lifetimeSeconds: 60 });
    const theirs = createNonces();
    const authorizer = doorOf(honest, { audience: PAY, nonces: ours });

    const { held } = honest.chains[1] as (typeof honest.chains)[number];
    const call = { tool: "read", arguments: { id: "INV-7" } };
    // With a nonce, the holder's clock does not count: this proof says that it is minutes old.
    let spent = await ours.issue(NOW);
    const first = await prove(held, { ...call, audience: PAY, nonce: spent, clock: () => (NOW - 290) * 1000 });
    expect(await authorizer.admit({ ...call, credential: first })).toMatchObject({ outcome: "admitted" });

    /** A nonce, and whether it may open the door. */
    const draw = async (source: Source): Promise<readonly [nonce: string | undefined, good: boolean]> => {
      const fresh = await ours.issue(NOW);
      const changed = source.oneIn(2) ? mutateText(fresh, source) : (editJson(fresh, source) as string);
      switch (source.below(6)) {
        case 0:
          return [undefined, false];
        case 1:
          return [spent, false];
        case 2:
          return [await ours.issue(NOW - 60 - source.below(100)), false];
        case 3:
          return [await theirs.issue(NOW), false];
        case 4:
          return [changed, changed === fresh];
        default:
          return [fresh, true];
      }
    };

    const tally = createTally();

    await eachCase(runs(300, 10_000), async (seed) => {
      const [nonce, good] = await draw(createSource(seed));
      const clock = (): number => NOW * 1000;
      const made = await prove(held, { ...call, audience: PAY, ...(nonce !== undefined && { nonce }), clock }).catch(
        () => undefined,
      );
      if (made === undefined) return tally.count("cannot be said in a proof");
      const answer = await tally.timed("a nonce", made.proof.length, () =>
        authorizer.admit({ ...call, credential: made }),
      );
      if (answer.outcome === "denied") return tally.count(answer.code);
      if (!good) throw new Error(`let in with the nonce ${JSON.stringify(nonce)}`);
      spent = nonce as string;
      tally.count("let in: a fresh nonce");
    });
    tally.print("fuzz: nonces");
    expectMet("let in", tally.of("let in"), tally.cases / 7);
    expectMet("proof_replayed", tally.of("proof_replayed"), tally.cases / 6);
    expectMet("proof_nonce_required", tally.of("proof_nonce_required"), tally.cases * 0.6);
  },
  PATIENCE,
);
