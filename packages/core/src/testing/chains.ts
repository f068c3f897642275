import { HopwiseError } from "../errors.ts";
import { type Grant, readGrant } from "../grant/index.ts";
import { reading } from "../options/index.ts";
import type { ToolMap } from "../resource/index.ts";
import {
  type Budget,
  DEFAULT_LIMITS,
  type DelegateOrder,
  delegate,
  generateSigner,
  type HeldDelegation,
  type Issuer,
  isListing,
  type Signer,
  serialize,
} from "../token/index.ts";

/** The name of an agent; or an order that says what the agent gets, and for how long. */
export type ChainHop = string | HopOrder;

/** What one hop gets. Everything that is left out stays as the hop before it has it. */
export interface HopOrder extends Partial<Omit<DelegateOrder, "to" | "holder" | "clock" | "interop">> {
  readonly to: DelegateOrder["to"];
  /** Default: the key of the agent; a fresh key for a class of sub-agents. */
  readonly holder?: Signer;
}

/** What the first hop gets. Its budget, where it has one, is that of the whole chain. */
export interface FirstHop extends HopOrder {
  readonly budget?: Budget;
}

/** How chains of one company are made. */
export interface Chains {
  chain(user: string, ...hops: readonly [string | FirstHop, ...ChainHop[]]): Promise<HeldDelegation>;
  delegate(parent: HeldDelegation, hop: ChainHop): Promise<HeldDelegation>;
}

interface Makers {
  readonly issuer: Issuer;
  readonly tools: ToolMap;
  readonly clock: () => number;
  keyOf(agent: string): Signer;
}

export function chainsOf({ issuer, tools, clock, keyOf }: Makers): Chains {
  const start = async (subject: string, hop: string | FirstHop): Promise<HeldDelegation> => {
    const { to, holder, ...order } = orderOf<FirstHop>(hop);
    if (typeof to !== "string") throw new HopwiseError("config_invalid", "a user hands to an agent by its name");
    const key = holder ?? keyOf(to);
    return issuer.issue({ grant: order.grant ?? everyTool(tools), ...order, subject, agent: to, holder: key });
  };

  const handOn: Chains["delegate"] = async (parent, hop) => {
    serialize(parent);
    const { to, holder, ...order } = orderOf<HopOrder>(hop);
    const key = holder ?? (typeof to === "string" ? keyOf(to) : await generateSigner());
    return delegate(parent, { grant: parent.grant, clock, ...order, to, holder: key });
  };

  return {
    delegate: handOn,
    chain: async (user, first, ...hops) => {
      let held = await start(user, first);
      for (const hop of hops) held = await handOn(held, hop);
      return held;
    },
  };
}

function orderOf<Order extends FirstHop | HopOrder>(
  hop: string | Order,
): Order | ({ readonly to: string } & Partial<Order>) {
  if (typeof hop === "string") return { to: hop } as { readonly to: string } & Partial<Order>;
  return reading("chain", "hop", "the name of an agent, or an order { to, grant }", hop, (order) => ({ ...order }));
}

/** Every tool that the map names, with any arguments. `"*"` and the template of a URI name none. */
function everyTool(tools: ToolMap): Grant {
  const names = Object.keys(tools).filter((name) => name !== "*" && !name.includes("://") && !isListing(name));
  const most = DEFAULT_LIMITS.tools;
  if (names.length > 0 && names.length <= most) return readGrant(Object.fromEntries(names.map((name) => [name, {}])));
  const problem = names.length === 0 ? "no tool" : `${names.length} tools, and a token at most ${most}`;
  throw new HopwiseError(
    "config_invalid",
    `the tool map names ${problem}; say what the first agent gets: { to, grant }`,
  );
}
