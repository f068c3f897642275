import type { Json } from "./forge.ts";

/** Constraints, as they stand in a token. */
export const c = (constraint_type: string, members: { readonly [name: string]: Json } = {}): Json => ({
  constraint_type,
  ...members,
});
export const exact = (value: Json): Json => c("exact", { value });
export const oneOf = (...values: Json[]): Json => c("one_of", { values });
export const notOneOf = (...excluded: Json[]): Json => c("not_one_of", { excluded });
export const range = (members: { readonly [name: string]: Json }): Json => c("range", members);
export const int = (members: { readonly [name: string]: Json } = {}): Json => c("int", members);
export const contains = (...required: Json[]): Json => c("contains", { required });
export const subset = (...allowed: Json[]): Json => c("subset", { allowed });
export const all = (...constraints: Json[]): Json => c("all", { constraints });
export const any = (...constraints: Json[]): Json => c("any", { constraints });
export const wildcard: Json = c("wildcard");
export const prefix = (value: Json): Json => c("prefix", { value });
export const suffix = (value: Json): Json => c("suffix", { value });
export const path = (root: Json): Json => c("path", { root });
export const url = (origins: readonly Json[], under?: Json): Json =>
  c("url", { origins, ...(under !== undefined && { under }) });
export const cidr = (...ranges: Json[]): Json => c("cidr", { ranges });
export const length = (max: Json): Json => c("length", { max });
export const each = (constraint: Json): Json => c("each", { constraint });
export const object = (properties: Json): Json => c("object", { properties });
export const optional = (constraint: Json): Json => c("optional", { constraint });
export const absent: Json = c("absent");
