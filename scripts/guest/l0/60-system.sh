#!/bin/bash
# Locale, journal, file systems, and what a machine that lives for minutes does without.
set -euo pipefail

printf 'LANG=C.UTF-8\n' >/etc/default/locale
ln -snf /usr/share/zoneinfo/Etc/UTC /etc/localtime

# Which disk it is differs from one backend to the next, the labels do not. The root file system grows with its disk.
cat >/etc/fstab <<'END'
PARTLABEL=l0root / ext4 defaults,x-systemd.growfs 0 0
END

mkdir -p /etc/systemd/journald.conf.d
cat >/etc/systemd/journald.conf.d/kmvm.conf <<'END'
[Journal]
Storage=persistent
SystemMaxUse=64M
END

systemctl mask --quiet apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer fstrim.timer \
  e2scrub_all.timer e2scrub_reap.service man-db.timer systemd-pstore.service
