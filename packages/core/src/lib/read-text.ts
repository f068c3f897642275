/**
 * Reads the body of an answer over HTTP as text, and stops reading where it is longer: whoever answers must not fill the
 * memory of whoever asked. The bytes are counted as they are after decompression.
 *
 * @param signal lets the rest go: nobody waits for it any more
 * @returns undefined where there are more bytes than that; the rest is not read
 * @throws what the connection throws, or a `TypeError` for bytes that are no UTF-8
 */
export async function readText(
  { body }: Pick<Response, "body">,
  maxBytes: number,
  signal?: AbortSignal,
): Promise<string | undefined> {
  if (body === null) return "";
  const reader = body.getReader();
  signal?.addEventListener("abort", () => leave(reader), { once: true });
  const decoder = new TextDecoder("utf-8", { fatal: true });
  let text = "";
  let bytes = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return text + decoder.decode();
    bytes += value.byteLength;
    if (bytes > maxBytes) {
      leave(reader);
      return undefined;
    }
    text += decoder.decode(value, { stream: true });
  }
}

/** Lets an answer go whose body nobody reads: its connection is free again. */
export function leave(body: { cancel(): Promise<void> } | null): void {
  body?.cancel().catch(() => {});
}
