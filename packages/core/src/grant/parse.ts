import type { ErrorCode } from "../codes.ts";
import { HopwiseError } from "../errors.ts";
import type { JsonObject, JsonValue } from "../json/index.ts";
import { type Constraint, type Grant, KINDS, type ToolGrant } from "./constraint.ts";
import { isEveryTool } from "./every-tool.ts";
import {
  type GrantLimits,
  memberAt,
  namesAt,
  objectAt,
  type Place,
  type Reading,
  refuse,
  refuseBeyond,
} from "./reading.ts";

/**
 * Turns unknown JSON into a {@link Grant}, or says where it is not one. An unknown constraint type or an unknown member
 * is refused: a verifier must not accept a constraint that it does not understand (AAT draft, section 3.4).
 *
 * @param code the code of a broken grant's refusal: it depends on who sent the grant
 */
export function parseGrant(value: JsonValue | undefined, limits: GrantLimits, code: ErrorCode, at = ""): Grant {
  const reading: Reading = {
    limits,
    authored: code === "config_invalid",
    constraint: (place) => parseConstraint(place, false),
    member: (place) => parseConstraint(place, true),
    refuse: (pointer, rule, came) => {
      const told = code === "config_invalid" && /\bis expected\b/.test(rule) ? `; got ${came}` : "";
      throw new HopwiseError(code, `the grant is broken at "${pointer}": ${rule}${told}`, { pointer, rule });
    },
  };
  const top = objectAt({ value, within: undefined, key: at, depth: 0, argument: "", reading });
  const grant: Record<string, ToolGrant> = {};
  const tools = namesAt(top, "tools", "tools");
  for (const tool of tools) {
    const place = memberAt(top, tool);
    if (tool === "") refuse(place, "a tool without a name");
    grant[tool] = parseTool(objectAt(place));
    if (isEveryTool(tool)) checkEveryTool(place as Place<JsonObject>, tools);
  }
  return grant;
}

/** Every tool is handed over as a whole: what stood beside it, or in it, would be taken for a restriction. */
function checkEveryTool(place: Place<JsonObject>, tools: readonly string[]): void {
  if (Object.keys(place.value).length > 0) refuse(place, "every tool is handed over with any arguments, {}");
  if (!tools.every(isEveryTool)) refuse(place, "who hands over every tool names no other");
}

function parseTool(within: Place<JsonObject>): ToolGrant {
  const { value, reading } = within;
  const constraints: Record<string, Constraint> = {};
  for (const name of namesAt(within, "argumentsPerTool", "arguments")) {
    constraints[name] = reading.member({ value: value[name], within, key: name, depth: 0, argument: name, reading });
  }
  return constraints;
}

/** @param isMember whether it is that of an argument or a property, which may be missing; nothing else may */
function parseConstraint(place: Place, isMember: boolean): Constraint {
  const { within, key, depth, argument, reading } = place;
  if (depth > reading.limits.constraintDepth) {
    return refuseBeyond(place, "constraintDepth", (most) => `constraints nest deeper than ${most}`);
  }
  const { value } = objectAt(place);
  // Constraints inside this one are a level deeper.
  const source: Place<JsonObject> = { value, within, key, depth: depth + 1, argument, reading };
  const type = value["constraint_type"];
  const kind = typeof type === "string" ? KINDS.get(type) : undefined;
  if (kind === undefined) return refuse(memberAt(source, "constraint_type"), "an unknown constraint type");
  for (const name of Object.keys(value)) {
    if (name !== "constraint_type" && !kind.members.includes(name)) {
      return refuse(memberAt(source, name), "an unknown member");
    }
  }
  if (kind.passesMissing && !isMember) {
    return refuse(place, `${kind.type} stands only at the top of an argument or a property`);
  }
  return kind.parse(source);
}
