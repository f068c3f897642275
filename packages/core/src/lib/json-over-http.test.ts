import { describe, expect, it } from "vitest";
import { DeadlinePassed } from "./deadline.ts";
import { jsonAnswer, readJson, unreadAnswer } from "./json-over-http.ts";

const LIMITS = { maxBytes: 16, deadlineMs: 30_000 };
const JSON_TYPE = { "content-type": "application/json" };

function post(body: string | Uint8Array<ArrayBuffer>, headers: Record<string, string> = JSON_TYPE): Request {
  return new Request("http://host/", { method: "POST", body, headers });
}

/** A number, as one endpoint may want it. */
const numberIn = (sent: unknown): number | undefined => (typeof sent === "number" ? sent : undefined);

async function refusalOf(request: Request): Promise<{ readonly status: number; readonly body: unknown }> {
  const answer = await readJson(request, LIMITS, numberIn, "a number");
  if (!(answer instanceof Response)) throw new Error("it was read");
  return { status: answer.status, body: await answer.json() };
}

describe("a request in JSON", () => {
  it("is read where it is what is wanted, whatever its type says beside that", async () => {
    expect(await readJson(post("12"), LIMITS, numberIn, "a number")).toBe(12);
    for (const type of ["Application/JSON; charset=utf-8", "application/json ;charset=utf-8"]) {
      expect(await readJson(post("0", { "content-type": type }), LIMITS, numberIn, "a number"), type).toBe(0);
    }
  });

  it("may be as long as it may be, and say so", async () => {
    const longest = post(`${" ".repeat(15)}7`, { ...JSON_TYPE, "content-length": "16" });
    expect(await readJson(longest, LIMITS, numberIn, "a number")).toBe(7);
  });

  it.each<[string, Request, number]>([
    ["another type", post("12", { "content-type": "text/plain" }), 415],
    ["no type", post(Uint8Array.of(49), {}), 415],
    ["another type, and too long", post("12", { "content-type": "text/plain", "content-length": "17" }), 415],
    ["a length that is too long, of whatever body", post("12", { ...JSON_TYPE, "content-length": "17" }), 413],
    ["a body that is too long, and does not say so", post(`${" ".repeat(16)}1`), 413],
    ["no UTF-8", post(Uint8Array.of(0xff)), 400],
    ["no JSON", post("12,"), 400],
    ["nothing", post(""), 400],
    ["JSON of something else", post('"12"'), 400],
  ])("is refused with %s", async (_, request, status) => {
    const code = status === 413 ? "token_too_large" : "token_malformed";
    expect(await refusalOf(request)).toEqual({
      status,
      body: status === 413 ? { code } : { code, expected: "a number" },
    });
  });

  it("is answered as the server's own fault where something before it had read the body", async () => {
    const own = { status: 500, body: { code: "config_invalid", message: expect.stringContaining("express.json()") } };
    const read = post("12");
    await read.json();
    expect(await refusalOf(read)).toEqual(own);
    // What a server of Node.js hands on once a body parser has read the stream: the length, and nothing.
    expect(await refusalOf(post("", { ...JSON_TYPE, "content-length": "2" }))).toEqual(own);
    const underWay = post("12");
    underWay.body?.getReader();
    expect(await refusalOf(underWay)).toEqual(own);
    // And one that makes the body when it is asked for.
    const made = new Proxy(post("12"), {
      get: (request, member) => {
        if (member === "headers" || member === "method") return request[member];
        throw new TypeError("disturbed");
      },
    });
    expect(await refusalOf(made)).toEqual(own);
    expect(unreadAnswer(made, 405, { code: "x" }).status).toBe(405);
  });

  /** A request whose body begins, and never ends. */
  const endless = (headers: Record<string, string>, begin = "1") => {
    const left: unknown[] = [];
    const body = new ReadableStream({
      start: (it) => it.enqueue(new TextEncoder().encode(begin)),
      cancel: () => void left.push("left"),
    });
    const request = new Request("http://host/", { method: "POST", body, headers, duplex: "half" } as RequestInit);
    return { request, left };
  };

  it.each<[string, Record<string, string>, string, number]>([
    ["of another type", {}, "1", 415],
    ["that says that it is too long", { ...JSON_TYPE, "content-length": "17" }, "1", 413],
    ["that is too long", JSON_TYPE, " ".repeat(17), 413],
  ])("%s is refused, and what is still to come of it is let go", async (_, headers, begin, status) => {
    const { request, left } = endless(headers, begin);
    expect((await refusalOf(request)).status).toBe(status);
    expect(left).toEqual(["left"]);
  });

  it("is let go where it does not come in time", async () => {
    const { request, left } = endless(JSON_TYPE);
    const reading = readJson(request, { ...LIMITS, deadlineMs: 5 }, numberIn, "a number");
    await expect(reading).rejects.toBeInstanceOf(DeadlinePassed);
    expect(left).toEqual(["left"]);
  });

  it("is let go where it is answered unread", async () => {
    const { request, left } = endless(JSON_TYPE);
    const answer = unreadAnswer(request, 405, { code: "x" }, { allow: "GET" });
    expect([answer.status, answer.headers.get("allow"), left]).toEqual([405, "GET", ["left"]]);
  });
});

describe("an answer in JSON", () => {
  it("is kept by nobody on the way", async () => {
    const answer = jsonAnswer(405, { code: "x" }, { allow: "GET" });
    const said = ["cache-control", "content-type", "allow"].map((name) => answer.headers.get(name));
    expect([answer.status, ...said]).toEqual([405, "no-store", "application/json", "GET"]);
    expect(await answer.json()).toEqual({ code: "x" });
  });
});
