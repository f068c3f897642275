import { describe, expect, it } from "vitest";
import { isMountedAlone } from "./other-path.ts";

const MOUNTS = `22 27 0:21 / /proc rw,relatime - proc proc rw
601 600 8:1 /srv/state.db /app/state.db rw - ext4 /dev/sda1 rw
602 600 8:1 /srv/x /app/my\\040state\\134.db rw - ext4 /dev/sda1 rw
603 600 8:1 /srv/data /data rw - ext4 /dev/sda1 rw
`;

describe("a file that is mounted", () => {
  it.each([
    ["/app/state.db", true],
    ["/app/my state\\.db", true],
    ["/data/state.db", false],
    ["/srv/state.db", false],
    ["/app", false],
  ])("by itself is told from one whose folder is: %s", (path, alone) => {
    expect(isMountedAlone(path, MOUNTS)).toBe(alone);
  });

  it("is not looked for where the system does not tell what is", () => {
    expect(isMountedAlone("/app/state.db", "")).toBe(false);
  });
});
