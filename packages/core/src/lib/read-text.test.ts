import { describe, expect, it } from "vitest";
import { leave, readText } from "./read-text.ts";

const bodyOf = (...chunks: readonly Uint8Array[]): Response =>
  new Response(
    new ReadableStream<Uint8Array>({
      start: (controller) => {
        for (const chunk of chunks) controller.enqueue(chunk);
        controller.close();
      },
    }),
  );

describe("the text of an answer", () => {
  it("is read up to so many bytes, and not at all where there are more", async () => {
    const bytes = new TextEncoder().encode("añb");
    expect(await readText(bodyOf(bytes.slice(0, 2), bytes.slice(2)), 4)).toBe("añb");
    expect(await readText(bodyOf(bytes.slice(0, 2), bytes.slice(2)), 3)).toBeUndefined();
    expect(await readText(new Response(null), 0)).toBe("");
  });

  it("is none where the bytes are no UTF-8, also where they end in the middle of a character", async () => {
    for (const bytes of [[0xff], [0x61, 0xc3]])
      await expect(readText(bodyOf(Uint8Array.from(bytes)), 10)).rejects.toThrow(TypeError);
  });

  it("can be left unread, also where leaving fails", async () => {
    let left = 0;
    const cancel = async (): Promise<void> => {
      left++;
      throw new Error("gone already");
    };
    leave(new Response(new ReadableStream({ cancel })).body);
    leave(null);
    expect(left).toBe(1);
  });
});
