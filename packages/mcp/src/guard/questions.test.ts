import { describe, expect, it } from "vitest";
import { request } from "./guard.fixture.ts";
import { createQuestions } from "./questions.ts";

const cancelled = (requestId: unknown) =>
  ({ jsonrpc: "2.0", method: "notifications/cancelled", params: { requestId, reason: "late" } }) as const;
const answer = (id: string | number) => ({ jsonrpc: "2.0", id, result: { yes: true } }) as const;

describe("a server's question", () => {
  it("goes out under an id that cannot be guessed, and its answer comes in under the server's own", () => {
    const questions = createQuestions();
    const asked = questions.ask(request(0, "elicitation/create", { message: "sure?" }));
    expect(asked).toMatchObject({ method: "elicitation/create", params: { message: "sure?" } });
    expect(asked.id).toMatch(/^[0-9a-f-]{36}$/);
    expect(questions.answered(answer(asked.id as string))).toEqual(answer(0));
  });

  it("is answered once, and never by who knows its number alone", () => {
    const questions = createQuestions();
    const { id } = questions.ask(request(0, "elicitation/create"));
    expect(questions.answered(answer(0))).toBeUndefined();
    expect(questions.answered(answer(id as string))).toEqual(answer(0));
    expect(questions.answered(answer(id as string))).toBeUndefined();
  });

  it("is withdrawn under the id that it went out with, and not answered any more", () => {
    const questions = createQuestions();
    const { id } = questions.ask(request(5, "elicitation/create"));
    expect(questions.ask(cancelled(5))).toEqual(cancelled(id));
    expect(questions.answered(answer(id as string))).toBeUndefined();
    expect(questions.ask(cancelled(5))).toEqual(cancelled(5));
  });

  it("is forgotten where it could not be sent, alone or with all others", () => {
    const questions = createQuestions();
    const [first, second, third] = [0, 1, 2].map((id) => questions.ask(request(id, "elicitation/create")));
    questions.forget(first as never);
    expect(questions.answered(answer(first?.id as string))).toBeUndefined();
    expect(questions.answered(answer(second?.id as string))).toEqual(answer(1));
    questions.forgetAll();
    expect(questions.answered(answer(third?.id as string))).toBeUndefined();
  });

  it("makes progress by the word of who got it alone, until it is answered", () => {
    const questions = createQuestions();
    const progress = (progressToken: unknown) =>
      ({ jsonrpc: "2.0", method: "notifications/progress", params: { progressToken, progress: 1 } }) as const;
    const asked = questions.ask(request(0, "sampling/createMessage", { _meta: { progressToken: 0, trace: "t" } }));
    const own = asked.id as string;
    expect(asked.params).toEqual({ _meta: { progressToken: own, trace: "t" } });
    for (const token of [0, "0", null, undefined, {}]) expect(questions.progressed(progress(token))).toBeUndefined();
    expect(questions.progressed(progress(own))).toEqual(progress(0));
    questions.answered(answer(own));
    expect(questions.progressed(progress(own))).toBeUndefined();
  });

  it("of whose progress its server wants to hear nothing makes none", () => {
    const questions = createQuestions();
    const { id } = questions.ask(request(0, "elicitation/create", { _meta: { trace: "t" } }));
    expect(questions.progressed({ jsonrpc: "2.0", method: "notifications/progress" })).toBeUndefined();
    const params = { progressToken: id, progress: 1 };
    expect(questions.progressed({ jsonrpc: "2.0", method: "notifications/progress", params })).toBeUndefined();
  });

  it("is no notification: that goes out as it is", () => {
    const note = { jsonrpc: "2.0", method: "notifications/message", params: {} } as const;
    expect(createQuestions().ask(note)).toBe(note);
  });
});
