import { HopwiseError } from "@hopwise/core";
import { asSchema, type FlexibleSchema } from "ai";

/**
 * The same schema of a tool, which tells of each input that it refuses: the AI SDK answers such a call itself and runs
 * nothing, so that nobody else would hear of it. It inherits from the tool's own schema, whose other members stay.
 *
 * @param tell is not waited for, and may fail: the call is refused in any case
 * @throws {HopwiseError} `config_invalid` for what the AI SDK can make no schema of
 */
export function recordRefusals(name: string, schema: unknown, tell: (input: unknown) => Promise<unknown>): unknown {
  if (schema === undefined || schema === null) return schema;
  const own = schemaOf(name, schema);
  const { validate } = own;
  // A bare JSON Schema refuses nothing.
  if (validate === undefined) return schema;
  const telling: typeof validate = async (value) => {
    const refused = (): void => void tell(value).catch(() => {});
    try {
      const result = await validate(value);
      if (!result.success) refused();
      return result;
    } catch (error) {
      refused();
      throw error;
    }
  };
  return Object.create(typeof schema === "function" ? own : schema, {
    [SCHEMA]: { value: true },
    jsonSchema: { get: () => own.jsonSchema, enumerable: true },
    validate: { value: telling, enumerable: true },
  });
}

/** As the AI SDK reads it: a function is asked for its schema. */
function schemaOf(name: string, schema: unknown): ReturnType<typeof asSchema> {
  let cause: unknown;
  try {
    const own: unknown = asSchema(schema as FlexibleSchema);
    if (typeof own === "object" && own !== null && "jsonSchema" in own) return own as ReturnType<typeof asSchema>;
  } catch (fault) {
    cause = fault;
  }
  throw new HopwiseError(
    "config_invalid",
    `authorizeTools: the inputSchema of the tool "${name}" must be a schema of the AI SDK, such as z.object({ … }); what came is none, or fails when it is read`,
    { cause },
  );
}

/** By this the AI SDK knows a schema of its own. */
const SCHEMA = Symbol.for("vercel.ai.schema");
