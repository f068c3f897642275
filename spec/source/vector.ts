/** What a vector is. The JSON files in `spec/vectors/` hold these and nothing else. */
export interface VectorFile {
  readonly group: string;
  readonly about: string;
  readonly vectors: readonly Vector[];
}

export interface Vector {
  readonly id: string;
  readonly description: string;
  /** The rule of the specification that it shows: `V6.2`, `J3`, `K4`, `F9`, or `check range`, `narrow url`. */
  readonly rule: string;
  /** The private keys of everybody who appears, by name: to make such tokens oneself. Verifying needs none of them. */
  readonly keys: { readonly [name: string]: Jwk };
  /** The verifier's clock, in seconds since the epoch. */
  readonly now: number;
  readonly config: Config;
  readonly input: Input;
  readonly expect: Expect;
}

/** How the enforcement point is set up. */
export interface Config {
  readonly trust: readonly Anchor[];
  /** Its own names. */
  readonly audience: readonly string[];
  readonly agents: { readonly [name: string]: Agent };
  /** By tool, the arguments that it adds by its author's word. */
  readonly adds?: { readonly [tool: string]: readonly string[] };
  /** The tools that it names one by one, for rule V11.1; none where left out. Other tools have an entry for all (`*`). */
  readonly tools?: readonly string[];
  /** Those that differ from the defaults. */
  readonly limits?: { readonly [name: string]: number };
}

export interface Anchor {
  readonly issuer: string;
  readonly keys: readonly { readonly kid: string; readonly jwk: Jwk }[];
  /** Default false. */
  readonly foreign?: boolean;
  readonly audiences: readonly string[];
  readonly subjects: readonly string[] | "any";
  readonly tools: readonly string[] | "any";
  /** Default false. */
  readonly sharedBudgets?: boolean;
  readonly everyTool?: boolean;
  readonly lifetimeSeconds?: number;
  readonly maxDepth?: number;
}

export interface Agent {
  /** RFC 7638 thumbprints. */
  readonly keys: readonly string[];
  readonly classes?: { readonly [name: string]: AgentClass };
}

export interface AgentClass {
  readonly classes?: { readonly [name: string]: AgentClass };
}

interface Input {
  readonly chain: string;
  /** Left out where the call came without a proof. */
  readonly proof?: string;
  /** The tool's own name, or an operation of MCP. */
  readonly tool: string;
  /** The arguments as received: JSON text. */
  readonly arguments: string;
  /** What the tool's own schema made of them, as JSON text. Left out where none follows. */
  readonly parsed?: string;
  /** The JSON Schema that the tool announces of its arguments. */
  readonly inputSchema?: object;
}

export type Expect =
  | { readonly result: "accept" }
  | { readonly result: "refuse"; readonly code: string; readonly pointer?: string };

export interface Jwk {
  readonly kty: string;
  readonly crv: string;
  readonly x: string;
  readonly y?: string;
  readonly d?: string;
}
