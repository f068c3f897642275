import { getEventListeners } from "node:events";
import { expect, it } from "vitest";
import { createLeaving } from "./leaving.ts";

it("a signal has one listener, as long as there is somebody to leave", () => {
  const [leaving, { signal }] = [createLeaving(), new AbortController()];
  const listeners = () => getEventListeners(signal, "abort").length;
  const stay = [1, 2].map(() => leaving(signal, () => {}));
  expect(listeners()).toBe(1);
  stay[0]?.();
  expect(listeners()).toBe(1);
  stay[1]?.();
  expect(listeners()).toBe(0);
});

it("whoever asks later is listened for again, and whoever was answered is not told to leave", () => {
  const [leaving, controller] = [createLeaving(), new AbortController()];
  const left: string[] = [];
  leaving(controller.signal, () => left.push("answered"))();
  leaving(controller.signal, () => left.push("one"));
  leaving(controller.signal, () => left.push("another"));
  controller.abort();
  expect(left).toEqual(["one", "another"]);
});
