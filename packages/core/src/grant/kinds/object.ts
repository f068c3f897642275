import { isJsonObject, type JsonObject, pointerTo } from "../../json/index.ts";
import { membersWidening } from "../comparison.ts";
import type { Constraint } from "../constraint.ts";
import { memberAt, namesAt, objectAt, type Place } from "../reading.ts";
import type { Work } from "../work.ts";
import type { Check, Kind } from "./kind.ts";

export interface ObjectConstraint {
  readonly constraint_type: "object";
  readonly properties: Properties;
}

interface Properties {
  readonly [name: string]: Constraint;
}

/** An object of exactly these properties. */
export function object(properties: { readonly [name: string]: Constraint }): ObjectConstraint {
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
  narrower: (parent, child, pointer, comparison) =>
    membersWidening(parent.properties, child.properties, pointerTo(pointer, "properties"), comparison),
  inner: ({ properties }) => Object.values(properties),
  words: ({ properties }, say) =>
    `an object whose ${Object.entries(properties)
      .map(([name, property]) => `${name} ${say.member(property)}`)
      .join(", ")}`,
};

function propertiesAt(place: Place<JsonObject>): Properties {
  const { limits, constraint } = place.reading;
  const properties: Record<string, Constraint> = {};
  for (const name of namesAt(place, limits.argumentsPerTool, "properties")) {
    properties[name] = constraint(memberAt(place, name));
  }
  return properties;
}

/** Exactly the named properties, as with a tool's arguments. */
function passesAll(properties: Properties, value: JsonObject, work: Work, check: Check): boolean {
  const names = Object.keys(properties);
  return (
    Object.keys(value).length === names.length &&
    names.every((name) => Object.hasOwn(value, name) && check(properties[name] as Constraint, value[name], work))
  );
}
