/**
 * Makes modules tell which of their functions is entered and left: a hook of Node's module loader puts two words around
 * the body of each function while the module is loaded. No file on disk changes.
 */
import { registerHooks } from "node:module";
import { relative } from "node:path";
import { fileURLToPath } from "node:url";
import { parseAst } from "vitest/node";
import type { Place, Recorder } from "./recorder.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
/** What is watched: all that ships of the packages which a guarded server runs. */
const WATCHED = /^packages\/(core|mcp|fastmcp)\/src\/(?!.*\.(test|fixture)\.ts$).*\.ts$/;
const RECORDER = "dev.hopwise/walk";

/** Instrumented code finds its recorder in the global object: it imports nothing, so that its lines stay where they are. */
export function tell(recorder: Recorder): void {
  Object.assign(globalThis, { [Symbol.for(RECORDER)]: recorder });
}

/** Watches every module that is imported from now on. */
export function watchModules(recorder: Recorder): void {
  tell(recorder);
  registerHooks({
    load: (url, context, nextLoad) => {
      const loaded = nextLoad(url, context);
      const file = url.startsWith("file:") ? relative(ROOT, fileURLToPath(url)) : "";
      if (!WATCHED.test(file) || loaded.source == null) return loaded;
      const source = typeof loaded.source === "string" ? loaded.source : new TextDecoder().decode(loaded.source);
      return { ...loaded, source: instrument(source, file, recorder.place) };
    },
  });
}

interface Node {
  readonly type: string;
  readonly start: number;
  readonly end: number;
  readonly [member: string]: unknown;
}

const isNode = (value: unknown): value is Node => typeof (value as Node | null)?.type === "string";
const FUNCTIONS = new Set(["FunctionDeclaration", "FunctionExpression", "ArrowFunctionExpression"]);

/** How instrumented code names the recorder; one call of a function is `$call` in its body. */
const TOLD = `globalThis[Symbol.for("${RECORDER}")]`;

/**
 * The source with each function's body in `try … finally`, so that a function is left however it ends. Around each
 * `await` it says that the function pauses, and that it goes on: so it is known which function calls another.
 */
export function instrument(source: string, file: string, place: (place: Place) => number): string {
  const inserts: { readonly at: number; readonly text: string }[] = [];
  const insert = (at: number, text: string): void => void inserts.push({ at, text });
  const lineOf = (at: number): number => source.slice(0, at).split("\n").length;

  const watch = (node: Node, name: string): void => {
    const body = node["body"] as Node;
    const id = place({ file, name, line: lineOf(node.start) });
    const enter = ` const $call = ${TOLD}.enter(${id}); try {`;
    const leave = `} finally { ${TOLD}.leave($call); }`;
    if (body.type !== "BlockStatement") {
      insert(source.lastIndexOf("=>", body.start) + 2, ` {${enter} return (`);
      insert(node.end, `); ${leave} }`);
    } else if (body.end === body.start + 2) {
      insert(body.start + 1, `${enter} ${leave}`);
    } else {
      insert(body.start + 1, enter);
      insert(body.end - 1, leave);
    }
  };

  const visit = (node: Node, name: string, within: boolean): void => {
    const own = FUNCTIONS.has(node.type) && isNode(node["body"]);
    const called = nameOf(node) ?? name;
    if (own) watch(node, called);
    if (within && node.type === "AwaitExpression") {
      insert(node.start, `${TOLD}.resume($call, `);
      insert(node.start + "await".length, ` ${TOLD}.pause($call,`);
      insert(node.end, "))");
    }
    // Where the awaited promise rejects, the function goes on here, and `resume` was not reached.
    const caught = node.type === "CatchClause" ? node["body"] : node["finalizer"];
    if (within && isNode(caught)) insert(caught.start + 1, ` ${TOLD}.resume($call);`);
    for (const [member, value] of Object.entries(node)) {
      for (const child of Array.isArray(value) ? value : [value]) {
        if (isNode(child)) visit(child, own && member === "body" ? `in ${called}` : called, within || own);
      }
    }
  };
  visit(parseAst(source, { lang: "ts", sourceType: "module" }, file) as unknown as Node, "module", false);

  // From the end to the beginning, so that places stay true; of two ends at one place the later found is the inner one.
  const ordered = inserts.map((own, order) => ({ ...own, order })).sort((a, b) => b.at - a.at || a.order - b.order);
  return ordered.reduce((text, { at, text: words }) => text.slice(0, at) + words + text.slice(at), source);
}

/** What a function is called by whatever stands around it: its own name, a variable's, a member's. */
function nameOf(node: Node): string | undefined {
  const named = node["id"] ?? (node["computed"] === true ? undefined : node["key"]);
  if (!isNode(named)) return undefined;
  return typeof named["name"] === "string" ? named["name"] : undefined;
}
