import type { Authorizer, DelegationSource } from "@hopwise/core";
import type { Limits } from "@hopwise/core/tokens";
import { type CarryOptions, carryingFetch, carryOver } from "@hopwise/mcp";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { InMemoryTransport } from "@modelcontextprotocol/sdk/inMemory.js";
import type { Transport } from "@modelcontextprotocol/sdk/shared/transport.js";
import type { ClientCapabilities } from "@modelcontextprotocol/sdk/types.js";
import type { FastMCP } from "fastmcp";

/** An authorizer; one of `@hopwise/core/testing` also tells its clock, by which the clients then make their proofs. */
export type GuardingAuthorizer = Authorizer & { readonly clock?: () => number };

/** How one client connects. */
export interface ClientOptions {
  /** Over HTTP: what each request carries besides, such as an `authorization` for `userFromAuth`. */
  readonly headers?: { readonly [name: string]: string };
  /** Those of the authorizer, where it takes longer or deeper arguments than by default. */
  readonly limits?: Partial<Limits>;
  /** Names the request that was approved, for a call that waited. */
  readonly approvals?: CarryOptions["approvals"];
  /** What the client says that it can do, such as `{ elicitation: { url: {} } }`. */
  readonly capabilities?: ClientCapabilities;
}

/** The clients of one server. */
interface Clients {
  client(delegation?: DelegationSource, options?: ClientOptions): Promise<Client>;
  /** Closes all of them, and what the server keeps for them. */
  closeAll(): Promise<void>;
}

/** @param url where the server serves; undefined for a server in memory */
export function clientsOf(server: FastMCP, authorizer: GuardingAuthorizer, url: string | undefined): Clients {
  const clients: Client[] = [];
  const sessions: ReturnType<FastMCP["connect"]>[] = [];
  const { clock } = authorizer;
  const [audience = ""] = authorizer.audience;

  const inMemory = async (client: Client, carrying: (own: Transport) => Transport): Promise<void> => {
    const [own, far] = InMemoryTransport.createLinkedPair() as readonly [Transport, Transport];
    const serving = server.connect(far);
    sessions.push(serving);
    const connected = client.connect(carrying(own));
    // FastMCP looks for the client's capabilities every 100 ms. The session serves before that, and can only fail.
    await Promise.race([connected, serving.then(() => connected)]);
  };

  return {
    client: async (delegation, { headers, limits, approvals, capabilities } = {}) => {
      const own = {
        ...(limits !== undefined && { limits }),
        ...(approvals !== undefined && { approvals }),
        ...(clock !== undefined && { clock }),
      };
      const carry = delegation && { delegation, audience, ...own };
      const client = new Client({ name: "test", version: "1.0.0" }, capabilities && { capabilities });
      clients.push(client);
      if (url === undefined) {
        await inMemory(client, (near) => (carry ? carryOver(near, carry) : near));
        return client;
      }
      const fetch = carry && carryingFetch(carry);
      const options = { requestInit: { headers: { ...headers } }, ...(fetch && { fetch }) };
      await client.connect(new StreamableHTTPClientTransport(new URL(url), options));
      return client;
    },
    closeAll: async () => {
      await Promise.allSettled(clients.map((it) => it.close()));
      // FastMCP begins to ping a client 100 ms after it came, also one that left before. Only the session's end stops it.
      await Promise.allSettled(sessions.map(async (it) => (await it).close()));
    },
  };
}
