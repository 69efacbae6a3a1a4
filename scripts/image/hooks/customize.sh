#!/bin/bash
# $1: a root file system that has all packages.
set -euo pipefail
umount "$1/var/cache/apt/archives"
echo "phase: scripts"
install -D --mode=0755 "$KMVM_WORK/checks" "$1/usr/lib/kmvm/smoke"
"$(dirname "$(readlink -f "$0")")/run-scripts.sh" "$1" "$KMVM_WORK/scripts"
