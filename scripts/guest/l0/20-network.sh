#!/bin/bash
# Every wired interface asks by DHCP. In a cloud, cloud-init writes a file of its own that is read before this one.
set -euo pipefail

cat >/etc/systemd/network/80-wired.network <<'END'
[Match]
Type=ether
Name=en* eth*

[Network]
DHCP=yes

[DHCPv4]
UseDomains=yes
END

cat >/etc/hosts <<'END'
127.0.0.1 localhost
127.0.1.1 kmvm
::1 localhost ip6-localhost ip6-loopback
END
printf 'kmvm\n' >/etc/hostname

systemctl enable --quiet systemd-networkd.service systemd-resolved.service systemd-timesyncd.service
# A machine without network would wait for it for two minutes; those who need it wait themselves.
systemctl disable --quiet systemd-networkd-wait-online.service
