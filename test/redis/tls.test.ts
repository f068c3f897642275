/** Redis over TLS, with certificates that are made here. What is right goes through; where it is wrong, who set it up hears how. */
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { openRedis } from "@hopwise/redis";
import { createClient, createCluster, createSentinel } from "@redis/client";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { askAt, freePort, hold, MISSING, patientOptions, type RedisServer, startRedis, until } from "./redis-server.ts";
import { allRefuse, aServer, claim, later, misfit, recovers } from "./scene.ts";

const LACKING = whatIsLacking();

/** A server that was built without TLS does not know the setting; the others ask for a certificate, and end, too. */
function whatIsLacking(): string | undefined {
  if (MISSING !== undefined) return `this machine has no ${MISSING}`;
  if (spawnSync("openssl", ["version"]).status !== 0) return "this machine has no openssl";
  const { stdout } = spawnSync("redis-server", ["--port", "0", "--tls-port", "1"], { encoding: "utf8" });
  return stdout.includes("tls-cert-file") ? undefined : "this redis-server was built without TLS";
}

const TITLE = "Redis over TLS";
describe.skipIf(LACKING !== undefined)(LACKING === undefined ? TITLE : `${TITLE} (left out: ${LACKING})`, () => {
  const folder = mkdtempSync(join(tmpdir(), "hopwise-tls-"));
  afterAll(() => rmSync(folder, { recursive: true }));
  const openssl = (command: string): unknown =>
    execFileSync("openssl", command.split(" "), { cwd: folder, stdio: "pipe" });
  const file = (name: string): Buffer => readFileSync(join(folder, name));
  const NEW_KEY = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes";

  const makeAuthority = (name: string): unknown =>
    openssl(`req -x509 ${NEW_KEY} -keyout ${name}.key -out ${name}.crt -days 2 -subj /CN=${name}`);
  const makeCertificate = (name: string, of: string, { by = "ours", days = 2 } = {}): void => {
    openssl(`req ${NEW_KEY} -keyout ${name}.key -out ${name}.csr -subj /CN=${name}`);
    writeFileSync(join(folder, "names"), `subjectAltName=${of}\n`);
    const signer = `-CA ${by}.crt -CAkey ${by}.key -CAcreateserial`;
    openssl(`x509 -req -in ${name}.csr ${signer} -out ${name}.crt -days ${days} -extfile names`);
  };
  const certificateOf = (name: string): { readonly cert: Buffer; readonly key: Buffer } => ({
    cert: file(`${name}.crt`),
    key: file(`${name}.key`),
  });

  const path = (name: string): string => join(folder, name);
  const filesOf = (name: string): readonly string[] => [
    ...["--tls-cert-file", path(`${name}.crt`), "--tls-key-file", path(`${name}.key`)],
    ...["--tls-ca-cert-file", path("ours.crt")],
  ];

  /** @returns the server, which answers without TLS besides, and its port for TLS */
  const serverWith = async (name: string, clients: "yes" | "no" = "no", start = aServer) => {
    const port = await freePort();
    return { port, server: await start("--tls-port", `${port}`, "--tls-auth-clients", clients, ...filesOf(name)) };
  };
  const open = (port: number, socket: object) => {
    const options = patientOptions();
    const client = createClient({
      url: `${"tls" in socket ? "rediss" : "redis"}://127.0.0.1:${port}`,
      ...options,
      socket: { ...options.socket, ...socket },
    });
    later(() => client.destroy());
    return openRedis({ client, deadlineMs: 1500 });
  };
  const openClosed = async (port: number, socket: object) => {
    const driver = await open(port, socket);
    later(() => driver.close());
    return driver;
  };

  let well: { readonly port: number; readonly server: RedisServer };
  beforeAll(async () => {
    makeAuthority("ours");
    makeAuthority("other");
    makeCertificate("server", "IP:127.0.0.1");
    makeCertificate("elsewhere", "DNS:redis.example");
    makeCertificate("expired", "IP:127.0.0.1", { days: 0 });
    makeCertificate("client", "DNS:client");
    makeCertificate("stranger", "DNS:client", { by: "other" });
    await delay(1100); // until it has
    well = await serverWith("server", "no", startRedis);
  }, 60_000);
  afterAll(() => well.server.close());
  const trusted = () => ({ tls: true, ca: file("ours.crt") });

  /** A Sentinel that speaks TLS, with a master that does. @returns its port */
  const sentinelWith = async (name: string): Promise<number> => {
    const master = await serverWith("server");
    const [plain, port, own] = [await freePort(), await freePort(), mkdtempSync(join(tmpdir(), "hopwise-sentinel-"))];
    const lines = [
      ...[`port ${plain}`, `tls-port ${port}`, "bind 127.0.0.1", `dir ${own}`],
      ...[`sentinel monitor hw 127.0.0.1 ${master.port} 1`, "tls-replication yes", "tls-auth-clients no"],
      ...[`tls-cert-file ${path(`${name}.crt`)}`, `tls-key-file ${path(`${name}.key`)}`],
      `tls-ca-cert-file ${path("ours.crt")}`,
    ];
    writeFileSync(join(own, "sentinel.conf"), `${lines.join("\n")}\n`);
    const sentinel = await hold(own, ["redis-sentinel", join(own, "sentinel.conf")]);
    later(() => sentinel.end(""));
    await until(async () => /status=ok/.test(`${await askAt(plain, ["INFO", "sentinel"])}`));
    return port;
  };
  const openBehind = async (port: number, socket: object, ofNodes = socket) => {
    const optionsWith = (more: object): object => ({
      ...patientOptions(),
      socket: { ...patientOptions().socket, ...more },
    });
    const client = createSentinel({
      name: "hw",
      sentinelRootNodes: [{ host: "127.0.0.1", port }],
      scanInterval: 250,
      maxCommandRediscovers: 1,
      reserveClient: true,
      nodeClientOptions: optionsWith(ofNodes),
      sentinelClientOptions: optionsWith(socket),
    });
    later(() => client.destroy());
    const driver = await openRedis({ client: client as never, deadlineMs: 1500 });
    later(() => driver.close());
    return driver;
  };

  it("keeps what it is told behind Sentinel, and says of either whose certificate is not right", async () => {
    const port = await sentinelWith("server");
    const driver = await openBehind(port, trusted());
    expect([await claim(driver, "k"), await claim(driver, "k")]).toEqual([true, false]);
    const untrusted =
      /^openRedis: Redis behind Sentinel shows a certificate that is not trusted here: .*\(socket\.ca\)/;
    expect(await misfit(openBehind(port, { tls: true }, trusted()))).toMatch(untrusted);
    expect(await misfit(openBehind(port, trusted(), { tls: true, ca: file("other.crt") }))).toMatch(untrusted);
    expect(await misfit(openBehind(await sentinelWith("elsewhere"), trusted()))).toMatch(
      /^openRedis: Redis behind Sentinel shows a certificate for another name: .*\(socket\.servername\)$/,
    );
  }, 60_000);

  it("keeps what it is told as a cluster, and is refused where the client does not trust its certificates", async () => {
    const CLUSTER = ["--cluster-enabled", "yes", "--tls-cluster", "yes", "--cluster-config-file", "nodes.conf"];
    const nodes = await Promise.all(
      [1, 2, 3].map(() => serverWith("server", "no", (...args) => aServer(...CLUSTER, ...args))),
    );
    const addresses = nodes.map(({ port }) => `127.0.0.1:${port}`);
    execFileSync("redis-cli", [
      "--tls",
      "--cacert",
      path("ours.crt"),
      "--cluster",
      "create",
      ...addresses,
      "--cluster-yes",
    ]);
    await until(async () => {
      const states = await Promise.all(nodes.map(({ server }) => server.ask("CLUSTER", "INFO")));
      return states.every((state) => `${state}`.includes("cluster_state:ok"));
    });
    const openCluster = async (socket: object) => {
      const options = patientOptions();
      const client = createCluster({
        rootNodes: addresses.map((address) => ({ url: `rediss://${address}` })),
        defaults: { ...options, socket: { ...options.socket, ...socket } },
        topologyRefreshOnReconnectionAttemptStrategy: 100,
        maxCommandRedirections: 3,
      });
      later(() => client.destroy());
      const driver = await openRedis({ client: client as never, deadlineMs: 1500 });
      later(() => driver.close());
      return driver;
    };
    const driver = await openCluster(trusted());
    expect([await claim(driver, "k"), await claim(driver, "k")]).toEqual([true, false]);
    await recovers(driver);
    expect(await misfit(openCluster({ tls: true }))).toMatch(
      /^openRedis: the Redis Cluster of .* shows a certificate that is not trusted here: .*\(socket\.ca\)/,
    );
  }, 60_000);

  it("keeps what it is told, where the client has the certificate of who signed the server's", async () => {
    const driver = await openClosed(well.port, trusted());
    expect([await claim(driver, "k"), await claim(driver, "k")]).toEqual([true, false]);
    await recovers(driver);
  });

  it.each([
    ["no certificate of who signed it", () => ({ tls: true })],
    ["another one", () => ({ tls: true, ca: file("other.crt") })],
  ])("is refused at the start by a client with %s", async (_, socket) => {
    expect(await misfit(open(well.port, socket()))).toMatch(
      /^openRedis: Redis at 127\.0\.0\.1:\d+ shows a certificate that is not trusted here: .*\(socket\.ca\), or/,
    );
  });

  it("is refused at the start with a certificate for another name, and taken by that name", async () => {
    const { port } = await serverWith("elsewhere");
    expect(await misfit(open(port, trusted()))).toMatch(
      /shows a certificate for another name: .*\(socket\.servername\)$/,
    );
    await recovers(await openClosed(port, { ...trusted(), servername: "redis.example" }));
  });

  it("is refused at the start where it wants a certificate that the client does not have, and taken with that", async () => {
    const { port } = await serverWith("server", "yes");
    const words = /takes no client without a certificate that it trusts: .*\(socket\.cert, socket\.key\)$/;
    expect(await misfit(open(port, trusted()))).toMatch(words);
    expect(await misfit(open(port, { ...trusted(), ...certificateOf("stranger") }))).toMatch(words);
    await recovers(await openClosed(port, { ...trusted(), ...certificateOf("client") }));
  });

  it("opens closed where the server's certificate has expired, and recovers by itself once that is renewed", async () => {
    const { port, server } = await serverWith("expired");
    const driver = await openClosed(port, trusted());
    await allRefuse(driver, /cannot be reached \(CERT_HAS_EXPIRED\)$/);
    const [cert, key] = [join(folder, "server.crt"), join(folder, "server.key")];
    await server.ask("CONFIG", "SET", "tls-cert-file", cert, "tls-key-file", key);
    await recovers(driver);
  }, 30_000);

  it("opens closed where only one side speaks TLS, or of another version, with a question that says so", async () => {
    const { port } = await serverWith("server", "yes");
    const drivers = [
      openClosed(well.port, {}),
      openClosed(well.server.port, trusted()),
      openClosed(port, { ...trusted(), maxVersion: "TLSv1.2" }), // says of a certificate that it lacks no more than that
    ];
    for (const driver of await Promise.all(drivers))
      await allRefuse(driver, /cannot be reached.*where it is well, do.* TLS/);
  }, 30_000);
});
