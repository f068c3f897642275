import { HopwiseError } from "../../errors.ts";
import { EVERY_TOOL, type Grant, readGrant } from "../../grant/index.ts";
import { unlessAwaited } from "../../options/index.ts";
import { isAudience } from "../keys/index.ts";

/**
 * A grant of every tool of an enforcement point, with any arguments: each tool that its tool map names one by one, none that
 * only its `"*"` stands for, no resource and no prompt. It stands alone; whoever gets it can hand on any tool by name. An
 * issuer may sign it only where it and the verifier's anchor say `everyTool: true`.
 *
 * @param audiences where the root has several: those that are meant
 * @throws {HopwiseError} `config_invalid` for what can be no audience
 */
export function everyTool(...audiences: readonly string[]): Grant {
  const wrong = audiences.findIndex((name) => typeof name !== "string" || !isAudience(name));
  if (wrong >= 0) {
    throw new HopwiseError(
      "config_invalid",
      `everyTool: [${wrong}] must be an audience, an absolute URI without a fragment, such as https://pay.example/mcp${unlessAwaited(audiences[wrong])}`,
    );
  }
  const keys = audiences.length === 0 ? [EVERY_TOOL] : audiences.map((name) => `${name}#${EVERY_TOOL}`);
  return readGrant(Object.fromEntries(keys.map((key) => [key, {}])));
}
