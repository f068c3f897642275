import { describe, expect, it } from "vitest";
import { HopwiseError } from "./host-error.ts";
import { errorOf } from "./world.fixture.ts";

const made = (...args: unknown[]) => errorOf(() => Reflect.construct(HopwiseError, args));

describe("an error that a host program makes", () => {
  it.each(["user_gone", "toString", "", undefined, null, 5, {}, Symbol("x")])(
    "has a code that can be looked up: %s is none, and says so without being quoted",
    async (code) => {
      const error = await made(code, "hunter2");
      expect(error.code).toBe("config_invalid");
      expect(error.message).toMatch(/^new HopwiseError: code (must be|is missing; give) a code of Hopwise, such as /);
      expect(error.message).not.toMatch(/user_gone|hunter2/);
    },
  );

  it("has a text, and details by their names", async () => {
    expect((await made("context_unavailable", new Error("down"))).message).toContain("message must be a text");
    expect((await made("context_unavailable", "down", null)).message).toContain("detail must be details");
    const cause = new Error("down");
    expect(new HopwiseError("context_unavailable", "the directory is down", { cause })).toMatchObject({ cause });
  });
});
