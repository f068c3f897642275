import type { JsonObject } from "../json/index.ts";
import { answeringAtOnce, argumentOf, reading, such } from "../options/index.ts";
import type { ResourceQuery, ToolEntry } from "./tool-entry.ts";

/**
 * The part of Standard Schema (standardschema.dev) that tells a schema's output type and, where the library has it, its
 * JSON Schema: zod, valibot, arktype … all have it.
 */
export interface ToolSchema {
  readonly "~standard": {
    readonly types?: { readonly output: unknown } | undefined;
    readonly jsonSchema?: { readonly output: (options: { readonly target: "draft-2020-12" }) => object } | undefined;
  };
}

/** A tool's arguments after its schema has parsed them. */
type ParsedBy<S extends ToolSchema> = NonNullable<S["~standard"]["types"]>["output"];
type NamesOf<S extends ToolSchema> = keyof ParsedBy<S> & string;

/** A call or an item of a list, of which only some arguments are known. */
type PlaceQuery<S extends ToolSchema> = Omit<ResourceQuery, "arguments"> & { readonly arguments: Partial<ParsedBy<S>> };

/** An entry of a tool map, checked against the tool's own schema: a wrong name of an argument does not compile. */
export type TypedEntry<S extends ToolSchema> = Omit<
  ToolEntry,
  | "id"
  | "attributes"
  | "hideFromPolicies"
  | "keepInRecord"
  | "scope"
  | "policyVersion"
  | "projection"
  | "argumentsSchema"
> & {
  readonly id?: NamesOf<S> | ((args: ParsedBy<S>, tool: string) => string);
  readonly attributes?: (args: ParsedBy<S>, query: ResourceQuery) => ReturnType<NonNullable<ToolEntry["attributes"]>>;
  readonly hideFromPolicies?: readonly NamesOf<S>[];
  readonly keepInRecord?: readonly NamesOf<S>[];
  readonly scope?: string | ((query: PlaceQuery<S>) => string | undefined | Promise<string | undefined>);
  readonly policyVersion?: string | ((query: PlaceQuery<S>) => string | undefined | Promise<string | undefined>);
  readonly projection?: (parsed: ParsedBy<S>) => unknown;
};

const readSchema = argumentOf<ToolSchema>(
  "mapTool",
  "schema",
  such("a tool's schema, such as z.object({ … })", (schema) => {
    return typeof Object(Object(schema)["~standard"]).validate === "function";
  }),
);

/**
 * An entry of a tool map, typed by the tool's own schema. `describeContext` shows the schema's arguments.
 *
 * ```ts
 * const tools: ToolMap = { send_payment: mapTool(paymentSchema, { kind: "payment", action: "send", id: "to" }) };
 * ```
 *
 * @throws {HopwiseError} `config_invalid` for a schema that is none; the entry is read by `createAuthorizer`
 */
export function mapTool<S extends ToolSchema>(schema: S, entry: TypedEntry<S>): ToolEntry {
  readSchema(schema);
  const argumentsSchema = schemaOf(schema);
  const own = reading("mapTool", "entry", 'an entry, such as { kind: "payment", action: "send" }', entry, (given) => ({
    ...given,
  }));
  return { ...own, ...(argumentsSchema !== undefined && { argumentsSchema }) } as ToolEntry;
}

/** Undefined where the library gives no JSON Schema, or JSON Schema cannot say it. */
function schemaOf(schema: ToolSchema): JsonObject | undefined {
  try {
    const { jsonSchema } = schema["~standard"];
    const found = jsonSchema && answeringAtOnce(() => jsonSchema.output({ target: "draft-2020-12" }), "a schema")();
    return found === undefined ? undefined : (JSON.parse(JSON.stringify(found)) as JsonObject);
  } catch {
    return undefined;
  }
}
