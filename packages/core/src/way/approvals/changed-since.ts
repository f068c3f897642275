import { canonicalJson, isJsonObject, type JsonObject, type JsonValue, memberOf, pointerTo } from "../../json/index.ts";
import type { ApprovalRequest } from "../../token/index.ts";

/** A resource may have thousands of attributes, all of which are others. */
const MOST = 20;

/** What is not as it was when approval was asked for: JSON pointers into the request, and never a value. */
export function changedSince(before: ApprovalRequest, now: ApprovalRequest): readonly string[] {
  const found: string[] = [];
  for (const pointer of differing(before as unknown as JsonObject, now as unknown as JsonObject, "")) {
    if (found.push(pointer) === MOST) break;
  }
  return found;
}

function* differing(before: JsonValue | undefined, now: JsonValue | undefined, at: string): Generator<string> {
  if (isJsonObject(before) && isJsonObject(now)) {
    for (const name of new Set([...Object.keys(before), ...Object.keys(now)])) {
      const [one, other] = [before, now].map((object) => memberOf(object, name) as JsonValue | undefined);
      yield* differing(one, other, pointerTo(at, name));
    }
  } else if (textOf(before) !== textOf(now)) yield at;
}

function textOf(value: JsonValue | undefined): string | undefined {
  return value === undefined ? undefined : canonicalJson(value);
}
