import { fileURLToPath } from "node:url";
import { HopwiseError } from "@hopwise/core";
import { describe, expect, it, onTestFinished } from "vitest";
import type { PdpWarning } from "../ask/probe-pdp.ts";
import type { PolicyClient } from "../ask/resilient.ts";
import { startPdp } from "../serve/start-pdp.ts";
import { freePort } from "../testing/free-port.ts";
import { PAYMENTS, temporaryFolder } from "../testing/policies.ts";
import { forgetfulFront, movingFront, mutualFront, pem, remotePdp, testKeys } from "../testing/remote-pdp.ts";
import { until } from "../testing/until.ts";
import { type ConnectedPdp, type ConnectPdpOptions, connectPdp } from "./connect-pdp.ts";

const COMPANY = fileURLToPath(new URL("../../../../policies", import.meta.url));
const payments = (): string => temporaryFolder({ "payments.yaml": PAYMENTS });

async function connected(options: ConnectPdpOptions): Promise<ConnectedPdp> {
  const pdp = await connectPdp(options);
  onTestFinished(() => pdp.close());
  return pdp;
}

async function refusal(options: ConnectPdpOptions): Promise<HopwiseError> {
  const outcome = await connectPdp(options).then(
    (pdp) => pdp.close().then(() => "it connected"),
    (error: unknown) => error,
  );
  expect(outcome).toBeInstanceOf(HopwiseError);
  return outcome as HopwiseError;
}

/** Ann pays 5 of at most 10, which the payments policy allows. */
async function pays(client: PolicyClient, amount = 5): Promise<boolean> {
  const { results } = await client.checkResources({
    principal: { id: "ann", roles: ["user"], attr: { cap: 10 } },
    resources: [{ resource: { kind: "payment", id: "p1", attr: { amount } }, actions: ["pay"] }],
  });
  return results[0]?.actions["pay"] === "EFFECT_ALLOW";
}

describe("a PDP that runs elsewhere", () => {
  it("decides, over a socket or a port of this machine, without TLS", async () => {
    const local = await startPdp({ policies: payments() });
    onTestFinished(() => local.close());
    const remote = await remotePdp({ policies: payments() });
    for (const targets of [
      local.target,
      remote.target,
      `localhost:${remote.port}`,
      `dns:///localhost:${remote.port}`,
    ]) {
      const pdp = await connected({ targets });
      expect([await pays(pdp.client), await pays(pdp.client, 50)], targets).toEqual([true, false]);
      expect(pdp.version).toBe(local.version);
    }
  });

  it.each([
    ["shares requests, at each of two by itself", {}, true],
    ["shares none where that is said", { sharing: false }, false],
  ] as const)("%s", async (_, how, shares) => {
    const local = await startPdp({ policies: payments(), sharing: false });
    onTestFinished(() => local.close());
    const pdp = await connected({ targets: [local.target, local.target], patienceMs: 20_000, ...how });
    const amounts = Array.from({ length: 100 }, (_, i) => i);
    const principal = { id: "ann", roles: ["user"], attr: { cap: 10 } };
    const answers = await Promise.all(
      amounts.map((amount) =>
        pdp.client.checkResources({
          principal,
          resources: [{ resource: { kind: "payment", id: "p", attr: { amount } }, actions: ["pay"] }],
        }),
      ),
    );
    expect(answers.map(({ results }) => results[0]?.isAllowed("pay"))).toEqual(amounts.map((amount) => amount <= 10));
    const requests = new Set(answers.map(({ cerbosCallId }) => cerbosCallId)).size;
    expect(answers.some((answer) => Object.hasOwn(answer, "cerbosPositions"))).toBe(shares);
    // Each target sends two at once, and the other 48 in two requests.
    expect(requests).toBe(shares ? 8 : 100);
  });

  it("has nothing missing where it serves the policies of this project strictly; that it mixes up rules is said", async () => {
    const remote = await remotePdp({ policies: COMPANY });
    const heard: PdpWarning[] = [];
    const pdp = await connected({ targets: remote.target, onWarning: (warning) => heard.push(warning) });
    expect(pdp.warnings.map(({ code, target }) => [code, target])).toEqual([["rules_mixed_up", remote.target]]);
    expect(heard).toEqual(pdp.warnings);
  });

  it("is waited for, and connects as soon as it serves", async () => {
    const remote = await remotePdp({ policies: payments() });
    await remote.signal("SIGKILL");
    const waiting = connected({ targets: remote.target, startTimeoutMs: 20_000 });
    await remote.start();
    expect(await pays((await waiting).client)).toBe(true);
  });

  it("that is absent is an error that names each target, what was wrong, and what to do", async () => {
    const targets = [`127.0.0.1:${await freePort()}`, "unix:/nowhere/cerbos.sock"];
    const error = await refusal({ targets, startTimeoutMs: 300 });
    expect(error).toMatchObject({ code: "pdp_missing", pointer: "/targets" });
    expect(error.message).toContain("within 300 ms. Start it, or correct the targets");
    for (const target of targets) expect(error.message).toMatch(new RegExp(`  ${target}: .*(ECONNREFUSED|ENOENT)`));
    expect(error.message).not.toMatch(/Resolution note:\s*$/m);
  });

  it("that accepts and never answers is absent when the time is up", async () => {
    const remote = await remotePdp({ policies: payments() });
    await remote.signal("SIGSTOP");
    expect((await refusal({ targets: remote.target, startTimeoutMs: 300 })).code).toBe("pdp_missing");
  });

  it("may be one of several: who is absent is told and not waited for", async () => {
    const remote = await remotePdp({ policies: COMPANY });
    const absent = `127.0.0.1:${await freePort()}`;
    const heard: PdpWarning[] = [];
    const pdp = await connected({ targets: [absent, remote.target], onWarning: (warning) => heard.push(warning) });
    expect(heard).toEqual(pdp.warnings);
    expect(pdp.warnings.map(({ code, target }) => [code, target])).toEqual([
      ["target_absent", absent],
      ["rules_mixed_up", remote.target],
    ]);
  });

  it("is waited for without a pile of listeners on one signal, of which Node.js 20 warns as of a leak", async () => {
    const listening = new Map<EventTarget, number>();
    const listen = EventTarget.prototype.addEventListener;
    onTestFinished(() => {
      EventTarget.prototype.addEventListener = listen;
    });
    EventTarget.prototype.addEventListener = function (...args) {
      if (this instanceof AbortSignal) listening.set(this, (listening.get(this) ?? 0) + 1);
      listen.apply(this, args);
    };
    await refusal({ targets: `127.0.0.1:${await freePort()}`, startTimeoutMs: 2_000 });
    expect(listening.size).toBeGreaterThan(5);
    expect(Math.max(...listening.values())).toBeLessThanOrEqual(10);
  });

  it("can be closed twice, and answers nobody afterwards", async () => {
    const remote = await remotePdp({ policies: payments() });
    const pdp = await connected({ targets: remote.target });
    await pdp.close();
    await pdp.close();
    await expect(pays(pdp.client)).rejects.toThrow();
  });
});

describe("the way to a PDP", () => {
  it("is encrypted by default where it leaves this machine: plain text is not understood there", async () => {
    // 127.1 is this machine to everybody but the rule, which knows no such spelling: the safe side of a doubt.
    const remote = await remotePdp({ policies: payments() });
    const error = await refusal({ targets: `127.1:${remote.port}`, startTimeoutMs: 300 });
    expect(error.message).toMatch(/SSL|TLS|EPROTO|ECONNRESET|wrong version/i);
    const pdp = await connected({ targets: `127.1:${remote.port}`, plaintext: "dangerously-unencrypted" });
    expect(await pays(pdp.client)).toBe(true);
  });

  it("is encrypted to one whose certificate the authority signed, and to no other", async () => {
    const [keys, others] = [testKeys(), testKeys()];
    const remote = await remotePdp({ policies: payments(), keys });
    const pdp = await connected({ targets: remote.target, tls: { ca: pem(keys.ca) } });
    expect(await pays(pdp.client)).toBe(true);
    for (const tls of [{}, { ca: pem(others.ca) }]) {
      const error = await refusal({ targets: remote.target, tls, startTimeoutMs: 300 });
      expect(error).toMatchObject({ code: "pdp_missing", message: expect.stringMatching(/certificate/) });
    }
  });

  it("leads to the one whose name is in the certificate, each target by its own name", async () => {
    const keys = testKeys("DNS:pdp.test");
    const remote = await remotePdp({ policies: payments(), keys });
    const tls = { ca: pem(keys.ca) };
    expect((await refusal({ targets: remote.target, tls, startTimeoutMs: 300 })).message).toMatch(/127\.0\.0\.1/);
    const pdp = await connected({ targets: remote.target, tls: { ...tls, serverName: "pdp.test" } });
    expect(await pays(pdp.client)).toBe(true);
  });

  it("shows our own certificate to whoever stands before the PDP and asks for it", async () => {
    const keys = testKeys();
    const targets = await mutualFront(keys, (await remotePdp({ policies: payments() })).port);
    const tls = { ca: pem(keys.ca) };
    expect((await refusal({ targets, tls, startTimeoutMs: 300 })).code).toBe("pdp_missing");
    const own = { ...tls, cert: pem(keys.cert), key: pem(keys.key) };
    expect(await pays((await connected({ targets, tls: own })).client)).toBe(true);
  });
});

describe("a set-up that cannot work", () => {
  it.each([
    "localhost",
    "",
    "http://localhost:3593",
    "pdp.example.com",
    "xds:///pdp",
    "dns://8.8.8.8/localhost:3593",
    "ipv4:127.0.0.1:3593,10.0.0.1:3593",
    "evil.example/localhost:3593",
    "unix:",
    "a b:3593",
  ])("is refused before a PDP is asked: %o as a target", async (target) => {
    const error = await refusal({ targets: ["localhost:3593", target] });
    expect(error).toMatchObject({ code: "config_invalid", pointer: "/targets/1" });
    expect(error.message).toContain("3593");
  });

  it.each<[string, Partial<ConnectPdpOptions>, string]>([
    ["no target", { targets: [] }, "/targets"],
    ["a certificate without its key", { tls: { cert: "x" } }, "/tls"],
    ["keys that are no PEM", { tls: { ca: "x", cert: "secret-one", key: "secret-two" } }, "/tls"],
    ["TLS and plain text", { tls: {}, plaintext: "dangerously-unencrypted" }, "/plaintext"],
    ["no time", { timeoutMs: 0 }, "/timeoutMs"],
  ])("is refused before a PDP is asked: %s", async (_, options, pointer) => {
    const error = await refusal({ targets: "localhost:3593", ...options });
    expect(error).toMatchObject({ code: "config_invalid", pointer });
    expect(error.message).not.toContain("secret");
  });
});

describe("a target that comes back", () => {
  it("is asked by a new connection where nobody answers on the old one", async () => {
    const remote = await remotePdp({ policies: payments() });
    const front = await forgetfulFront(remote.port);
    const pdp = await connected({ targets: front.target, timeoutMs: 250, restMs: 50 });
    expect(await pays(pdp.client)).toBe(true);
    front.forget();
    await expect(pays(pdp.client)).rejects.toThrow();
    await until(() => pays(pdp.client).catch(() => false));
  });

  it("is looked at again: one that was set up anew without strict evaluation is told", async () => {
    const remote = await remotePdp({ policies: COMPANY });
    const heard: PdpWarning[] = [];
    const changes: object[] = [];
    const pdp = await connected({
      targets: remote.target,
      faultsInARow: 2,
      restMs: 100,
      onWarning: (warning) => heard.push(warning),
      onChange: (change) => changes.push(change),
    });
    await remote.signal("SIGKILL");
    await expect(pays(pdp.client)).rejects.toThrow();
    await expect(pays(pdp.client)).rejects.toThrow();
    expect(changes).toEqual([{ target: remote.target, up: false }]);
    await remote.start({ strictEvaluation: false });
    await until(() =>
      pays(pdp.client).then(
        () => true,
        () => false,
      ),
    );
    expect(changes.at(-1)).toEqual({ target: remote.target, up: true });
    await until(() => heard.length > 1);
    // What all versions do is told once.
    expect(heard.map(({ code }) => code)).toEqual(["rules_mixed_up", "strict_evaluation_off"]);
    expect(heard[1]).toMatchObject({ text: expect.stringContaining("strictEvaluation"), target: remote.target });
  });

  it("is looked at again where another PDP is behind its address, though no call failed", async () => {
    const [strict, lax] = [
      await remotePdp({ policies: COMPANY }),
      await remotePdp({ policies: COMPANY, strictEvaluation: false }),
    ];
    let port = strict.port;
    const front = await movingFront(() => port);
    const heard: PdpWarning[] = [];
    const pdp = await connected({ targets: front.target, onWarning: (warning) => heard.push(warning) });
    port = lax.port;
    front.end();
    await pays(pdp.client);
    await until(() => heard.length > 1);
    expect(heard.map(({ code }) => code)).toEqual(["rules_mixed_up", "strict_evaluation_off"]);
  });
});
