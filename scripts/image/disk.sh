#!/bin/bash
# Makes a disk of root file system $1 in folder $2, of $3 MiB: GPT, a system partition with systemd-boot, kernel and
# initrd, and an ext4 root. Everything is written into the file at its offset; provider/images/seal.ts looks for the root
# at the same one.
set -euo pipefail
root=$1 folder=$2 mib=$3
disk=$folder/disk.raw esp_mib=64
export MTOOLS_SKIP_CHECK=1

echo "phase: disk"
kernel=$(basename "$(readlink -f "$root/vmlinuz")")
version=${kernel#vmlinuz-}
cp "$root/boot/vmlinuz-$version" "$folder/vmlinuz"
cp "$root/boot/initrd.img-$version" "$folder/initrd"
printf '%s\n' "$version" >"$folder/kernel-version"
# shellcheck disable=SC2016 # dpkg-query's own variables
chroot "$root" dpkg-query --show --showformat '${Package}:${Architecture} ${Version}\n' >"$folder/packages.txt"

rm -f "$disk"
truncate --size "${mib}M" "$disk"
sfdisk --quiet "$disk" <<END
label: gpt
start=1MiB, size=${esp_mib}MiB, type=C12A7328-F81F-11D2-BA4B-00A0C93EC93B, name=ESP
start=$((1 + esp_mib))MiB, type=4F68BCE3-E8CD-4DB1-96E7-FBCAF984B709, name=l0root
END

# mkfs.vfat warns of a file that is larger than the file system: it is meant to be.
mkfs.vfat -F 32 -s 1 -n L0ESP --offset=2048 "$disk" $((esp_mib * 1024)) >"$folder/mkfs.vfat.log" 2>&1 ||
  { cat "$folder/mkfs.vfat.log" && exit 1; }
rm -f "$folder/mkfs.vfat.log"
esp=$disk@@1M
mmd -i "$esp" ::EFI ::EFI/BOOT ::loader ::loader/entries
mcopy -i "$esp" /usr/lib/systemd/boot/efi/systemd-bootx64.efi ::EFI/BOOT/BOOTX64.EFI
mcopy -i "$esp" - ::loader/loader.conf <<<'timeout 0'
mcopy -i "$esp" - ::loader/entries/kmvm.conf <<END
title Debian
linux /vmlinuz
initrd /initrd
options root=PARTLABEL=l0root ro console=tty0 console=ttyS0,115200
END
mcopy -i "$esp" "$folder/vmlinuz" ::vmlinuz
mcopy -i "$esp" "$folder/initrd" ::initrd

# One MiB is left at the end for the second partition table.
mkfs.ext4 -q -F -L l0root -m 0 -E "offset=$(((1 + esp_mib) * 1048576)),lazy_itable_init=0,lazy_journal_init=0" \
  -d "$root" "$disk" $(((mib - 2 - esp_mib) * 1024))k
