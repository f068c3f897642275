import { getEventListeners } from "node:events";
import { expect, it } from "vitest";
import { onceAborted } from "./once-aborted.ts";

it("a signal has one listener, as long as there is somebody to leave", () => {
  const { signal } = new AbortController();
  const listeners = () => getEventListeners(signal, "abort").length;
  const stay = [1, 2].map(() => onceAborted(signal, () => {}));
  expect(listeners()).toBe(1);
  stay[0]?.();
  expect(listeners()).toBe(1);
  stay[1]?.();
  expect(listeners()).toBe(0);
});

it("whoever asks later is listened for again, and whoever was answered is not told to leave", () => {
  const controller = new AbortController();
  const left: string[] = [];
  onceAborted(controller.signal, () => left.push("answered"))();
  onceAborted(controller.signal, () => left.push("one"));
  onceAborted(controller.signal, () => left.push("another"));
  controller.abort();
  expect(left).toEqual(["one", "another"]);
});
