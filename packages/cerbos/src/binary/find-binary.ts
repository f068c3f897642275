import { constants } from "node:fs";
import { access, stat } from "node:fs/promises";
import { createRequire } from "node:module";
import { delimiter, join, resolve } from "node:path";
import { HopwiseError } from "@hopwise/core";
import { maybe, readerOf } from "@hopwise/core/options";
import { BINARY } from "../option-shapes.ts";

/** The parts of the host that the search depends on. */
export interface BinaryHost {
  readonly platform: string;
  readonly arch: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** There where Node runs with `--permission`. */
  readonly permission?: { has(scope: string): boolean };
}

const readOption = readerOf<string | undefined>("findBinary", maybe(BINARY));

/**
 * Finds the Cerbos executable: the option, `HOPWISE_CERBOS_BINARY`, the platform's package, `cerbos` on the PATH.
 *
 * A configured path that is wrong is an error, never a reason to look further: otherwise another Cerbos than the
 * configured one would decide.
 *
 * @throws {HopwiseError} `pdp_missing`; `config_invalid` for what is no path
 */
export async function findBinary(option?: string, host: BinaryHost = process): Promise<string> {
  readOption(option);
  const { platform, arch, env, permission } = host;
  if (platform === "win32") {
    throw missing(
      "There is no Cerbos for Windows. Run this in Docker or WSL, or connect to a PDP that runs elsewhere.",
    );
  }
  if (permission?.has("child") === false) {
    throw new HopwiseError("pdp_start_failed", `Cerbos cannot be started: ${NO_CHILDREN}`);
  }
  const variable = env["HOPWISE_CERBOS_BINARY"];
  if (option !== undefined) return await named(option, "The option binary");
  if (variable !== undefined && variable !== "") return await named(variable, "The variable HOPWISE_CERBOS_BINARY");

  const name = `@cerbos/cerbos-${platform}-${arch}`;
  // An empty entry means the working directory: the program that decides who may do what must not come from there.
  const folders = (env["PATH"] ?? "").split(delimiter).filter((folder) => folder !== "");
  const candidates = [packaged(name), ...folders.map((folder) => join(folder, "cerbos"))];
  for (const candidate of candidates) if (candidate !== undefined && (await isExecutable(candidate))) return candidate;
  throw missing(
    `Looked for the package ${name} and for cerbos on the PATH. ` +
      "If the package is published for this platform, installing or bundling has left it out: " +
      "`pnpm install --fix-lockfile` heals a pnpm lockfile that was written elsewhere, " +
      "`npm install --include=optional` an installation without optional dependencies. " +
      `Out of a bundle ${name} is not found: keep @hopwise/cerbos out of it (in Next.js by serverExternalPackages). ` +
      "Otherwise set HOPWISE_CERBOS_BINARY to the path of a Cerbos executable (0.55.0 or newer), or put cerbos on the PATH.",
  );
}

async function named(path: string, source: string): Promise<string> {
  const absolute = resolve(path);
  if (await isExecutable(absolute)) return absolute;
  throw missing(`${source} names ${absolute}, which is not an executable file. Correct it or leave it out.`);
}

/** The platform packages have the executable itself as their main module. */
function packaged(name: string): string | undefined {
  try {
    return createRequire(import.meta.url).resolve(name);
  } catch {
    return undefined;
  }
}

async function isExecutable(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return (await stat(path)).isFile();
  } catch {
    return false;
  }
}

function missing(what: string): HopwiseError {
  return new HopwiseError("pdp_missing", `No Cerbos executable was found. ${what}`);
}

const NO_CHILDREN =
  "this process runs under Node's --permission, which lets it start no program. Start it with --allow-child-process, and with --allow-fs-read and --allow-fs-write for what it uses, or connect to a PDP that runs elsewhere.";
