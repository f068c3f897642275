import { HopwiseError } from "@hopwise/core";
import { type Fulfilled, fulfil, type Obligations, type OutputSchema } from "@hopwise/core/adapter";
import { isComplete, META_LIMITED, META_REDACTED, type Plain } from "../protocol/index.ts";

/** An answer of MCP as it may leave, and where something was taken out of it. */
export interface FulfilledAnswer {
  readonly result: Plain;
  readonly redacted: readonly string[];
}

/**
 * Changes the result of a tool call, a resource or a prompt as policies oblige to: in structured content, which is then the
 * result, and its text is written anew from it; without any, in each text, read as JSON. Parts that carry data in any other way
 * do not leave: nor does a URI that the server wrote, which may name what the policies take out. The policies' pointers stand
 * beside it, for programs.
 *
 * @param outputSchema what the server lists of the tool's result
 * @param uri of the resource that was asked for
 * @throws {HopwiseError} `result_withheld` where pointers cannot be followed in it: then nothing of it may leave
 */
export function fulfilAnswer(
  result: Plain,
  obligations: Obligations,
  outputSchema?: OutputSchema,
  uri?: string,
): FulfilledAnswer {
  // Pointers cannot find anything in a tool's error message.
  if (result["isError"] === true) {
    return { result: { content: [{ type: "text", text: "The tool failed." }], isError: true }, redacted: [] };
  }
  if (!isComplete(result)) throw withheld();
  const done: Fulfilled[] = [];
  const apply = (value: unknown): unknown => {
    const one = fulfil(obligations, value, outputSchema);
    done.push(one);
    return one.result;
  };
  const { content, structuredContent, contents, messages } = result;
  const structured = structuredContent === undefined ? undefined : apply(structuredContent);
  // A text beside it may say the same in other members, where the policies' pointers find nothing.
  const written = structured === undefined ? undefined : [{ type: "text", text: JSON.stringify(structured) }];
  const changed = {
    ...(content !== undefined && { content: written ?? each(content, (item) => block(item, apply)) }),
    ...(structured !== undefined && { structuredContent: structured }),
    ...(contents !== undefined && { contents: each(contents, (item) => ({ uri, ...textIn(item, apply) })) }),
    ...(messages !== undefined && {
      messages: each(messages, ({ role, content: inner }) => ({ role, content: block(inner as Plain, apply) })),
    }),
  };
  const redacted = [...new Set(done.flatMap((one) => one.redacted))];
  return {
    result: { ...changed, ...metaOf(redacted, [...new Set(done.flatMap((one) => one.limited ?? []))]) },
    redacted,
  };
}

function metaOf(redacted: readonly string[], limited: readonly string[]): { readonly _meta?: Plain } {
  const meta = {
    ...(redacted.length > 0 && { [META_REDACTED]: redacted }),
    ...(limited.length > 0 && { [META_LIMITED]: limited }),
  };
  return Object.keys(meta).length === 0 ? {} : { _meta: meta };
}

function each(items: unknown, change: (item: Plain) => Plain): readonly Plain[] {
  if (!Array.isArray(items)) throw withheld();
  return items.map((item) => change(item as Plain));
}

/** A resource that stands in an answer leaves as its text, since it has to have a URI. */
function block({ type, text, resource }: Plain, apply: (value: unknown) => unknown): Plain {
  if (type !== "text" && type !== "resource") throw withheld();
  return { type: "text", text: textIn(type === "text" ? { text } : Object(resource), apply).text };
}

/** A text with its MIME type, without the other members beside it. */
function textIn({ mimeType, text }: Plain, apply: (value: unknown) => unknown): Plain & { readonly text: unknown } {
  if (typeof text !== "string") throw withheld();
  return { ...(mimeType !== undefined && { mimeType }), text: apply(text) };
}

function withheld(): HopwiseError {
  return new HopwiseError(
    "result_withheld",
    "the policies oblige to change the result, and it has parts that are not text; it is withheld",
  );
}
