#!/bin/bash
# Removes what would make two machines of this image the same, or would let somebody in. Runs last.
set -euo pipefail

rm -f /etc/ssh/ssh_host_*
rm -rf /root/.ssh /home/*/.ssh
# Empty, not absent: the first boot makes an id, and does not take itself for a first boot in every other respect.
: >/etc/machine-id
rm -f /var/lib/dbus/machine-id
rm -f /var/lib/systemd/random-seed /var/lib/systemd/credential.secret

# The sources that the image was built from may be a mirror that only its builder reaches, with credentials in it.
rm -f /etc/apt/apt.conf.d/99mmdebstrap /etc/apt/auth.conf
rm -rf /etc/apt/auth.conf.d/* /etc/apt/sources.list.d/*
cat >/etc/apt/sources.list <<'END'
deb http://deb.debian.org/debian bookworm main
deb http://deb.debian.org/debian bookworm-updates main
deb http://deb.debian.org/debian-security bookworm-security main
END
ln -snf /run/systemd/resolve/stub-resolv.conf /etc/resolv.conf

rm -rf /var/lib/apt/lists/* /var/cache/apt/*.bin /var/cache/apt/archives/*.deb /var/log/apt /root/.bash_history
find /var/log -type f -exec truncate --size 0 {} +
rm -rf /var/tmp/*

# Newer than /usr: otherwise each first boot looks for users and caches that an update of /usr may have brought,
# see systemd-update-done.service(8).
touch /etc/.updated /var/.updated
