import { HopwiseError } from "@hopwise/core";
import { fulfil, type Obligations } from "@hopwise/core/adapter";

type Plain = { readonly [key: string]: unknown };

/** An answer of MCP as it may leave, and where something was taken out of it. */
export interface FulfilledAnswer {
  readonly result: Plain;
  readonly redacted: readonly string[];
}

/**
 * Changes the result of a tool call, a resource or a prompt as policies oblige to: in each text, read as JSON, and in
 * structured content. Parts that carry data in any other way do not leave.
 *
 * @throws {HopwiseError} `result_withheld` where pointers cannot be followed in it: then nothing of it may leave
 */
export function fulfilAnswer(result: Plain, obligations: Obligations): FulfilledAnswer {
  // Pointers cannot find anything in a tool's error message.
  if (result["isError"] === true) {
    return { result: { content: [{ type: "text", text: "The tool failed." }], isError: true }, redacted: [] };
  }
  const redacted = new Set<string>();
  const apply = (value: unknown): unknown => {
    const done = fulfil(obligations, value);
    for (const pointer of done.redacted) redacted.add(pointer);
    return done.result;
  };
  const { content, structuredContent, contents, messages } = result;
  const changed = {
    ...(content !== undefined && { content: each(content, (item) => block(item, apply)) }),
    ...(structuredContent !== undefined && { structuredContent: apply(structuredContent) }),
    ...(contents !== undefined && { contents: each(contents, (item) => textIn(item, apply)) }),
    ...(messages !== undefined && {
      messages: each(messages, ({ role, content: inner }) => ({ role, content: block(inner as Plain, apply) })),
    }),
  };
  return { result: changed, redacted: [...redacted] };
}

function each(items: unknown, change: (item: Plain) => Plain): readonly Plain[] {
  if (!Array.isArray(items)) throw withheld();
  return items.map((item) => change(item as Plain));
}

function block(item: Plain, apply: (value: unknown) => unknown): Plain {
  switch (item["type"]) {
    case "text":
      return { type: "text", text: textIn(item, apply)["text"] };
    case "resource":
      return { type: "resource", resource: textIn(item["resource"] as Plain, apply) };
    default:
      throw withheld();
  }
}

/** A text with its URI and MIME type, without the other members beside it. */
function textIn({ uri, mimeType, text }: Plain, apply: (value: unknown) => unknown): Plain {
  if (typeof text !== "string") throw withheld();
  return { ...(uri !== undefined && { uri }), ...(mimeType !== undefined && { mimeType }), text: apply(text) };
}

function withheld(): HopwiseError {
  return new HopwiseError(
    "result_withheld",
    "the policies oblige to change the result, and it has parts that are not text; it is withheld",
  );
}
