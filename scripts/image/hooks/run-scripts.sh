#!/bin/bash
# Runs every file of folder $2, in the order of their names, inside the root file system $1.
set -euo pipefail
root=$1 folder=$2
inside=$root/kmvm-script
for script in "$folder"/*; do
  [[ -e $script ]] || continue
  echo "script: $(basename "$script")"
  install --mode=0755 "$script" "$inside"
  env --ignore-environment PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8 HOME=/root DEBIAN_FRONTEND=noninteractive \
    chroot "$root" /kmvm-script </dev/null
  rm -f "$inside"
done
