import { describe, expect, it } from "vitest";
import { type Counts, createReferee, NOTHING_HAPPENED, type Played } from "./referee.ts";

const CALL: Played = { proof: "p", standsOn: ["token a", "agent planner"], costs: [] };
const spending = (proof: string, amount: number): Played => ({
  ...CALL,
  proof,
  costs: [{ counter: "root", most: 100, amount }],
});

/** @returns what is not nought once something was played */
function breaches(play: (referee: ReturnType<typeof createReferee>) => void): Partial<Counts> {
  const referee = createReferee(() => {});
  play(referee);
  return Object.fromEntries(Object.entries(referee.forbidden).filter(([, count]) => count > 0));
}

describe("the referee of the soak", () => {
  it("counts the units above a bound, at each level, and only what was allowed", () => {
    expect(
      breaches(({ begins }) => {
        begins(spending("a", 60))("allowed");
        begins(spending("b", 60))("budget_exhausted");
        begins(spending("c", 60))(NOTHING_HAPPENED);
        begins(spending("d", 40))("allowed");
      }),
    ).toEqual({});
    expect(
      breaches(({ begins }) => {
        for (const proof of ["a", "b", "c"]) begins(spending(proof, 60))("allowed");
      }),
    ).toEqual({ overspent: 80 });
    const below: Played = { ...CALL, costs: [...spending("", 60).costs, { counter: "child", most: 50, amount: 60 }] };
    expect(
      breaches(({ begins }) => begins(below)("allowed")),
      "of a child alone",
    ).toEqual({ overspent: 10 });
  });

  it("sees a proof that is allowed twice, whatever else became of it", () => {
    expect(
      breaches(({ begins }) => {
        const [one, two] = [begins(CALL), begins(CALL)];
        one("allowed");
        two("proof_replayed");
      }),
    ).toEqual({});
    expect(
      breaches(({ begins }) => {
        begins(CALL)("process_killed");
        begins(CALL)("allowed");
        begins(CALL)(NOTHING_HAPPENED);
      }),
    ).toEqual({ proofsTwice: 1 });
  });

  it("sees an approval that is used twice, but not one that was given back, and one whose request was denied", () => {
    const using = (proof: string): Played => ({ ...CALL, proof, approval: "r" });
    expect(
      breaches(({ begins }) => {
        begins(using("a"))(NOTHING_HAPPENED);
        begins(using("b"))("allowed");
      }),
    ).toEqual({});
    expect(
      breaches(({ begins }) => {
        for (const proof of ["a", "b"]) begins(using(proof))("allowed");
      }),
    ).toEqual({ approvalsTwice: 1 });
    expect(
      breaches(({ begins, denies }) => {
        const before = begins(using("a"));
        denies("r");
        before("allowed");
      }),
    ).toEqual({});
    expect(
      breaches(({ begins, denies }) => {
        denies("r");
        begins(using("a"))("allowed");
      }),
    ).toEqual({ afterNo: 1 });
  });

  it("counts a call that began after the revocation of anything under it was acknowledged, and no other one", () => {
    expect(
      breaches(({ begins, revokes }) => {
        const acknowledged = revokes("token a");
        const meanwhile = begins(CALL);
        acknowledged();
        meanwhile("allowed");
      }),
    ).toEqual({});
    for (const name of CALL.standsOn) {
      expect(
        breaches(({ begins, revokes }) => {
          revokes(name)();
          begins(CALL)("allowed");
        }),
      ).toEqual({ afterRevocation: 1 });
    }
  });

  it("takes a call that ends while somebody lifts as one that may be allowed or not", () => {
    for (const code of ["allowed", "revoked"]) {
      expect(
        breaches(({ begins, revokes, lifts }) => {
          revokes("agent planner")();
          const call = begins(CALL);
          lifts("agent planner");
          call(code);
        }),
        code,
      ).toEqual({});
    }
  });

  it("sees a call that is refused as revoked before anything was, or after all was lifted", () => {
    expect(breaches(({ begins }) => begins(CALL)("revoked"))).toEqual({ revokedWrongly: 1 });
    expect(
      breaches(({ begins, revokes, lifts }) => {
        revokes("agent planner")();
        lifts("agent planner")();
        begins(CALL)("revoked");
      }),
    ).toEqual({ revokedWrongly: 1 });
  });

  it("takes a revocation that was never acknowledged as one that may hold for ever", () => {
    for (const code of ["allowed", "revoked"]) {
      expect(
        breaches(({ begins, revokes, lifts }) => {
          revokes("agent planner");
          lifts("agent planner")();
          begins(CALL)(code);
        }),
        code,
      ).toEqual({});
    }
  });

  it("counts all breaches and tells the first few of a kind", () => {
    const told: string[] = [];
    const referee = createReferee((what) => told.push(what));
    for (let i = 0; i < 20; i++) referee.raw("TypeError");
    referee.hung("call");
    expect(referee.forbidden).toMatchObject({ raw: 20, hangs: 1 });
    expect(told.filter((what) => what === "raw: TypeError").length).toBeLessThan(20);
    expect(told).toContain("hangs: call");
  });

  it("counts answers by code", () => {
    const { begins, answers } = createReferee(() => {});
    for (const code of ["allowed", "revoked", "revoked"]) begins({ ...CALL, proof: Math.random().toString() })(code);
    expect(Object.fromEntries(answers)).toEqual({ allowed: 1, revoked: 2 });
  });
});
