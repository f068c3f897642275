import type { WaitingApproval } from "@hopwise/core";
import { pageShown } from "../protocol/index.ts";
import type { Flight } from "./flights.ts";
import type { Guard } from "./guard.ts";

/** A client that asks for ever must not make what is remembered of it grow. */
const MOST_OFFERED = 1000;

/**
 * Where the host has a page for answers, a call that waits comes back with its address. A client that can show its user
 * a page is asked to, on the stream of that call, which its caller alone reads: once for each request, since the same call is made
 * again until somebody answered. Nobody waits for what it answers: an approval is a signature, and comes another way.
 */
export function offerPage(guard: Guard, flight: Flight, approval: WaitingApproval): void {
  const { approvalUrl, flights, inner, offered, report } = guard;
  const { request } = approval;
  if (approvalUrl === undefined) return;
  try {
    const page = addressIn(approvalUrl(approval));
    flight.page = page;
    if (!guard.showsPages || !flights.isOpen(flight) || offered.has(request)) return;
    offered.add(request);
    if (offered.size > MOST_OFFERED) offered.delete(offered.values().next().value as string);
    inner.send(pageShown(approval, page), { relatedRequestId: flight.request.id }).catch((error: unknown) => {
      offered.delete(request);
      report(error);
    });
  } catch (error) {
    // The call waits all the same, without a page.
    report(error);
  }
}

function addressIn(url: unknown): string {
  if (typeof url === "string" && URL.canParse(url) && /^https?:$/.test(new URL(url).protocol)) return url;
  throw new Error("approvalUrl gave no http or https address, so the call waits without a page");
}
