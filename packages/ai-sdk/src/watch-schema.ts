import { HopwiseError } from "@hopwise/core";
import { quietly } from "@hopwise/core/adapter";
import { isObject, isPromise } from "@hopwise/core/options";
import { asSchema, type FlexibleSchema } from "ai";

/** What came of the inputs that a tool's own schema read. */
export interface SchemaWatch {
  /** Somebody asked what the schema takes: a loop does, before it offers the tool to a model. */
  offered(): void;
  /** The schema refused an input: the AI SDK answers such a call itself, and nobody else would hear of it. */
  refused(input: unknown): void;
  /** @param sent a copy from before the schema saw it; undefined where it could not be copied */
  read(sent: unknown, parsed: unknown): void;
}

/**
 * The same schema of a tool, which tells what came of each input. It inherits from the tool's own, whose other members stay.
 *
 * @throws {HopwiseError} `config_invalid` for what the AI SDK can make no schema of
 */
export function watchSchema(name: string, schema: unknown, watch: SchemaWatch): unknown {
  const { offered, refused, read } = watch;
  if (schema === undefined || schema === null) return schema;
  const own = schemaOf(name, schema);
  const { validate } = own;
  // A bare JSON Schema refuses and changes nothing.
  if (validate === undefined && typeof schema !== "function") return schema;
  let announced: typeof own.jsonSchema | undefined;
  const watching =
    validate &&
    (async (value: unknown) => {
      const sent = copyOf(value);
      try {
        const result = await validate(value);
        if (result.success) read(sent, result.value);
        else refused(sent);
        return result;
      } catch (error) {
        refused(sent);
        throw error;
      }
    });
  return Object.create(typeof schema === "function" ? own : schema, {
    [SCHEMA]: { value: true },
    // Read once: what the model gets is what the tool announces.
    jsonSchema: {
      get: () => {
        offered();
        announced ??= schemaForModel(name, own);
        return announced;
      },
      enumerable: true,
    },
    validate: { value: watching, enumerable: true },
    ...watchedStandard(schema, watch),
  });
}

/**
 * The same by its other door: frameworks that take the AI SDK's tools, such as Mastra, have an input read by the Standard Schema. What
 * the schema put there would count as sent.
 */
function watchedStandard(schema: unknown, { offered, refused, read }: SchemaWatch): PropertyDescriptorMap {
  const { "~standard": standard } = Object(schema) as { readonly "~standard"?: Standard };
  const { validate } = standard ?? {};
  if (standard === undefined || typeof validate !== "function") return {};
  const validating = (value: unknown): unknown => {
    const sent = copyOf(value);
    const heard = (result: unknown): unknown => {
      const { issues, value: parsed } = Object(result) as { readonly issues?: unknown; readonly value?: unknown };
      if (issues || !isObject(result)) refused(sent);
      else read(sent, parsed);
      return result;
    };
    const failed = (error: unknown): never => {
      refused(sent);
      throw error;
    };
    let result: unknown;
    try {
      result = validate.call(standard, value);
    } catch (error) {
      return failed(error);
    }
    return isPromise(result) ? (result as Promise<unknown>).then(heard, failed) : heard(result);
  };
  const announcing = (): unknown => {
    offered();
    return standard.jsonSchema;
  };
  const watched = Object.create(standard, {
    validate: { value: validating, enumerable: true },
    ...("jsonSchema" in standard && { jsonSchema: { get: announcing, enumerable: true } }),
  });
  return { "~standard": { value: watched, enumerable: true } };
}

/** As the AI SDK reads it: a function is asked for its schema. */
function schemaOf(name: string, schema: unknown): ReturnType<typeof asSchema> {
  let own: unknown;
  let cause: unknown;
  try {
    own = asSchema(keepingRefusals(schema) as FlexibleSchema);
    if (typeof own === "object" && own !== null && "jsonSchema" in own) return own as ReturnType<typeof asSchema>;
  } catch (fault) {
    cause = fault;
  }
  const promise = [schema, own].find(isPromise);
  // Nobody waits for it: a rejection must not end the process.
  quietly(() => promise);
  const came = promise ? "got a promise; await it first" : "what came is none, or fails when it is read";
  throw new HopwiseError(
    "config_invalid",
    `authorizeTools: the inputSchema of the tool "${name}" must be a schema of the AI SDK, such as z.object({ … }); ${came}`,
    { cause },
  );
}

/** By this the AI SDK knows a schema of its own. */
const SCHEMA = Symbol.for("vercel.ai.schema");

/** What every schema library gives by the Standard Schema, as far as it matters here. */
interface Standard {
  readonly vendor?: unknown;
  readonly validate?: (value: unknown) => unknown;
  readonly jsonSchema?: unknown;
}

/**
 * The AI SDK takes an answer that has a value for a success, and valibot gives what it refused beside its issues: the tool would
 * run with that. So a refusal reaches the AI SDK without a value. Zod's schemas it asks in another way.
 */
function keepingRefusals(schema: unknown): unknown {
  const { [SCHEMA]: isOfTheSdk, "~standard": standard } = Object(schema) as {
    readonly [SCHEMA]?: unknown;
    readonly "~standard"?: Standard;
  };
  const { vendor, validate } = standard ?? {};
  if (isOfTheSdk === true || typeof validate !== "function" || vendor === "zod") return schema;
  const refusing = async (value: unknown) => {
    const result = (await validate.call(standard, value)) as { readonly issues?: unknown };
    return result.issues ? { issues: result.issues } : result;
  };
  return { "~standard": Object.create(standard as Standard, { validate: { value: refusing } }) };
}

/** @throws {HopwiseError} `config_invalid`: the loop fails by it, and its author must learn by which of the tools */
function schemaForModel(name: string, own: ReturnType<typeof asSchema>): typeof own.jsonSchema {
  try {
    return own.jsonSchema;
  } catch (cause) {
    throw new HopwiseError(
      "config_invalid",
      `authorizeTools: the inputSchema of the tool "${name}" gives no JSON Schema (draft 7), by which a model knows what to send; use one that does, or say it with jsonSchema({ … }, { validate })`,
      { cause },
    );
  }
}

/** A schema may change what it reads. */
function copyOf(input: unknown): unknown {
  try {
    return structuredClone(input);
  } catch {
    return undefined;
  }
}
