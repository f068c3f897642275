import { generateKeyPairSync } from "node:crypto";
import { stat, unlink, writeFile } from "node:fs/promises";
import { resolve } from "node:path";
import { signerFromJwk } from "@hopwise/core";
import { kidOf, thumbprintOf } from "@hopwise/core/tokens";
import { type Command, JSON_OPTION } from "../command.ts";
import { named } from "../input.ts";
import { jsonText } from "../terminal.ts";
import { wrong } from "../wrong.ts";

const ALGORITHMS = ["Ed25519", "ES256"] as const;

/** Makes a key that outlives a process. */
export const keysNew: Command = {
  name: "keys new",
  words: "FILE",
  count: [1, 1],
  summary: "Makes a key for an issuer, an agent or an audit log, for signerFromJwk.",
  details: [
    "FILE gets the private JWK. It is a new file that only you can read (mode 0600): an existing one is never touched.",
    "The public JWK, which others may have, is printed. FILE - prints the private JWK instead, and nothing else.",
  ],
  options: {
    public: { value: "FILE", help: "write the public JWK to a new file, too" },
    algorithm: { value: ALGORITHMS.join("|"), help: "Ed25519 by default" },
    ...JSON_OPTION,
  },
  async run(typed, terminal) {
    const file = typed.words[0] as string;
    const algorithm = ALGORITHMS.find((it) => it === (typed.value("algorithm") ?? "Ed25519"));
    if (algorithm === undefined) throw wrong(`--algorithm is ${ALGORITHMS.join(" or ")}`);
    const jwk = privateJwk(algorithm);
    const { publicJwk } = await signerFromJwk(jwk);
    const publicText = `${JSON.stringify(publicJwk)}\n`;
    const publicFile = typed.value("public");
    if (file === "-") {
      if (publicFile !== undefined) await writeNew(resolve(terminal.folder, publicFile), publicText, 0o644);
      terminal.out(jsonText(jwk));
      return 0;
    }
    const path = resolve(terminal.folder, file);
    await writeNew(path, `${JSON.stringify(jwk)}\n`, 0o600);
    try {
      if (publicFile !== undefined) await writeNew(resolve(terminal.folder, publicFile), publicText, 0o644);
    } catch (fault) {
      await unlink(path); // half a key pair would only be in the way of the next try
      throw fault;
    }
    const [thumbprint, kid] = [await thumbprintOf(publicJwk), await kidOf(publicJwk)];
    if (typed.has("json")) terminal.out(jsonText({ file: path, algorithm, thumbprint, kid, publicJwk }, 2));
    else {
      terminal.out(`private key  ${path} (mode 0600)\npublic key   ${publicText}thumbprint   ${thumbprint}`);
      terminal.out(`kid          ${kid} (of an issuer, where createIssuer is given none)`);
    }
    return 0;
  },
};

function privateJwk(algorithm: (typeof ALGORITHMS)[number]): Parameters<typeof signerFromJwk>[0] {
  const { privateKey } =
    algorithm === "Ed25519" ? generateKeyPairSync("ed25519") : generateKeyPairSync("ec", { namedCurve: "P-256" });
  return privateKey.export({ format: "jwk" }) as Parameters<typeof signerFromJwk>[0];
}

const WHY: { readonly [code: string]: string } = {
  EEXIST: "it exists already, and keys are never overwritten",
  ENOENT: "there is no such folder; make it first (mkdir -p)",
  ENOTDIR: "what should be its folder is a file",
  EISDIR: "it is a folder; name a file in it",
  EACCES: "you may not write there",
  EPERM: "you may not write there",
  ERR_ACCESS_DENIED: "Node.js runs with --permission, and has no --allow-fs-write for it",
  EROFS: "that disk is read-only",
  ENOSPC: "the disk is full",
};

async function writeNew(path: string, text: string, mode: number): Promise<void> {
  try {
    await writeFile(path, text, { flag: "wx", mode });
  } catch (cause) {
    const isFolder = await stat(path).then(
      (it) => it.isDirectory(),
      () => false,
    );
    const code = isFolder ? "EISDIR" : (cause as NodeJS.ErrnoException).code;
    throw wrong(`Cannot write ${named(path)}: ${WHY[code ?? ""] ?? code}`);
  }
}
