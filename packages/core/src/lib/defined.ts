/** An object whose members are left out where they are undefined. */
export type Defined<T> = { [Name in keyof T as undefined extends T[Name] ? never : Name]: T[Name] } & {
  [Name in keyof T as undefined extends T[Name] ? Name : never]?: Exclude<T[Name], undefined>;
};

/** The members that are set: a member that holds `undefined` would be printed and recorded, and `in` would find it. */
export function defined<T extends object>(members: T): Defined<T> {
  const found: { [name: string]: unknown } = {};
  for (const name of Object.keys(members) as (keyof T & string)[]) {
    const value = members[name];
    if (value !== undefined) found[name] = value;
  }
  return found as Defined<T>;
}
