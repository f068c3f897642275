import type { McpTransport } from "../protocol/index.ts";

/** A transport with the members of another one, which passes every call on to it. */
export function passThrough(inner: McpTransport): McpTransport {
  return {
    start: () => inner.start(),
    close: () => inner.close(),
    send: (message, options) => inner.send(message, options),
    get onmessage() {
      return inner.onmessage;
    },
    set onmessage(next) {
      inner.onmessage = next;
    },
    get onclose() {
      return inner.onclose;
    },
    set onclose(next) {
      inner.onclose = next;
    },
    get onerror() {
      return inner.onerror;
    },
    set onerror(next) {
      inner.onerror = next;
    },
    get sessionId() {
      return inner.sessionId;
    },
    set sessionId(next) {
      inner.sessionId = next;
    },
    setProtocolVersion: (version) => inner.setProtocolVersion?.(version),
  };
}
