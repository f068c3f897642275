/** Which decision points run elsewhere, and do they still hold the policies? */

export { type ConnectedPdp, type ConnectPdpOptions, connectPdp } from "./connect-pdp.ts";
