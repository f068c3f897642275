import type { JsonObject } from "../../json/index.ts";
import { memberAt, type Place, refuse, textAt } from "../reading.ts";

/** The text of a `prefix` or a `suffix`. */
export function affixAt(source: Place<JsonObject>, type: "prefix" | "suffix"): string {
  if (source.argument === "uri") return refuse(source, `${type} cannot tell one place of a uri from another; use url`);
  return textAt(memberAt(source, "value"));
}
