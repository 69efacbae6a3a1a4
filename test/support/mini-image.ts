import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** Name of a recipe for tests: as little as boots, lets one in and grows; built in a fraction of the time of L0-base. */
export const miniImage = "mini";

const recipe = `
name: ${miniImage}
suite: bookworm
diskMiB: 1024
packages:
  - linux-image-cloud-amd64
  - initramfs-tools
  - zstd
  - systemd-sysv
  - systemd-resolved
  - systemd-timesyncd
  - dbus
  - udev
  - openssh-server
  - sudo
scripts:
  - scripts/guest/l0/10-user.sh
  - scripts/guest/l0/20-network.sh
  - scripts/guest/l0/30-ssh.sh
  - scripts/guest/l0/40-console.sh
  - scripts/guest/l0/60-system.sh
  - scripts/guest/l0/90-seal.sh
checks: scripts/mini-checks.sh
`;

/** Writes the recipe into a copy of a checkout. @param checks body of the program that judges the machine */
export function writeMiniRecipe(checkout: string, checks: string): void {
  mkdirSync(join(checkout, "recipes"), { recursive: true });
  writeFileSync(join(checkout, "recipes", `${miniImage}.yaml`), recipe);
  writeFileSync(join(checkout, "scripts", "mini-checks.sh"), `#!/bin/bash\n${checks}\n`);
}
