import { getEventListeners } from "node:events";
import { setTimeout as delay } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { unlessAborted } from "./unless-aborted.ts";

const never = (): Promise<never> => new Promise(() => {});
/** Long enough that its signal is listened to. */
const later = (): Promise<void> => delay(60);

describe("work that its caller may stop waiting for", () => {
  it.each([undefined, null, new AbortController().signal])(
    "gives what it gives where nobody stops (%s)",
    async (signal) => {
      expect(await unlessAborted(signal, async () => "done")).toBe("done");
      await expect(unlessAborted(signal, () => Promise.reject(new Error("why")))).rejects.toThrow("why");
    },
  );

  it("ends with the reason, though it does not listen, and is not begun after that", async () => {
    const controller = new AbortController();
    const waiting = unlessAborted(controller.signal, never);
    controller.abort("enough");
    await expect(waiting).rejects.toBe("enough");
    let begun = 0;
    await expect(unlessAborted(controller.signal, async () => begun++)).rejects.toBe("enough");
    expect(begun).toBe(0);
  });

  it("listens once, however much waits: Node.js 20 warns of more than ten listeners", async () => {
    const controller = new AbortController();
    const { signal } = controller;
    const all = Array.from({ length: 12 }, () => unlessAborted(signal, never));
    await unlessAborted(signal, later);
    expect(getEventListeners(signal, "abort")).toHaveLength(1);
    controller.abort("enough");
    expect(await Promise.allSettled(all)).toEqual(all.map(() => ({ status: "rejected", reason: "enough" })));
  });

  it("leaves nothing at a signal that lives on", async () => {
    const { signal } = new AbortController();
    const heard: string[] = [];
    signal.addEventListener = (type: string) => void heard.push(`+${type}`);
    signal.removeEventListener = (type: string) => void heard.push(`-${type}`);
    await unlessAborted(signal, later);
    await unlessAborted(signal, () => later().then(() => Promise.reject(new Error()))).catch(() => {});
    expect(heard).toEqual(["+abort", "-abort", "+abort", "-abort"]);
  });

  it("looks at its signal before it begins and when it ended, and listens where it takes long alone", async () => {
    const controller = new AbortController();
    const { signal } = controller;
    const heard: string[] = [];
    signal.addEventListener = (type: string) => void heard.push(type);
    await unlessAborted(signal, async () => {});
    await unlessAborted(signal, () => Promise.reject(new Error())).catch(() => {});
    const aborting = async () => controller.abort("enough");
    await expect(unlessAborted(signal, aborting)).rejects.toBe("enough");
    expect(heard).toEqual([]);
  });
});
