/** What a vector is. The JSON files in `spec/vectors/` hold these and nothing else. */
export interface VectorFile {
  readonly group: string;
  readonly about: string;
  readonly vectors: readonly AnyVector[];
}

/** A vector of a call, or of a statement. */
export type AnyVector = Vector | StatementVector;

export type StatementVector = Vector<StatementConfig, StatementInput>;

export interface Vector<C = Config, I = Input> {
  readonly id: string;
  readonly description: string;
  /** The rule of the specification that it shows: `V6.2`, `J3`, `K4`, `F9`, or `check range`, `narrow url`. */
  readonly rule: string;
  /** The private keys of everybody who appears, by name: to make such tokens oneself. Verifying needs none of them. */
  readonly keys: { readonly [name: string]: Jwk };
  /** The verifier's clock, in seconds since the epoch. */
  readonly now: number;
  readonly config: C;
  readonly input: I;
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
  /** Default false. */
  readonly approvals?: boolean;
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

/** How the reader of a statement is set up. */
export interface StatementConfig {
  readonly trust: readonly Anchor[];
  /** The names of the revocation log; of a feed, its one name. */
  readonly audience?: readonly string[];
  /** The keys that may sign the feed. */
  readonly feed?: readonly Jwk[];
  /** Whose own keys may sign approvals. */
  readonly approvers?: readonly { readonly iss: string; readonly sub: string; readonly keys: readonly Jwk[] }[];
  readonly limits?: { readonly [name: string]: number };
}

export type StatementInput =
  | { readonly holder: string /** The challenge that it must answer. */; readonly challenge: string }
  | { readonly page: string /** The head that was asked for; empty for the first page. */; readonly since: string }
  | { readonly revocation: string /** The chain that came with it. */; readonly evidence?: string }
  | {
      readonly approval: string /** What the call asks for as it is now, in its canonical members. */;
      readonly request: RequestForm;
    };

/** The object of which an approval names the hash: statements.md, section 4. */
export interface RequestForm {
  readonly agents: readonly { readonly jkt: string; readonly sub: string }[];
  readonly approvers: number;
  readonly aud: string;
  readonly hw: 1;
  readonly read: string;
  readonly reason: string;
  readonly resource: {
    readonly attr: { readonly [name: string]: unknown };
    readonly id: string;
    readonly kind: string;
  };
  readonly sent: string;
  readonly tool: string;
  readonly until: number;
  readonly user: { readonly iss: string; readonly sub: string };
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
