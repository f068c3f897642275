import type { HiddenOne } from "../audit/index.ts";
import type { Fulfilment } from "../decision/index.ts";
import type { HopwiseError } from "../errors.ts";
import type { JsonObject } from "../json/index.ts";
import type { InputSchema, ReadUri } from "../resource/index.ts";
import type { Chain, Credential, HeldDelegation, Subject } from "../token/index.ts";

/** One call to be judged. */
export interface Call extends Fulfilment {
  /** The tool's own name, or an operation of MCP such as `mcp:resources/read`. */
  readonly tool: string;
  /** The arguments as received. */
  readonly arguments?: unknown;
  /** What came with the call: a chain and a proof. Undefined where nothing came. It is believed nothing that it does not prove. */
  readonly credential?: Credential | undefined;
  /**
   * The user of this very request, by the server's own login: never by what came with the call. Where no credential came, the
   * call is theirs, without agents; where one came, they must be its chain's user.
   */
  readonly user?: Subject | undefined;
  /** The id of a request that was approved, where the caller says so: see {@link Pending}. It is believed nothing else. */
  readonly approval?: string | undefined;
  /** The same, where users may not call by themselves: only compared with the chain's. */
  readonly transportUser?: Subject;
  /** W3C trace context that came with the call. Telemetry links to it once its caller is verified; nothing else uses it. */
  readonly traceparent?: string | undefined;
}

/** One item of a list, as the call that it offers. */
export interface Listed {
  readonly tool: string;
  /** Arguments that are known beforehand, such as a resource's `uri`. */
  readonly arguments?: JsonObject;
  /** Of a resource template of MCP: its own text, which stands for all its URIs. */
  readonly template?: string;
  /** What the record calls it, where it is not by the tool: a resource's URI, a prompt's name. */
  readonly name?: string;
  /** The enforcement point does not serve it, whatever policies say: it is hidden, and the record says so. */
  readonly hidden?: "tool_unguarded" | "tool_not_served";
}

/** Why an item of a list is not shown: for the record alone. */
export type HiddenItem = Omit<HiddenOne, "name">;

/** Which items of a list may be shown, in the order in which they were asked about. */
export interface Listing {
  readonly outcome: "listed";
  readonly shown: readonly boolean[];
}

/** What the enforcement point adds to a call that was admitted. */
export interface ParsedCall extends Fulfilment {
  /** What the tool's schema made of the arguments; left out where it changes nothing. */
  readonly parsed?: unknown;
  /**
   * The JSON Schema that the tool announces of its arguments, as its callers got it: a `default` in one of its `properties`
   * is the tool's own, where nobody sent that argument and no grant names it. Default: nothing is announced.
   */
  readonly inputSchema?: InputSchema | undefined;
  /**
   * How the server will read the URI of a resource: by which of its own templates, and with which values. Where the tool map
   * goes by templates of URIs, and says otherwise, the call is denied with `tool_unmapped`; where it does not, so is one whose URI
   * is written in another way than the one for these values. Default: the map decides alone.
   */
  readonly readAs?: ReadUri;
}

/** A call on its way, with how its caller shows who they are. */
export interface IncomingCall {
  readonly tool: string;
  readonly arguments: unknown;
  readonly traceparent: string | undefined;
  readonly caller: IncomingCaller;
  /** The request that was approved, by the word of the caller: a text once the arguments were looked at. */
  readonly approval?: unknown;
  /** The tool's own schema read the arguments already, and what it made of them follows. */
  readonly read?: true;
  /** Both halves are one step: nobody takes over in between. */
  readonly atOnce?: true;
  /** The tool's own schema refused the arguments already: it is looked at who calls, and no grant is held against them. */
  readonly refused?: true;
}

export type IncomingCaller =
  /** Over the wire: a chain, and a proof for this call. */
  | {
      readonly via: "proof";
      readonly credential: Credential | undefined;
      readonly transportUser: Subject | undefined;
    }
  /** In this process: a holder who proved possession when the session began. */
  | { readonly via: "session"; holder(): Promise<ProvenHolder> }
  /** A user without agents, verified by the server: a chain of no tokens. */
  | { readonly via: "user"; readonly user: Subject };

/** A holder who showed to have the key, once. */
export interface ProvenHolder {
  readonly held: HeldDelegation;
  readonly compact: string;
  /** The name of the enforcement point for which the session began. */
  readonly audience: string;
}

/** Who calls: a user, and the chain that leads from them to the caller; no chain where the user calls. */
export interface Caller {
  readonly user: Subject;
  readonly chain: Chain | undefined;
}

/** A caller who was let in, with a call that the grants cover. */
export interface AdmittedCall {
  /** The arguments as received, deeply frozen. */
  readonly received: JsonObject;
  /** Or why nobody is known, where shadow mode lets such a call run. */
  readonly user: Subject | HopwiseError;
}

/** How an admitted call goes on, by the word of the enforcement point. */
export type Continuation =
  | ({
      readonly as: "call";
    } & ParsedCall)
  | { readonly as: "list"; readonly items: readonly Listed[] }
  /** The enforcement point does not serve it. */
  | { readonly as: "refusal"; readonly refusal: HopwiseError };
