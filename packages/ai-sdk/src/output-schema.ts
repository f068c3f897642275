import type { JsonObject, OutputSchema } from "@hopwise/core/adapter";

/** How long a schema that is made when it is needed may take. */
const PATIENCE_MS = 5000;

/**
 * The JSON Schema that a tool announces of its results: of a schema of the AI SDK, also of one that is made when it is
 * needed, or of a library that writes JSON Schemas (Standard JSON Schema), such as Zod.
 *
 * @returns undefined for a tool without an output schema; `null` for one whose schema cannot be read
 */
export async function outputSchemaOf({
  outputSchema,
}: {
  readonly outputSchema?: unknown;
}): Promise<OutputSchema | undefined> {
  if (outputSchema === undefined || outputSchema === null) return undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const tooLate = new Promise<null>((resolve) => {
    timer = setTimeout(resolve, PATIENCE_MS, null);
  });
  try {
    const read = await Promise.race([jsonSchemaOf(outputSchema), tooLate]);
    return typeof read === "object" && !Array.isArray(read) ? (read as JsonObject | null) : null;
  } catch {
    return null;
  } finally {
    clearTimeout(timer);
  }
}

interface WritesJsonSchema {
  readonly "~standard"?: { readonly jsonSchema?: { output(options: { readonly target: string }): unknown } };
  readonly jsonSchema?: unknown;
}

async function jsonSchemaOf(schema: unknown): Promise<unknown> {
  const { "~standard": standard, jsonSchema } = schema as WritesJsonSchema;
  if (standard !== undefined) return standard.jsonSchema?.output({ target: "draft-07" }) ?? null;
  if (jsonSchema !== undefined) return jsonSchema;
  return typeof schema === "function" ? jsonSchemaOf(schema()) : null;
}
