#!/bin/bash
# Keys only. The one host key comes from outside before the first start: sshd refuses to start without it, which is
# better than to answer with a key that nobody knows.
set -euo pipefail

cat >/etc/ssh/sshd_config.d/10-kmvm.conf <<'END'
HostKey /etc/ssh/ssh_host_ed25519_key
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin no
UseDNS no
X11Forwarding no
PrintMotd no
PrintLastLog no
END

# No message of the day: programs that are run by each login, and nobody reads them.
sed -i -e '/pam_motd\.so/d' -e '/pam_mail\.so/d' /etc/pam.d/sshd
# Debian's unit has sshd read its configuration twice.
mkdir -p /etc/systemd/system/ssh.service.d
printf '[Service]\nExecStartPre=\n' >/etc/systemd/system/ssh.service.d/kmvm.conf
systemctl enable --quiet ssh.service
