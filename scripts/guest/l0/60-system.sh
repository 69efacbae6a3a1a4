#!/bin/bash
# Locale, journal, file systems, and what a machine that lives for minutes does without.
set -euo pipefail

printf 'LANG=C.UTF-8\n' >/etc/default/locale
ln -snf /usr/share/zoneinfo/Etc/UTC /etc/localtime

# Which disk it is differs from one backend to the next, the labels do not. The partition and the file system in it grow
# with the disk.
mkdir -p /usr/lib/repart.d
printf '[Partition]\nType=root\n' >/usr/lib/repart.d/50-root.conf
# Debian's unit loads the modules loop and dm_mod first, for partitions that are encrypted or verified.
cat >/etc/systemd/system/systemd-repart.service <<'END'
[Unit]
Description=Repartition Root Disk
Documentation=man:systemd-repart.service(8)
DefaultDependencies=no
After=systemd-remount-fs.service
Before=shutdown.target sysinit.target
Conflicts=shutdown.target

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/usr/bin/systemd-repart --dry-run=no
SuccessExitStatus=77
END
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
  e2scrub_all.timer e2scrub_reap.service man-db.timer systemd-pstore.service systemd-binfmt.service \
  sys-fs-fuse-connections.mount sys-kernel-config.mount
