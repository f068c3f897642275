import { isJsonObject, type JsonObject, memberCount, pointerTo } from "../../json/index.ts";
import type { Constraint } from "../constraint.ts";
import { memberAt, namesAt, objectAt, type Place } from "../reading.ts";
import type { Work } from "../work.ts";
import { absent } from "./absent.ts";
import type { Check, Kind } from "./kind.ts";

export interface ObjectConstraint {
  readonly constraint_type: "object";
  readonly properties: Properties;
}

interface Properties {
  readonly [name: string]: Constraint;
}

/** An object of exactly these properties. One that may be missing is `optional`, one that must be is `absent`. */
export function object<const P extends Properties>(properties: P): ObjectConstraint & { readonly properties: P } {
  return { constraint_type: "object", properties };
}

export const objectKind: Kind<ObjectConstraint> = {
  type: "object",
  members: ["properties"],
  parse: (source) => ({
    constraint_type: "object",
    properties: propertiesAt(objectAt(memberAt(source, "properties"))),
  }),
  passes: ({ properties }, value, work, check) => isJsonObject(value) && passesAll(properties, value, work, check),
  narrower: (parent, child, pointer, { widening }) => {
    const at = pointerTo(pointer, "properties");
    for (const name of new Set([...Object.keys(parent.properties), ...Object.keys(child.properties)])) {
      const found = widening(propertyOf(parent, name), propertyOf(child, name), pointerTo(at, name));
      if (found === undefined) continue;
      const both = Object.hasOwn(parent.properties, name) && Object.hasOwn(child.properties, name);
      return both ? found : { ...found, rule: "a property that only one of both names must be missing" };
    }
    return undefined;
  },
  inner: ({ properties }) => Object.values(properties),
  words: ({ properties }, say) => {
    const each = Object.entries(properties).map(([name, property]) => say.property(name, property));
    return each.length === 0 ? "an empty object" : `an object whose ${each.join(", ")}, and nothing else`;
  },
};

function propertiesAt(place: Place<JsonObject>): Properties {
  const { member } = place.reading;
  const properties: Record<string, Constraint> = {};
  for (const name of namesAt(place, "argumentsPerTool", "properties")) {
    properties[name] = member(memberAt(place, name));
  }
  return properties;
}

/** What is not named must be missing: an object is a closed world. */
function propertyOf({ properties }: ObjectConstraint, name: string): Constraint {
  return Object.hasOwn(properties, name) ? (properties[name] as Constraint) : absent();
}

/**
 * No property but those that are named, and each passing, as with a tool's arguments. All are looked at, also behind one that
 * does not pass: an object of JavaScript does not keep the order of the document, and the steps must not depend on it.
 */
function passesAll(properties: Properties, value: JsonObject, work: Work, check: Check): boolean {
  const names = Object.keys(properties);
  // Not by going through the value, which may have thousands of members.
  if (names.filter((name) => Object.hasOwn(value, name)).length !== memberCount(value)) return false;
  const passing = names.filter((name) =>
    check(properties[name] as Constraint, Object.hasOwn(value, name) ? value[name] : undefined, work),
  );
  return passing.length === names.length;
}
