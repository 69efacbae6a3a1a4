#!/bin/bash
# The serial console is evidence: boot messages, panics, and a login prompt.
set -euo pipefail

systemctl enable --quiet serial-getty@ttyS0.service
systemctl disable --quiet getty@tty1.service

# A panic stays on the console; it is for whoever watches to end the machine.
cat >/etc/sysctl.d/60-kmvm.conf <<'END'
kernel.panic = 0
kernel.printk = 7 4 1 7
END
