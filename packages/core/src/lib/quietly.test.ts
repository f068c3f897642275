import { expect, it, vi } from "vitest";
import { dropPromises } from "./quietly.ts";

const failing = () => Promise.reject(new Error("late"));
const revoked = () => {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
};

it("lets whatever a host forgot to await fail, also in a list beside what cannot be read", async () => {
  const ended = vi.fn();
  process.on("unhandledRejection", ended);
  for (const given of [failing(), [1, revoked(), failing(), failing()], [[failing()]].flat(), revoked()]) {
    dropPromises(given);
  }
  await new Promise((done) => setImmediate(done));
  process.off("unhandledRejection", ended);
  expect(ended).not.toHaveBeenCalled();
});

it("makes neither a promise of what is none, nor a copy: a host may give a list of millions", () => {
  const made = [vi.spyOn(Promise, "all"), vi.spyOn(Array.prototype, "flat")];
  dropPromises([1, 2, 3]);
  for (const one of made) {
    expect(one).not.toHaveBeenCalled();
    one.mockRestore();
  }
});
