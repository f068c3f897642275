import { describe, expect, it } from "vitest";
import { isMountedAlone, typeAt } from "./other-path.ts";

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

const SHARES = `22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw
23 22 0:40 / /srv rw shared:2 - nfs4 nas:/srv rw,vers=4.2
24 23 8:2 / /srv/fast\\040disk rw - xfs /dev/sdb1 rw
25 22 0:41 / /auto rw - autofs systemd-1 rw
26 25 0:42 / /auto rw - cifs //nas/share rw
27 22 0:43 / /mnt/data rw - fuse.sshfs me@nas: rw
28 22 0:44 / /mnt/over rw - fuse.fuse-overlayfs fuse-overlayfs rw
`;

describe("the file system of a path", () => {
  it.each([
    ["/var/state.db", "ext4"],
    ["/srv/state.db", "nfs4"],
    ["/srvs/state.db", "ext4"],
    ["/srv/fast disk/state.db", "xfs"],
    ["/auto/state.db", "cifs"],
    ["/mnt/data/a/state.db", "fuse.sshfs"],
    ["/mnt/over/state.db", "fuse.fuse-overlayfs"],
  ])("is that of what was mounted last above it: %s", (path, type) => {
    expect(typeAt(path, SHARES)).toBe(type);
    expect(typeAt(path, "")).toBe("");
  });
});
