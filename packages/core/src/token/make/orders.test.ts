import { describe, expectTypeOf, it } from "vitest";
import { diff, type Grant } from "../../grant/index.ts";
import type { Signer } from "../keys/index.ts";
import { type DelegateOrder, delegate } from "./delegate.ts";
import type { Delegation, HeldDelegation } from "./delegation.ts";
import type { Issuer } from "./issue.ts";
import type { Holder, RemoteHolder } from "./request.ts";

type From<H extends Holder> = { readonly grant: Grant; readonly holder: H };
type Of<H extends Holder> = From<H> & { readonly to: string };
type Root<H extends Holder> = From<H> & { readonly subject: string; readonly agent: string };

/* For the compiler alone: nothing of it runs. */
describe("the type of an order", () => {
  it("says whether what comes back is held", () => {
    const handOn = (by: HeldDelegation) => ({
      local: (order: Of<Signer>) => delegate(by, order),
      remote: (order: Of<RemoteHolder>) => delegate(by, order),
      either: (order: DelegateOrder) => delegate(by, order),
    });
    type Made = { [Name in keyof ReturnType<typeof handOn>]: ReturnType<ReturnType<typeof handOn>[Name]> };
    expectTypeOf<Made["local"]>().toEqualTypeOf<Promise<HeldDelegation>>();
    expectTypeOf<Made["remote"]>().toEqualTypeOf<Promise<Delegation>>();
    expectTypeOf<Made["either"]>().toEqualTypeOf<Promise<HeldDelegation | Delegation>>();
    const begin = (issuer: Issuer) => ({
      local: (order: Root<Signer>) => issuer.issue(order),
      remote: (order: Root<RemoteHolder>) => issuer.issue(order),
    });
    type Begun = { [Name in keyof ReturnType<typeof begin>]: ReturnType<ReturnType<typeof begin>[Name]> };
    expectTypeOf<Begun["local"]>().toEqualTypeOf<Promise<HeldDelegation>>();
    expectTypeOf<Begun["remote"]>().toEqualTypeOf<Promise<Delegation>>();
  });

  it("puts the error where the mistake is, and not at the holder, who is as he should be", () => {
    const mistakes = (by: HeldDelegation, issuer: Issuer, holder: Signer, grant: Grant): unknown => [
      delegate(by, {
        to: "researcher",
        holder,
        // @ts-expect-error what differs between two grants is no grant
        grant: diff(grant, grant),
      }),
      delegate(by, {
        to: "researcher",
        holder,
        grant,
        // @ts-expect-error there is no such option
        ttlSeconds: 60,
      }),
      issuer.issue({
        subject: "alice",
        agent: "planner",
        holder,
        // @ts-expect-error names of tools are no grant
        grant: ["send_payment"],
      }),
    ];
    expectTypeOf(mistakes).returns.toBeUnknown();
  });
});
