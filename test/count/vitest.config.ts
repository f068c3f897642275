import { fileURLToPath } from "node:url";
import { mergeConfig } from "vitest/config";
import base from "../../vitest.config.ts";

const here = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

/** The tests as they are, watched: `pnpm test:count` runs them with this. */
export default mergeConfig(base, {
  root: here("../.."),
  test: { setupFiles: [here("setup.ts")], reporters: ["default", here("reporter.ts")] },
});
