import { generateSigner, type Signer } from "@hopwise/core";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type Statement, statementOf } from "./checkpoint.ts";
import { createHeadSigner } from "./head-signer.ts";
import { FORMAT } from "./line.ts";
import { openAuditLog } from "./open-audit-log.ts";
import { filesOf, temporaryFolder } from "./testing.fixture.ts";

const own = await generateSigner();
const other = await generateSigner();

const statement: Statement = {
  log: FORMAT,
  writer: "w",
  seq: 3,
  hash: "h",
  time: "2026-11-29T00:00:00.000Z",
  records: 2,
};

/** What a signer can give in place of a signature by the key that it names. */
const WRONG: { readonly [given: string]: () => unknown } = {
  "another key's signature": () => other.sign(new Uint8Array(8)),
  "three bytes": () => new Uint8Array(3),
  "a text": () => "signature",
  nothing: () => undefined,
};

const giving = (give: () => unknown): Signer => ({ ...own, sign: async () => (await give()) as Uint8Array });

describe("a signer of heads", () => {
  it("signs what it is given, by the key that it names", async () => {
    const { key, sign } = await createHeadSigner(own);
    const checkpoint = await sign(statement);
    expect(statementOf(checkpoint)).toEqual(statement);
    expect(JSON.parse(Buffer.from(checkpoint.split(".")[0] ?? "", "base64url").toString())).toMatchObject({ kid: key });
  });

  it.each(Object.entries(WRONG))("that gives %s is refused as a wrong option, and opens no log", async (_, give) => {
    const refused = {
      code: "config_invalid",
      pointer: "/signer",
      message: expect.stringContaining("its own publicJwk"),
    };
    await expect((await createHeadSigner(giving(give))).sign(statement)).rejects.toMatchObject(refused);
    const folder = temporaryFolder();
    await expect(openAuditLog({ folder, signer: giving(give) })).rejects.toMatchObject(refused);
    expect(filesOf(folder)).toEqual([]);
  });

  it("that fails is named by what opens the log, with its code and without its words", async () => {
    const away = giving(() => Promise.reject(Object.assign(new Error("hunter2"), { code: "KMS_AWAY" })));
    const folder = temporaryFolder();
    const message = `no audit log can be written to ${folder}: the audit log's signer failed: KMS_AWAY`;
    await expect(openAuditLog({ folder, signer: away })).rejects.toMatchObject({ code: "audit_unavailable", message });
  });

  it("whose public key is no point of its curve is refused, too", async () => {
    const publicJwk = { kty: "EC", crv: "P-256", x: "A".repeat(43), y: "A".repeat(43) } as Signer["publicJwk"];
    await expect(openAuditLog({ folder: temporaryFolder(), signer: { ...own, publicJwk } })).rejects.toMatchObject({
      code: "config_invalid",
    });
  });

  it("that takes to another key later leaves no forged checkpoint: the log is not closed by it, and says why", async () => {
    const folder = temporaryFolder();
    let key = own;
    const log = await openAuditLog({ folder, signer: { ...own, sign: (data) => key.sign(data) } });
    key = other;
    await expect(log.close()).rejects.toMatchObject({
      code: "audit_unavailable",
      message: expect.stringContaining("its own publicJwk"),
    });
  });
});

describe("a signer that never answers", () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it("is given up after five seconds", async () => {
    const { sign } = await createHeadSigner(giving(() => new Promise(() => {})));
    const signed = sign(statement).catch((fault: unknown) => fault);
    await vi.advanceTimersByTimeAsync(5_000);
    await expect(signed).resolves.toMatchObject({
      code: "audit_unavailable",
      message: "the audit log's signer does not answer",
    });
  });
});
