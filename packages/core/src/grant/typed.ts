import type { JsonScalar, JsonValue } from "../json/index.ts";
import type { Constraint, ConstraintOf } from "./constraint.ts";
import type { anyArguments, noArguments } from "./markers.ts";

/**
 * The part of Standard Schema (standardschema.dev) that tells a schema's input and output types: zod, valibot, arktype … all
 * have it.
 */
export interface SchemaLike {
  readonly "~standard": { readonly types?: { readonly input: unknown; readonly output?: unknown } | undefined };
}

/** Tools' own schemas, by name. */
export interface Schemas {
  readonly [tool: string]: SchemaLike;
}

/** A tool's arguments as they are sent, and as its schema reads them. A grant is held against both. */
type SentTo<S extends SchemaLike> = NonNullable<S["~standard"]["types"]>["input"];
type ReadBy<S extends SchemaLike> =
  NonNullable<S["~standard"]["types"]> extends { readonly output: infer Output }
    ? unknown extends Output
      ? SentTo<S>
      : Output
    : SentTo<S>;

/** Constraints that make sense for an argument of a type; `optional` and `absent` only for one that may be left out. */
export type ConstraintFor<T> = SimpleFor<T> | ObjectFor<ObjectsIn<T>>;

/** All but those that say what is in an object. Of a type that says nothing, such as the input of `z.coerce`, any. */
type SimpleFor<T> = unknown extends T
  ? Constraint
  :
      | SimpleForPresent<Exclude<T, undefined>>
      | (undefined extends T ? ConstraintOf<"optional"> | ConstraintOf<"absent"> : never);

type SimpleForPresent<T> =
  | ConstraintOf<"wildcard" | "all" | "any" | "not_one_of">
  | ([T] extends [never] ? never : { readonly constraint_type: "exact"; readonly value: Value<T> })
  | ([Extract<T, JsonScalar>] extends [never]
      ? never
      : { readonly constraint_type: "one_of"; readonly values: readonly Unbranded<Extract<T, JsonScalar>>[] })
  | ([Extract<T, number>] extends [never] ? never : ConstraintOf<"range" | "int">)
  | ([Extract<T, string>] extends [never]
      ? never
      : ConstraintOf<"prefix" | "suffix" | "path" | "url" | "cidr" | "length">)
  | ([Extract<T, readonly unknown[]>] extends [never]
      ? never
      : ConstraintOf<"each" | "length"> | ListedFor<Extract<T, readonly unknown[]>[number]>);

/** Constraints that list elements: those that a list of such elements may have. */
type ListedFor<Element> =
  | { readonly constraint_type: "contains"; readonly required: readonly ScalarIn<Element>[] }
  | { readonly constraint_type: "subset"; readonly allowed: readonly ScalarIn<Element>[] };
type ScalarIn<T> = unknown extends T ? JsonScalar : Unbranded<Extract<T, JsonScalar>>;

/** What of a type is an object. */
type ObjectsIn<T> = unknown extends T ? T : Exclude<T, JsonScalar | readonly unknown[] | undefined>;

/** A type's values as JSON has them: nothing in them can be changed. */
type Value<T> = unknown extends T
  ? JsonValue
  : T extends JsonScalar
    ? Unbranded<T>
    : T extends object
      ? { readonly [K in keyof T]: Value<T[K]> }
      : never;

/** A brand is a mark for the compiler, and stands in no argument: who writes a grant has the mere value. */
type Unbranded<T extends JsonScalar> = T extends object
  ? T extends string
    ? string
    : T extends number
      ? number
      : boolean
  : T;

/** For an object whose properties are known by name. */
type ObjectFor<T> = ObjectForBoth<T, T>;

/** For one that is sent as the one type and read as the other. */
type ObjectForBoth<Sent, Read> = [Sent] extends [never]
  ? never
  : [Read] extends [never]
    ? never
    : unknown extends Sent & Read
      ? ConstraintOf<"object">
      : unknown extends Sent
        ? ObjectFor<Read>
        : unknown extends Read
          ? ObjectFor<Sent>
          : Sent extends object
            ? Read extends object
              ? // Of two variants of a union, the one is never read as the other.
                [Sent & Read] extends [never]
                ? never
                : string extends keyof Sent | keyof Read
                  ? ConstraintOf<"object">
                  : { readonly constraint_type: "object"; readonly properties: PropertiesGrant<Sent, Read> }
              : never
            : never;

/** Only what may be missing there may be missing here: what was sent may have it, or what was read, as a default puts it there. */
type PropertiesGrant<Sent, Read> = {
  readonly [Name in keyof (Sent & Read) as IsThere<Sent & Read, Name> extends true ? Name : never]: PropertyGrant<
    Sent,
    Read,
    Name
  >;
} & {
  readonly [Name in keyof (Sent & Read) as IsThere<Sent & Read, Name> extends true ? never : Name]?: PropertyGrant<
    Sent,
    Read,
    Name
  >;
};

type IsThere<T, Name extends keyof T> = undefined extends T[Name] ? false : true;

type PropertyGrant<Sent, Read, Name> = Name extends keyof Sent
  ? Name extends keyof Read
    ? ConstraintForBoth<Sent[Name], Read[Name]>
    : ConstraintFor<Sent[Name]>
  : Name extends keyof Read
    ? ConstraintFor<Read[Name] | undefined>
    : never;

/** Values that no JSON says: the tool map's projection makes something of them, of which the compiler knows nothing. */
type NotJson = Date | ReadonlyMap<never, unknown> | ReadonlySet<unknown> | bigint | { readonly href: string };

/** What an argument has to pass that is sent as one type and read as another: both. */
type ConstraintForBoth<Sent, Read> = [Extract<Read, NotJson>] extends [never]
  ? SimpleForBoth<Sent, Read> | ObjectForBoth<ObjectsIn<Sent>, ObjectsIn<Read>>
  : ConstraintFor<Sent>;

/**
 * Whether it may be missing, its sender says. A side that says nothing is left out, and not crossed with the other one: every
 * kind of constraint with every kind, for each property of an object, is more than the compiler counts.
 */
type SimpleForBoth<Sent, Read> = unknown extends Read
  ? SimpleFor<Sent>
  : unknown extends Sent
    ? SimpleForRead<Read>
    : SimpleFor<Sent> & SimpleForRead<Read>;

type SimpleForRead<Read> = SimpleFor<Exclude<Read, undefined>> | ConstraintOf<"optional" | "absent">;

/**
 * The grant that may be written for a tool with a known schema: it names every argument that has to be sent, and only
 * arguments that the schema takes or makes.
 */
type ArgumentsGrant<Sent, Read, G> = {
  readonly [Name in keyof Sent as undefined extends Sent[Name] ? never : Name]: ConstraintFor<Sent[Name]>;
} & {
  readonly [Name in keyof G]: Name extends keyof Sent
    ? Name extends keyof Read
      ? ConstraintForBoth<Sent[Name], Read[Name]>
      : ConstraintFor<Sent[Name]>
    : Name extends keyof Read
      ? ConstraintFor<Read[Name]>
      : never;
};

/** The arguments of each variant of a union; one that another variant does not have may be left out. */
type Merged<T> = {
  readonly [Name in NameIn<T>]: T extends unknown ? (Name extends keyof T ? T[Name] : undefined) : never;
};
type NameIn<T> = T extends unknown ? keyof T : never;

/** Of a tool whose arguments the compiler does not know. */
interface AnyNames {
  readonly [argument: string]: Constraint;
}

/**
 * Checks the grant of each tool against the tool's schema; a tool without a schema takes any names, and so does one whose
 * schema tells the compiler nothing, such as that of `z.fromJSONSchema`.
 */
export type CheckedGrant<G, S extends Schemas> = {
  readonly [Tool in keyof G]:
    | (Tool extends keyof S
        ? unknown extends SentTo<S[Tool]>
          ? AnyNames
          : ArgumentsGrant<Merged<SentTo<S[Tool]>>, Merged<ReadBy<S[Tool]>>, G[Tool]>
        : AnyNames)
    | typeof anyArguments
    | typeof noArguments;
};
