import { beforeAll, describe, expect, it } from "vitest";
import type { HeldDelegation } from "../token/index.ts";
import { errorOf } from "../world.fixture.ts";
import { answeringPdp } from "./answering-pdp.ts";
import { type Company, createCompany } from "./company.ts";
import type { TestAuthorizer } from "./test-authorizer.ts";

const PAYMENT = { to: "Globex" };
let company: Company;
let planner: HeldDelegation;

beforeAll(async () => {
  company = await createCompany({
    users: { alice: { roles: ["analyst"] }, dana: { roles: ["manager"] }, erin: { roles: ["clerk"] } },
    approvers: ["dana", "erin"],
    tools: {
      send_payment: { kind: "payment", action: "send", id: "to" },
      search: { kind: "payment", action: "read", filter: { arguments: { text: null } } },
    },
  });
  planner = await company.chain("alice", "planner");
});

/** Payments wait for a manager. */
function waiting(more: Parameters<Company["authorizer"]>[0] = {}): TestAuthorizer {
  const cerbos = answeringPdp(({ principal: { roles }, resource: { kind } }) => {
    if (kind === "approval") return roles.includes("manager") ? "allow" : "deny";
    return kind === "payment" ? { effect: "allow", outputs: [{ approval: "large" }] } : "allow";
  });
  return company.authorizer({ cerbos, ...more });
}

describe("a call that waits for a person", () => {
  it("runs once an approver of the company said yes, and once", async () => {
    const authorizer = waiting();
    const pay = () => authorizer.call(planner, "send_payment", PAYMENT);
    const waits = await pay();
    expect(waits).toMatchObject({ outcome: "pending", approval: { reason: "large" } });
    expect(await authorizer.answer("dana", "yes", waits)).toMatchObject({ state: "approved" });
    expect(await pay()).toMatchObject({ outcome: "allowed" });
    expect(await pay()).toMatchObject({ outcome: "pending" });
  });

  it("is named by the id of its request, and told what became of that", async () => {
    const authorizer = waiting();
    const waits = await authorizer.call(planner, "send_payment", PAYMENT);
    const approval = waits.outcome === "pending" ? waits.approval.request : "";
    expect(await authorizer.answer("dana", "no", approval)).toMatchObject({ state: "denied" });
    const again = await authorizer.call(planner, "send_payment", PAYMENT, { approval });
    expect(again).toMatchObject({ code: "approval_denied" });
  });

  it("is answered by whom the policies let, whatever else is said of approvals", async () => {
    const authorizer = waiting({ approvals: { withinSeconds: 60 } });
    const waits = await authorizer.call(planner, "send_payment", PAYMENT);
    expect((await errorOf(authorizer.answer("erin", "yes", waits))).code).toBe("approval_refused");
    expect(await authorizer.answer("dana", "yes", waits)).toMatchObject({ state: "approved" });
    const nobody = waiting({ approvals: { approvers: [] }, onWarning: () => {} });
    const other = await nobody.call(planner, "send_payment", PAYMENT);
    expect((await errorOf(nobody.answer("dana", "yes", other))).message).toContain(
      "no approver has registered the key",
    );
  });

  it("goes by the clock of its authorizer", async () => {
    const clock = () => Date.parse("2020-01-01T00:00:00Z");
    const own = await createCompany({ approvers: ["alice"] });
    own.clock.set(clock());
    const chain = await own.chain("alice", "planner");
    own.clock.reset();
    const cerbos = answeringPdp(({ resource: { kind } }) =>
      kind === "payment" ? { effect: "allow", outputs: [{ approval: "large" }] } : "allow",
    );
    const authorizer = own.authorizer({ cerbos, clock });
    const waits = await authorizer.call(chain, "send_payment", PAYMENT);
    expect(await authorizer.answer("alice", "yes", waits)).toMatchObject({ state: "approved" });
  });

  it("can be answered at an inbox of one's own", async () => {
    const authorizer = waiting();
    const waits = await authorizer.call(planner, "send_payment", PAYMENT);
    const id = waits.outcome === "pending" ? waits.approval.request : "";
    const shown = await authorizer.approvals.find(id);
    const signed = await company.approval("dana", "yes", shown?.request as never);
    expect(await authorizer.approvals.answer(id, signed)).toMatchObject({ state: "approved" });
    expect(company.approvers.map(({ subject }) => subject)).toEqual(["dana", "erin"]);
  });

  it("is told from one that does not wait, and an approver from whoever is none", async () => {
    const authorizer = waiting();
    const [denied, waits] = [
      await authorizer.call("eve", "send_payment", PAYMENT),
      await authorizer.call(planner, "send_payment", PAYMENT),
    ];
    expect((await errorOf(authorizer.answer("dana", "yes", denied))).message).toContain("it is denied, user_unknown");
    const allowed = await company.authorizer().call(planner, "send_payment", PAYMENT);
    expect((await errorOf(authorizer.answer("dana", "yes", allowed))).message).toContain("it is allowed");
    expect((await errorOf(authorizer.answer("dan", "yes", waits))).message).toContain(
      'no approver "dan"; it has dana, erin',
    );
    const without = await createCompany();
    expect((await errorOf(without.approval("dana", "yes", {} as never))).message).toContain(
      "createCompany({ approvers",
    );
    expect((await errorOf(createCompany({ approvers: ["dana"] }))).message).toContain('no user "dana"');
  });
});

describe("a call's details", () => {
  it("are those that adapters pass: who came by the transport, what the tool's schema made", async () => {
    const authorizer = company.authorizer();
    const transportUser = { issuer: "https://id.acme.example", subject: "erin" };
    const other = await authorizer.call(planner, "send_payment", PAYMENT, { transportUser });
    expect(other).toMatchObject({ code: "subject_mismatch" });
    const parsed = { to: "Globex", currency: "EUR" };
    expect(await authorizer.call(planner, "send_payment", PAYMENT, { parsed })).toMatchObject({ arguments: parsed });
    const misspelt = authorizer.call(planner, "send_payment", PAYMENT, { parsd: parsed } as never);
    expect((await errorOf(misspelt)).message).toContain('"parsed"');
  });

  it("let a tool that gives rows be asked about", async () => {
    const authorizer = company.authorizer();
    const decision = await authorizer.filter(planner, "search", { text: "paper" });
    expect(decision).toMatchObject({ outcome: "allowed", filter: { take: expect.any(Function) } });
    const filters = await authorizer.call("alice", "search", { text: "paper" }, { filters: true });
    expect(filters).toMatchObject({ outcome: "allowed" });
    expect(await authorizer.call("alice", "search")).toMatchObject({ code: "policy_inconclusive" });
    expect(await authorizer.filter("eve", "search")).toMatchObject({ code: "user_unknown" });
    expect((await errorOf(authorizer.filter(planner, "send_payment", PAYMENT))).code).toBe("config_invalid");
  });
});
