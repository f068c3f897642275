import { type InputSchema, type JsonObject, type OutputSchema, settleInTime } from "@hopwise/core/adapter";
import { asSchema, type FlexibleSchema } from "ai";
import { memberOf, type ReadTool } from "./read-tool.ts";

/** The JSON Schemas that a tool announces. */
export interface Announced {
  /** Of its arguments, as the model gets it; undefined where there is none, or it cannot be read. */
  readonly inputSchema: InputSchema | undefined;
  /** Of its result; undefined for a tool without one, `null` where it cannot be read. */
  readonly outputSchema: OutputSchema | undefined;
}

export async function announcedBy(tool: ReadTool): Promise<Announced> {
  const own = memberOf(tool, "inputSchema");
  const [inputSchema, outputSchema] = await Promise.all([
    // Of a tool without one the AI SDK would say that it takes nothing; its author says nothing.
    own ? inTime(async () => asSchema(own as FlexibleSchema).jsonSchema) : undefined,
    outputSchemaOf(memberOf(tool, "outputSchema")),
  ]);
  return { inputSchema: inputSchema ?? undefined, outputSchema };
}

/**
 * The JSON Schema that a tool announces of its results: of a schema of the AI SDK, also of one that is made when it is
 * needed, or of a library that writes JSON Schemas (Standard JSON Schema), such as Zod.
 *
 * @returns undefined for a tool without an output schema; `null` for one whose schema cannot be read
 */
export async function outputSchemaOf(schema: unknown): Promise<OutputSchema | undefined> {
  return schema === undefined || schema === null ? undefined : inTime(() => jsonSchemaOf(schema));
}

/** How long a schema that is made when it is needed may take. */
const PATIENCE_MS = 5000;

/** A schema that can be read in time; `null` for any other. */
async function inTime(read: () => Promise<unknown>): Promise<JsonObject | null> {
  try {
    const schema = await settleInTime(PATIENCE_MS, read());
    return typeof schema === "object" && !Array.isArray(schema) ? (schema as JsonObject | null) : null;
  } catch {
    return null;
  }
}

interface WritesJsonSchema {
  readonly "~standard"?: { readonly jsonSchema?: { output(options: { readonly target: string }): unknown } };
  readonly jsonSchema?: unknown;
}

async function jsonSchemaOf(schema: unknown): Promise<unknown> {
  // A promise is waited for, so that it cannot reject where nobody looks: Node would end the process.
  const made: unknown = await schema;
  const { "~standard": standard, jsonSchema } = Object(made) as WritesJsonSchema;
  if (standard !== undefined) return standard.jsonSchema?.output({ target: "draft-07" }) ?? null;
  if (jsonSchema !== undefined) return jsonSchema;
  return typeof made === "function" ? jsonSchemaOf(made()) : null;
}
