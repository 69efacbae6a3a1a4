#!/bin/bash
# $1: a root file system that has the essential packages. Packages that are downloaded from here on are kept, so that a
# build that was cut off, or the next one, finds them.
set -euo pipefail
"$(dirname "$(readlink -f "$0")")/run-scripts.sh" "$1" "$KMVM_WORK/prepare"
mkdir -p "$KMVM_WORK/../.debs/partial" "$1/var/cache/apt/archives"
mount --bind "$KMVM_WORK/../.debs" "$1/var/cache/apt/archives"
echo "phase: packages"
