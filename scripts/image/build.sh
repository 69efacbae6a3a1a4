#!/bin/bash
# Builds a disk image in the folder $1: disk.raw, vmlinuz, initrd, packages.txt. Runs as root of mount and process
# namespaces that it has for itself, in which an ordinary user is root too: no loop device, no mount outside. What it
# is told lies in $1 (provider/images/work-folder.ts); a line "phase: ..." on stdout begins each part.
set -euo pipefail

here=$(dirname "$(readlink -f "$0")")
export KMVM_WORK=$1
root=$KMVM_WORK/root

mkdir -p "$root"
# In memory where there is enough of it: faster, and gone with the namespace.
if [[ -e $KMVM_WORK/in-memory ]]; then mount -t tmpfs -o "size=$(<"$KMVM_WORK/in-memory")M,mode=0755" kmvm "$root"; fi

mapfile -t arguments <"$KMVM_WORK/mmdebstrap"
mmdebstrap "${arguments[@]}" \
  --essential-hook="$here/hooks/prepare.sh" \
  --customize-hook="$here/hooks/customize.sh" \
  -- "$(<"$KMVM_WORK/suite")" "$root" "$KMVM_WORK/sources.list" 2>&1

"$here/disk.sh" "$root" "$KMVM_WORK" "$(<"$KMVM_WORK/disk-mib")"
