/** What `hopwise approvals` says and does, on the real inbox of an authorizer, over HTTP. */
import { writeFileSync } from "node:fs";
import type { ServerResponse } from "node:http";
import { join } from "node:path";
import type { Decision } from "@hopwise/core";
import { approvalEndpoint } from "@hopwise/core/state";
import { answeringPdp, createCompany, type TestAuthorizer } from "@hopwise/core/testing";
import { expect, it } from "vitest";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { TOKEN_TEXT } from "../support/token-text.ts";
import { webServer } from "../support/web-server.ts";
import { type Answer, hopwise, hopwiseProcess, type Surroundings } from "./hopwise.ts";

const EVIL = "Globex\u001b[2J\u202e\nstate approved";

interface Office {
  readonly folder: string;
  readonly authorizer: TestAuthorizer;
  readonly at: readonly string[];
  readonly url: string;
  make(args?: object): Promise<Decision>;
  /** A payment that waits. */
  ask(args?: object): Promise<string>;
  run(...args: readonly string[]): Promise<Answer>;
  /** With a person at the terminal, who answers. */
  answered(answer: string | undefined, ...args: readonly string[]): Promise<Answer>;
}

/** A company whose payments wait, its inbox on a port, and the key of dana, who may approve, in a folder. */
async function office(change: (body: string) => string = (body) => body, approvers = 1): Promise<Office> {
  const folder = temporaryFolder();
  const keyed = await hopwise(["keys", "new", "dana.json", "--json"], { folder });
  const { publicJwk } = JSON.parse(keyed.out);
  await hopwise(["keys", "new", "bob.json"], { folder });
  writeFileSync(join(folder, "dana.pub.json"), JSON.stringify(publicJwk));
  writeFileSync(join(folder, "keys.json"), JSON.stringify({ keys: [publicJwk] }));
  writeFileSync(join(folder, "rsa.json"), JSON.stringify({ kty: "RSA", n: "n", e: "AQAB", d: "d" }));
  writeFileSync(join(folder, "login"), "Bearer let-dana-in\n");
  const company = await createCompany({
    users: { alice: { roles: ["employee"] }, dana: { roles: ["manager"] } },
    tools: { send_payment: { kind: "payment", action: "send", id: "to", keepInRecord: ["to", "amount"] } },
  });
  const { issuer } = company.issuer.trustAnchor;
  const cerbos = answeringPdp(({ resource: { kind } }) =>
    kind === "payment"
      ? { effect: "allow", outputs: [{ approval: { reason: "large payments wait", approvers } }] }
      : "allow",
  );
  const approvals = { approvers: [{ issuer, subject: "dana", keys: [publicJwk] }] };
  const authorizer = company.authorizer({ cerbos, approvals, clock: Date.now });
  const endpoint = approvalEndpoint({
    approvals: authorizer.approvals,
    mayRead: ({ headers }) => headers.get("authorization") === "Bearer let-dana-in",
  });
  const server = await webServer((incoming, outgoing) => {
    const chunks: Buffer[] = [];
    incoming.on("data", (chunk: Buffer) => void chunks.push(chunk));
    incoming.on("end", async () => {
      const { method = "GET", headers } = incoming;
      const body = method === "POST" ? Buffer.concat(chunks) : undefined;
      const own = { method, headers: headers as Record<string, string>, ...(body && { body: new Uint8Array(body) }) };
      const response = await endpoint(new Request(`http://127.0.0.1${incoming.url}`, own));
      outgoing.writeHead(response.status, { "content-type": "application/json" });
      outgoing.end(change(await response.text()));
    });
  });
  const url = `${server.url}/approvals`;
  const at = ["--at", url, "--login", "login"];
  const planner = await company.chain("alice", "planner");
  const make = (args: object = { to: "Globex", amount: 5000 }): Promise<Decision> =>
    authorizer.call(planner, "send_payment", args);
  const ask = async (args?: object): Promise<string> => {
    const decision = await make(args);
    if (decision.outcome !== "pending") throw new Error(`it was ${decision.outcome}`);
    return decision.approval.request;
  };
  const quiet = async (args: readonly string[], more: Surroundings): Promise<Answer> => {
    const answer = await hopwise(args, { folder, ...more });
    const all = answer.out + answer.err;
    expect(all).not.toMatch(TOKEN_TEXT);
    expect(all).not.toMatch(/"d":|let-dana-in|\p{Cf}|(?!\n)\p{Cc}/u);
    return answer;
  };
  return {
    ...{ folder, authorizer, at, url, make, ask },
    run: (...args) => quiet(args, {}),
    answered: (answer, ...args) => quiet(args, answer === undefined ? {} : { answer }),
  };
}

export function testApprovalsList(): void {
  it("prints a line for each call that waits, as a process", async () => {
    const { folder, at, ask } = await office();
    const id = await ask();
    const answer = await hopwiseProcess(["approvals", "list", ...at], { folder });
    expect(answer.code).toBe(0);
    expect(answer.out).toMatch(
      new RegExp(
        `^${id} +waiting, until .*Z +send_payment on payment "Globex" for alice → planner: large payments wait\n$`,
      ),
    );
  });

  it("says that there may be more, where an inbox gives as many as it gives at once", async () => {
    const { run, at, ask } = await office((body) => {
      const { requests = [] } = JSON.parse(body);
      return JSON.stringify({ requests: Array.from({ length: requests.length * 1000 }, () => requests[0]) });
    });
    expect((await run("approvals", "list", ...at)).err).toBe("nothing waits\n");
    await ask();
    const { out, err } = await run("approvals", "list", ...at);
    expect(out.trimEnd().split("\n")).toHaveLength(1000);
    expect(err).toContain("there may be more");
  });

  it("says by its exit code that nothing waits, and prints JSON a line", async () => {
    const { run, at, ask } = await office();
    expect(await run("approvals", "list", ...at)).toEqual({ code: 1, out: "", err: "nothing waits\n" });
    const ids = [await ask(), await ask({ to: "Globex", amount: 7000 })];
    const { out } = await run("approvals", "list", ...at, "--json");
    expect(
      out
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line).id),
    ).toEqual(ids);
  });

  it("leaves out what is over, unless that is asked for", async () => {
    const { run, at, make, ask } = await office();
    const [made, denied, approved, waits] = [
      await ask(),
      await ask({ to: "A" }),
      await ask({ to: "B" }),
      await ask({ to: "C" }),
    ];
    const answer = (verb: string, id: string) => run("approvals", verb, id, ...at, "--key", "dana.json", "--yes");
    for (const id of [made, approved]) await answer("approve", id);
    await answer("deny", denied);
    expect((await make()).outcome).toBe("allowed");
    const listed = async (...more: readonly string[]) =>
      (await run("approvals", "list", ...at, ...more)).out
        .trim()
        .split("\n")
        .map((line) => line.match(/^(\S+) +(\w+)/)?.slice(1));
    const open = [
      [approved, "approved"],
      [waits, "waiting"],
    ];
    expect(await listed()).toEqual(open);
    expect(await listed("--all")).toEqual([[made, "used"], [denied, "denied"], ...open]);
  });

  it("prints nothing that a caller wrote to a terminal as it came", async () => {
    const { run, at, ask } = await office();
    await ask({ to: EVIL, amount: 1 });
    const { out } = await run("approvals", "list", ...at);
    expect(out.trimEnd().split("\n")).toHaveLength(1);
  });

  it.each<[string, readonly string[], RegExp]>([
    ["no inbox", [], /Name the inbox/],
    ["an address that is none", ["--at", "approve.example"], /an https address/],
    ["one that others could read on the way", ["--at", "http://approve.example/"], /an https address/],
    ["a login that is not there", ["--at", "https://approve.example/", "--login", "nothing"], /there is no such file/],
    [
      "nobody there",
      ["--at", "http://127.0.0.1:2/inbox?key=secret"],
      /^error: config_invalid: The inbox at http:\/\/127\.0\.0\.1:2\/inbox could not be reached: nobody listens there \(ECONNREFUSED\)\n$/,
    ],
    ["a port that no inbox has", ["--at", "http://127.0.0.1:1/"], /could not be reached: no inbox may have this port/],
    [
      "a login in the address",
      ["--at", "https://ann:secret@inbox.invalid/"],
      /--at has no login in it: --login FILE\n$/,
    ],
    [
      "a name that nobody has",
      ["--at", "https://inbox.invalid/"],
      /^error: config_invalid: The inbox at https:\/\/inbox\.invalid\/ could not be reached: .*(ENOTFOUND|EAI_AGAIN)\)?\n$/,
    ],
  ])("cannot look with %s", async (_, args, words) => {
    const { run } = await office();
    const { code, err } = await run("approvals", "list", ...args);
    expect(code).toBe(2);
    expect(err).not.toContain("secret");
    expect(err).toMatch(words);
  });

  it.each(["Authorization: Bearer let-dana-in", "authorization:Bearer let-dana-in", "Cookie: session=dana"])(
    "refuses a login that has a header's name: %s",
    async (line) => {
      const { run, at, folder } = await office();
      writeFileSync(join(folder, "login"), `${line}\n`);
      const { code, err } = await run("approvals", "list", ...at);
      expect([code, err]).toEqual([
        2,
        expect.stringMatching(/login has no value of an Authorization header, .* without the header's name\n$/),
      ]);
    },
  );

  it("is not let in without a login", async () => {
    const { run, url } = await office();
    const { code, err } = await run("approvals", "list", "--at", url);
    expect([code, err]).toEqual([2, expect.stringContaining("does not let you in")]);
  });

  it.each<[string, (outgoing: ServerResponse) => unknown, RegExp]>([
    [
      "500 of a proxy",
      (outgoing) => outgoing.writeHead(502).end("<html>"),
      /answered with the status 502, and did not/,
    ],
    [
      "500 with JSON",
      (outgoing) => outgoing.writeHead(500).end("{}"),
      /answered with the status 500, and did not say why/,
    ],
    [
      "401 of a gateway",
      (outgoing) => outgoing.writeHead(401).end("who?"),
      /does not let you in: give a login that it takes, .* as the Authorization header/,
    ],
    ["403 of a gateway", (outgoing) => outgoing.writeHead(403).end(), /does not let you in/],
    ["404", (outgoing) => outgoing.writeHead(404).end("<html>"), /There is no inbox for approvals at this address/],
    [
      "an answer that is cut",
      (outgoing) => outgoing.writeHead(200, { "content-length": "9" }).write("{", () => outgoing.destroy()),
      /began to answer, and did not end: it ended the connection/,
    ],
    [
      "an answer without an end",
      (outgoing) => {
        const more = (): unknown => outgoing.destroyed || outgoing.write("x".repeat(1_000_000), more);
        more();
      },
      /answered with more than 268435456 bytes/,
    ],
  ])("says what is wrong with an inbox that gives %s", async (_, answer, words) => {
    const server = await webServer((_incoming, outgoing) => void answer(outgoing));
    const url = `${server.url}/approvals`;
    const { code, err } = await hopwise(["approvals", "list", "--at", url], { folder: temporaryFolder() });
    expect([code, err]).toEqual([2, expect.stringMatching(words)]);
  });

  it.each(["<html>", "[]", "{}", '{"requests":5}', '{"requests":[{}]}', '{"requests":[null]}'])(
    "takes %s for no inbox",
    async (body) => {
      const { run, at } = await office(() => body);
      const { code, err } = await run("approvals", "list", ...at);
      expect([code, err]).toEqual([2, expect.stringContaining("no inbox for approvals")]);
    },
  );

  it("lists what waits also where calls with long arguments make the inbox long", async () => {
    const { run, at, ask } = await office((body) => body.replace("{", `{"long":"${"x".repeat(40_000_000)}",`));
    const id = await ask();
    const { code, out } = await run("approvals", "list", ...at);
    expect([code, out]).toEqual([0, expect.stringContaining(id)]);
  });

  it.each<[string, (text: string) => string, string]>([
    ["no answers", (text) => text.replace('"answers":[]', '"answers":[null]'), "There is no inbox for approvals"],
    [
      "nobody who answered",
      (text) => text.replace('"answers":[]', '"answers":[{}]'),
      "There is no inbox for approvals",
    ],
    ["no call", (text) => text.replace(/"invocation":"[^"]*"/, '"invocation":{}'), "There is no inbox for approvals"],
    ["a request of another form", (text) => text.replace('"agents":[', '"agents":[5,'), "that cannot be read here"],
  ])("says that it is the inbox which is wrong where that shows %s", async (_, change, words) => {
    const { run, at, ask } = await office(change);
    const { code, err } = await run("approvals", "show", await ask(), ...at);
    expect([code, err]).toEqual([2, expect.stringContaining(words)]);
  });
}

export function testApprovalsShow(): void {
  it("prints what who approves must see, as a process", async () => {
    const { folder, at, ask, authorizer } = await office();
    const id = await ask();
    const { out, code } = await hopwiseProcess(["approvals", "show", id, ...at], { folder });
    expect(code).toBe(0);
    const [record] = authorizer.audit.records;
    for (const line of [
      `request    ${id}: waiting`,
      "why        large payments wait",
      `tool       send_payment at ${authorizer.audience[0]}`,
      "for        alice (alice of https://id.acme.example)",
      /^by +planner \(key [\w-]{43}\)$/m,
      'on         payment "Globex"',
      "arguments  these, and no others:",
      '              to: "Globex"',
      "              amount: 5000",
      `call ${record?.invocation}`,
      /^until +\d{4}-.*Z$/m,
      "needs      1 person; 0 said yes",
    ]) {
      expect(out).toMatch(typeof line === "string" ? new RegExp(line.replace(/[()[\]./]/g, "\\$&")) : line);
    }
  });

  it("says that somebody said no to the same call, and that it was approved and made", async () => {
    const { run, at, make, ask } = await office();
    const id = await ask();
    await run("approvals", "deny", id, ...at, "--key", "dana.json", "--yes");
    const next = await ask();
    const again = await run("approvals", "approve", next, ...at, "--key", "dana.json", "--yes");
    expect(again.out).toMatch(
      new RegExp(`^before +somebody said no to this same call \\(request ${id}\\)\n +no by dana of `, "m"),
    );
    expect((await make()).outcome).toBe("allowed");
    const third = await run("approvals", "show", await ask(), ...at);
    expect(third.out).toMatch(
      new RegExp(
        `^before +this same call was approved and made: it may have run \\(request ${next}\\)\n +yes by dana of `,
        "m",
      ),
    );
  });

  it("says that it does not show all arguments, where there are more", async () => {
    const { run, at, ask } = await office();
    const id = await ask({ to: "Globex", amount: 5000, memo: "hidden" });
    const { out } = await run("approvals", "show", id, ...at);
    expect(out).toContain("not all are shown; the approval is of all");
    expect(out).not.toContain("hidden");
  });

  it("prints nothing that a caller wrote to a terminal as it came", async () => {
    const { run, at, ask } = await office();
    const id = await ask({ to: EVIL, amount: 1 });
    const { out } = await run("approvals", "show", id, ...at);
    expect(out).not.toMatch(/^state approved/m);
  });

  it("prints JSON for programs, and knows no request that nobody made", async () => {
    const { run, at, ask } = await office();
    const id = await ask();
    expect(JSON.parse((await run("approvals", "show", id, ...at, "--json")).out)).toMatchObject({
      id,
      state: "waiting",
    });
    const none = await run("approvals", "show", "AAAAAAAAAAAAAAAAAAAAAA", ...at);
    expect([none.code, none.err]).toEqual([2, expect.stringContaining("no such request waits")]);
    expect((await run("approvals", "show", "not an id", ...at)).err).toContain("ID is the id of a request");
  });

  it("shows no request whose hash is of another one", async () => {
    const { run, at, ask } = await office((body) => body.replace('"tool":"send_payment"', '"tool":"read_invoice"'));
    const { code, err } = await run("approvals", "show", await ask(), ...at);
    expect([code, err]).toEqual([2, expect.stringContaining("not the one it names")]);
  });
}

export function testApprovalsApprove(): void {
  it("shows, asks, and signs: the call may be made", async () => {
    const { answered, at, ask, authorizer } = await office();
    const id = await ask();
    const { code, out, err } = await answered("yes", "approvals", "approve", id, ...at, "--key", "dana.json");
    expect([code, err]).toEqual([0, "Approve this call? Type yes: \n"]);
    expect(out).toMatch(/^request +.*\n(.*\n)+said yes; the request is approved\n$/);
    expect(await authorizer.approvals.find(id)).toMatchObject({
      state: "approved",
      answers: [{ answer: "yes", approver: { subject: "dana" } }],
    });
  });

  it("signs nothing where the person does not say yes, or nobody can be asked", async () => {
    const { answered, at, ask, authorizer } = await office();
    const id = await ask();
    for (const said of ["no", "", "y"]) {
      const { code, err } = await answered(said, "approvals", "approve", id, ...at, "--key", "dana.json");
      expect([code, err]).toEqual([1, expect.stringContaining("nothing was signed")]);
    }
    const nobody = await answered(undefined, "approvals", "approve", id, ...at, "--key", "dana.json");
    expect([nobody.code, nobody.err]).toEqual([2, expect.stringContaining("say --yes")]);
    expect((await authorizer.approvals.find(id))?.state).toBe("waiting");
  });

  it("does not ask with --yes, as a process, and prints JSON for programs", async () => {
    const { folder, at, ask } = await office();
    const id = await ask();
    const args = ["approvals", "approve", id, ...at, "--key", "dana.json", "--yes", "--json"];
    const { code, out, err } = await hopwiseProcess(args, { folder });
    expect([code, JSON.parse(out)]).toEqual([0, { request: id, answer: "yes", state: "approved" }]);
    expect(err).toContain("large payments wait");
  });

  it("says that others must approve it, too", async () => {
    const { run, at, ask } = await office(undefined, 2);
    const { out } = await run("approvals", "approve", await ask(), ...at, "--key", "dana.json", "--yes");
    expect(out).toMatch(/^said yes; the request waits for 1 more person$/m);
  });

  it("says why an answer is not taken", async () => {
    const { run, at, ask } = await office();
    const id = await ask();
    const stranger = await run("approvals", "approve", id, ...at, "--key", "bob.json", "--yes");
    expect([stranger.code, stranger.err]).toEqual([2, expect.stringMatching(/^error: approval_refused: /)]);
    await run("approvals", "deny", id, ...at, "--key", "dana.json", "--yes");
    const late = await run("approvals", "approve", id, ...at, "--key", "dana.json", "--yes");
    expect([late.code, late.err]).toEqual([2, expect.stringContaining("it is denied")]);
  });

  it.each<[string, readonly string[], RegExp]>([
    ["no key", [], /Name your key/],
    ["a key that is not there", ["--key", "nothing.json"], /there is no such file/],
    ["a key that is none", ["--key", "login"], /is not JSON/],
    ["a public key", ["--key", "dana.pub.json"], /--key is a private JWK, .*; dana\.pub\.json holds a public one\n$/],
    ["a list of keys", ["--key", "keys.json"], /--key is a private JWK, .*; keys\.json holds no JWK\n$/],
    ["a key of another kind", ["--key", "rsa.json"], /--key is a private JWK, .*; with the key in rsa\.json nothing/],
  ])("cannot sign with %s", async (_, args, words) => {
    const { run, at, ask } = await office();
    const { code, err } = await run("approvals", "approve", await ask(), ...at, ...args, "--yes");
    expect([code, err]).toEqual([2, expect.stringMatching(words)]);
  });
}

export function testApprovalsDeny(): void {
  it("shows, asks, and signs: the request is ended, as a process", async () => {
    const { folder, at, ask, authorizer } = await office();
    const id = await ask();
    const args = ["approvals", "deny", id, ...at, "--key", "dana.json", "--yes"];
    const { code, out } = await hopwiseProcess(args, { folder });
    expect([code, out]).toEqual([0, expect.stringContaining("said no; the request is denied")]);
    expect((await authorizer.approvals.find(id))?.state).toBe("denied");
  });
}
