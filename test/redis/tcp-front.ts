/** A front before a server on this machine, that a test makes fail: it drops, delays or cuts what goes through. */
import { type AddressInfo, connect, createServer, type Socket } from "node:net";

export interface TcpFront {
  readonly port: number;
  /** Where new connections lead: another server may take the first one's place. */
  target: number;
  /** `pass` lets all through. `drop`: whatever comes, either way, is lost. `swallow`: only what comes back is. A number: each part is so many milliseconds late. */
  mode: "pass" | "drop" | "swallow" | number;
  /** Breaks all connections, and takes no new ones until `mend`. */
  cut(): void;
  mend(): void;
  close(): void;
}

export async function startFront(target: number): Promise<TcpFront> {
  const sockets = new Set<Socket>();
  let isCut = false;
  const front = {
    port: 0,
    target,
    mode: "pass" as TcpFront["mode"],
    cut: () => {
      isCut = true;
      for (const socket of sockets) socket.resetAndDestroy();
    },
    mend: () => {
      isCut = false;
    },
    close: () => {
      front.cut();
      server.close();
    },
  };

  const copy = (from: Socket, to: Socket, isAnswer: boolean): void => {
    sockets.add(from);
    from.on("data", (data) => {
      if (front.mode === "drop" || (front.mode === "swallow" && isAnswer)) return;
      if (typeof front.mode === "number") setTimeout(() => to.write(data), front.mode);
      else to.write(data);
    });
    from.on("error", () => {});
    from.on("close", () => {
      sockets.delete(from);
      to.destroy();
    });
  };

  const server = createServer((near) => {
    if (isCut) return near.resetAndDestroy();
    const far = connect(front.target, "127.0.0.1");
    copy(near, far, false);
    copy(far, near, true);
    return undefined;
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  front.port = (server.address() as AddressInfo).port;
  return front;
}
