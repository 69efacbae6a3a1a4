#!/bin/sh
# Runs a machine's QEMU until its expiry at the latest, with nobody else alive, and removes what is left of it then.
# usage: supervise.sh EXPIRES FOLDER QEMU ARGUMENT...
#   EXPIRES  seconds since the epoch
#   FOLDER   the machine's folder, absolute; also the working directory
set -u
expires=$1
folder=$2
shift 2

seconds=$((expires - $(date +%s)))
if [ "$seconds" -ge 1 ]; then
  # setpriv: QEMU must not outlive the one that counts the seconds.
  timeout --kill-after=10 "$seconds" setpriv --pdeathsig KILL -- "$@"
fi
status=$?

if [ "$(date +%s)" -ge "$expires" ]; then
  cd /
  rm -rf -- "$folder"
fi
exit "$status"
