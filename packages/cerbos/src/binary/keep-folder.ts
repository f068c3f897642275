import { removeFolder } from "./remove-folder.ts";
import { type Shell, startShell } from "./start-shell.ts";

/** Removes the folder once its host is gone: then the kernel closes the pipe that is the standard input. */
const KEEPER = `
while read -r _; do :; done
rm -rf -- "$1"
[ ! -e "$1" ] || { sleep 3; rm -rf -- "$1"; }
`;

/** A folder that lives as long as this process, or until it is let go. */
export interface KeptFolder {
  /** Removes it. May be called again. */
  release(): Promise<void>;
}

/**
 * Sees to it that a folder goes with this process, however that ends. The PDP's supervisor cannot do it: between the death
 * of one PDP and the start of the next there is none, and the folder must stay. It keeps the path of the socket ours. A
 * client goes on connecting to it, and in a folder like /tmp another user could put a false PDP there.
 *
 * @throws {HopwiseError} `pdp_start_failed`, once the folder is removed
 */
export function keepFolder(path: string): KeptFolder {
  const child = keeperOf(path);
  const gone = new Promise<void>((settle) => child.once("exit", () => settle()).once("error", () => settle()));
  return {
    async release() {
      removeFolder(path);
      child.ref();
      // Not by its standard input: it would remove what another process may have put there meanwhile.
      child.kill("SIGKILL");
      await gone;
    },
  };
}

function keeperOf(path: string): Shell<null> {
  try {
    return startShell(KEEPER, ["hopwise-keeper", path], "ignore");
  } catch (fault) {
    removeFolder(path);
    throw fault;
  }
}
