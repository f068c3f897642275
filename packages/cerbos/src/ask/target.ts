import { isIPv4 } from "node:net";
import { createSecureContext, type SecureContext } from "node:tls";
import { GRPC } from "@cerbos/grpc";
import { HopwiseError } from "@hopwise/core";
import {
  composed,
  either,
  isThisMachine,
  list,
  maybe,
  members,
  type Shape,
  setOrLeftOut,
  such,
} from "@hopwise/core/options";

/** Keys for TLS, as PEM. */
export interface PdpTls {
  /** Certificates of the authorities that may sign the PDP's; the well-known ones of Node.js when left out. */
  readonly ca?: string | Buffer | readonly (string | Buffer)[];
  /** This client's own certificate and its key, for a PDP that authenticates its clients (mTLS). */
  readonly cert?: string | Buffer;
  readonly key?: string | Buffer;
  /** The name in the PDP's certificate, where it is not the name in the target. */
  readonly serverName?: string;
}

const PEM = such(
  "PEM, as a text or a Buffer",
  (value) => (typeof value === "string" || value instanceof Uint8Array) && value.length > 0,
);

export const TLS: Shape = members<PdpTls>(
  {
    ca: setOrLeftOut(
      either("PEM, as a text or a Buffer, or a list of them", PEM, list(PEM, "a list of PEM", { min: 1 })),
    ),
    cert: maybe(PEM),
    key: maybe(PEM),
    serverName: maybe(composed("the name in the PDP's certificate, such as pdp.internal")),
  },
  "keys for TLS, such as { ca } or {}",
);

/** How the way to the targets is protected. */
export interface Protection {
  readonly tls?: PdpTls | undefined;
  readonly plaintext?: "dangerously-unencrypted" | undefined;
}

/**
 * Makes a client for one target. Each target has a channel of its own: in a channel with several addresses all
 * certificates would have to bear the first one's name, and sockets and names could not stand in one list.
 *
 * @param target one that {@link TARGET} took
 * @param timeoutMs how long a question may take
 * @throws {HopwiseError} `config_invalid` for keys that are not valid
 */
export function clientFor(target: string, protection: Protection, timeoutMs: number): GRPC {
  const local = isLocal(target);
  const { tls, plaintext } = protection;
  return new GRPC(target, {
    tls: tls === undefined ? !local && plaintext === undefined : secureContext(tls),
    channelOptions: {
      // Of a name with several addresses one at a time, another when its connection is gone: in turns, the answers of one
      // decision would be of several PDPs. Settings from DNS are not taken: answers of DNS can be forged.
      "grpc.service_config": '{"loadBalancingConfig":[{"pick_first":{"shuffleAddressList":true}}]}',
      "grpc.service_config_disable_resolution": 1,
      // Back soon after a restart: gRPC by itself waits up to two minutes.
      "grpc.initial_reconnect_backoff_ms": 100,
      "grpc.max_reconnect_backoff_ms": 2_000,
      "grpc.dns_min_time_between_resolutions_ms": 2_000,
      // A connection that nobody answers on is left: a device on the way forgot it, or the process stood still for longer than
      // that keeps it. By itself it would be asked on until TCP gives up, a quarter of an hour later. Asked while calls are under
      // way alone, and seldom: a server of gRPC takes the fourth ping without an answer between them for an attack, and ends all
      // calls of the connection. So a question of its longest time has three.
      "grpc.keepalive_time_ms": Math.max(1_000, 0.4 * timeoutMs),
      "grpc.keepalive_timeout_ms": 2_000,
      // Two clients of one process do not share a connection: one that breaks does not stop the other.
      "grpc.use_local_subchannel_pool": 1,
      // A proxy set in the environment would send plain text meant for this machine to another one.
      ...(local && { "grpc.enable_http_proxy": 0 }),
      ...(tls?.serverName !== undefined && { "grpc.ssl_target_name_override": tls.serverName }),
    },
  });
}

const UNIX = /^unix:.+/;

export const TARGET: Shape = composed(
  "host:port (Cerbos' own port is 3593), dns:///host:port, [IPv6]:port or unix:/path",
  (target) => UNIX.test(target) || hostOf(target) !== undefined,
);

function hostOf(target: string): string | undefined {
  return /^(?:dns:\/\/\/)?(\[[0-9a-f:.]+\]|[a-z0-9_.-]+):\d{1,5}$/i.exec(target)?.[1]?.toLowerCase();
}

/** Whether the target is on this machine: a unix socket, or a loopback address. */
function isLocal(target: string): boolean {
  if (UNIX.test(target)) return true;
  const host = hostOf(target) ?? "";
  return isThisMachine(host) || (isIPv4(host) && host.startsWith("127."));
}

function secureContext({ ca, cert, key }: PdpTls): SecureContext | true {
  if ((cert === undefined) !== (key === undefined)) {
    throw new HopwiseError("config_invalid", "tls.cert and tls.key go together", { pointer: "/tls" });
  }
  if (ca === undefined && cert === undefined) return true;
  try {
    return createSecureContext({
      ...(ca !== undefined && { ca: Array.isArray(ca) ? [...ca] : (ca as string | Buffer) }),
      ...(cert !== undefined && { cert }),
      ...(key !== undefined && { key }),
      minVersion: "TLSv1.2",
    });
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code ?? "unreadable";
    throw new HopwiseError("config_invalid", `tls holds no usable PEM keys (${code})`, { pointer: "/tls" });
  }
}
