import { asSchema, type FlexibleSchema } from "ai";

/**
 * The same schema of a tool, which tells of each input that it refuses: the AI SDK answers such a call itself and runs
 * nothing, so that nobody else would hear of it. It inherits from the tool's own schema, whose other members stay.
 *
 * @param tell is not waited for, and may fail: the call is refused in any case
 */
export function recordRefusals(schema: unknown, tell: (input: unknown) => Promise<unknown>): unknown {
  if (schema === undefined || schema === null) return schema;
  const own = asSchema(schema as FlexibleSchema);
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

/** By this the AI SDK knows a schema of its own. */
const SCHEMA = Symbol.for("vercel.ai.schema");
