import type { JsonScalar, JsonValue } from "../json/index.ts";
import type { Constraint, ConstraintOf } from "./constraint.ts";
import type { anyArguments, noArguments } from "./markers.ts";

/**
 * The part of Standard Schema (standardschema.dev) that tells a schema's input type: zod, valibot, arktype … all have
 * it.
 */
export interface SchemaLike {
  readonly "~standard": { readonly types?: { readonly input: unknown } | undefined };
}

/** Tools' own schemas, by name. */
export interface Schemas {
  readonly [tool: string]: SchemaLike;
}

/** A tool's arguments before its schema has parsed them; a grant constrains these. */
type ArgumentsOf<S extends SchemaLike> = NonNullable<S["~standard"]["types"]>["input"];

/** Constraints that make sense for an argument of a type; `optional` and `absent` only for one that may be left out. */
export type ConstraintFor<T> =
  | ConstraintForPresent<Exclude<T, undefined>>
  | (undefined extends T ? ConstraintOf<"optional"> | ConstraintOf<"absent"> : never);

type ConstraintForPresent<T> =
  | ConstraintOf<"wildcard" | "all" | "any" | "not_one_of">
  | ([T] extends [never] ? never : { readonly constraint_type: "exact"; readonly value: Value<T> })
  | ([Extract<T, JsonScalar>] extends [never]
      ? never
      : { readonly constraint_type: "one_of"; readonly values: readonly Extract<T, JsonScalar>[] })
  | ([Extract<T, number>] extends [never] ? never : ConstraintOf<"range" | "int">)
  | ([Extract<T, string>] extends [never]
      ? never
      : ConstraintOf<"prefix" | "suffix" | "path" | "url" | "cidr" | "length">)
  | ([Extract<T, readonly unknown[]>] extends [never] ? never : ConstraintOf<"contains" | "subset" | "each" | "length">)
  | ObjectFor<Exclude<T, JsonScalar | readonly unknown[]>>;

/** A type's values as JSON has them: nothing in them can be changed. */
type Value<T> = unknown extends T
  ? JsonValue
  : T extends JsonScalar
    ? T
    : T extends object
      ? { readonly [K in keyof T]: Value<T[K]> }
      : never;

/** For an object whose properties are known by name: only what may be missing there may be missing here. */
type ObjectFor<T> = [T] extends [never]
  ? never
  : unknown extends T
    ? ConstraintOf<"object">
    : T extends object
      ? string extends keyof T
        ? ConstraintOf<"object">
        : {
            readonly constraint_type: "object";
            readonly properties: PropertiesGrant<T>;
          }
      : never;

type PropertiesGrant<T> = {
  readonly [Name in keyof T as undefined extends T[Name] ? never : Name]: ConstraintFor<T[Name]>;
} & {
  readonly [Name in keyof T as undefined extends T[Name] ? Name : never]?: ConstraintFor<T[Name]>;
};

/**
 * The grant that may be written for a tool with a known schema: it names every required argument, and only arguments of
 * the schema.
 */
type ArgumentsGrant<A, G> = {
  readonly [Name in keyof A as undefined extends A[Name] ? never : Name]: ConstraintFor<A[Name]>;
} & {
  readonly [Name in keyof G]: Name extends keyof A ? ConstraintFor<A[Name]> : never;
};

/** Checks the grant of each tool against the tool's schema; a tool without a schema takes any names. */
export type CheckedGrant<G, S extends Schemas> = {
  readonly [Tool in keyof G]: Tool extends keyof S
    ? ArgumentsGrant<ArgumentsOf<S[Tool]>, G[Tool]> | typeof anyArguments | typeof noArguments
    : { readonly [argument: string]: Constraint } | typeof anyArguments | typeof noArguments;
};
