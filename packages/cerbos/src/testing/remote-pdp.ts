import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { join } from "node:path";
import { createServer as createTlsServer } from "node:tls";
import { GRPC } from "@cerbos/grpc";
import { onTestFinished } from "vitest";
import { findBinary } from "../binary/find-binary.ts";
import { freePort } from "./free-port.ts";
import { temporaryFolder } from "./policies.ts";
import { until } from "./until.ts";

/** A PDP that nobody here started: on a TCP port of its own, which it keeps when it is started again. */
export interface RemotePdp {
  /** `127.0.0.1:<port>` */
  readonly target: string;
  readonly port: number;
  readonly process: ChildProcess;
  /** Signals it; after SIGKILL and SIGTERM resolves when it is gone. */
  signal(signal: NodeJS.Signals): Promise<void>;
  /** Starts it again at the same address; everything but the port may be another one. */
  start(options?: RemotePdpOptions): Promise<void>;
}

export interface RemotePdpOptions {
  readonly policies?: string;
  readonly binary?: string;
  readonly strictEvaluation?: boolean;
  readonly schemaEnforcement?: "reject" | "warn" | "none";
  readonly keys?: TestKeys;
}

export async function remotePdp(first: RemotePdpOptions & { readonly policies: string }): Promise<RemotePdp> {
  const port = await freePort();
  const httpPort = await freePort();
  const folder = temporaryFolder();
  let child: ChildProcess | undefined;
  const signal = async (name: NodeJS.Signals): Promise<void> => {
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, "exit");
    child.kill(name);
    if (name === "SIGKILL" || name === "SIGTERM") await gone;
  };
  onTestFinished(() => signal("SIGKILL"));
  const start = async (again: RemotePdpOptions = {}): Promise<void> => {
    const options = { ...first, ...again };
    const { keys, strictEvaluation = true, schemaEnforcement = "reject" } = options;
    const config = {
      server: {
        grpcListenAddr: `127.0.0.1:${port}`,
        httpListenAddr: `127.0.0.1:${httpPort}`,
        ...(keys && { tls: { cert: keys.cert, key: keys.key } }),
      },
      storage: { driver: "disk", disk: { directory: options.policies, watchForChanges: true } },
      ...(strictEvaluation && { engine: { strictEvaluation } }),
      schema: { enforcement: schemaEnforcement },
      telemetry: { disabled: true },
    };
    const file = join(folder, "config.json.yaml");
    writeFileSync(file, JSON.stringify(config));
    const binary = await findBinary(options.binary);
    child = spawn(binary, ["server", "--log-level=error", `--config=${file}`], { stdio: "ignore" });
    await until(() => accepts(port));
  };
  await start();
  return {
    target: `127.0.0.1:${port}`,
    port,
    get process() {
      return child as ChildProcess;
    },
    signal,
    start,
  };
}

function accepts(port: number): Promise<boolean> {
  return new Promise((settle) => {
    const socket = connect(port, "127.0.0.1");
    socket.once("error", () => settle(false));
    socket.once("connect", () => {
      socket.destroy();
      settle(true);
    });
  });
}

/** Paths of PEM files: an authority, and a certificate for 127.0.0.1, pdp.test and clients that it signed. */
export interface TestKeys {
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
}

/** Fresh keys by the openssl of the machine, so that none lie in the repository. */
export function testKeys(names = "IP:127.0.0.1,DNS:pdp.test"): TestKeys {
  const folder = temporaryFolder({ "san.cnf": `subjectAltName=${names}\n` });
  const openssl = (...args: string[]): void => {
    execFileSync("openssl", args, { cwd: folder, stdio: "ignore" });
  };
  const ec = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
  openssl("req", "-x509", ...ec, "-keyout", "ca.key", "-out", "ca.pem", "-days", "2", "-subj", "/CN=test authority");
  openssl("req", ...ec, "-keyout", "pdp.key", "-out", "pdp.csr", "-subj", "/CN=pdp");
  const signed = ["-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "2", "-extfile", "san.cnf"];
  openssl("x509", "-req", "-in", "pdp.csr", "-out", "pdp.pem", ...signed);
  const path = (name: string): string => join(folder, name);
  return { ca: path("ca.pem"), cert: path("pdp.pem"), key: path("pdp.key") };
}

export const pem = (path: string): string => readFileSync(path, "utf8");

/** What stands before a PDP and asks whoever comes for a certificate; Cerbos itself does not. Returns its target. */
export async function mutualFront(keys: TestKeys, port: number): Promise<string> {
  const options = { key: pem(keys.key), cert: pem(keys.cert), ca: pem(keys.ca), ALPNProtocols: ["h2"] };
  const sockets: Socket[] = [];
  const server = createTlsServer({ ...options, requestCert: true, rejectUnauthorized: true }, (outer) => {
    sockets.push(...joined(outer, port));
  });
  return served(server, sockets);
}

/** What stands before a PDP, and can forget the connections that it has: nothing comes through any more, and nobody is told. */
export async function forgetfulFront(port: number): Promise<{ readonly target: string; forget(): void }> {
  const sockets: Socket[] = [];
  const server = createServer((outer) => {
    sockets.push(...joined(outer, port));
  });
  const forget = (): void => {
    for (const socket of sockets) socket.unpipe().resume();
  };
  return { target: await served(server, sockets), forget };
}

/** What stands before several PDPs: each new connection leads to the one of the moment, and all can be ended. */
export async function movingFront(port: () => number): Promise<{ readonly target: string; end(): void }> {
  const sockets: Socket[] = [];
  const server = createServer((outer) => {
    sockets.push(...joined(outer, port()));
  });
  const end = (): void => {
    for (const socket of sockets.splice(0)) socket.destroy();
  };
  return { target: await served(server, sockets), end };
}

/** Hands on all that comes to a front, both ways. */
function joined(outer: Socket, port: number): readonly Socket[] {
  const inner = connect(port, "127.0.0.1");
  for (const [from, to] of [
    [outer, inner],
    [inner, outer],
  ] as const) {
    from.on("error", () => to.destroy()).pipe(to);
  }
  return [outer, inner];
}

/** The target of a front, which ends with the test. */
async function served(server: Server, sockets: readonly Socket[]): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** A client of its own, closed with the test. */
export function plainClient(target: string): GRPC {
  const client = new GRPC(target, { tls: false });
  onTestFinished(() => client.close());
  return client;
}
