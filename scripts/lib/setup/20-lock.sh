# shellcheck shell=bash
# One set-up at a time for a checkout, and one for a $KMVM_HOME. Sourced by scripts/setup.

# Usage: take_lock DESCRIPTOR FILE WHAT
# The lock is the kernel's, so it ends with its last holder; the number in the file is only for the message. Builds
# inherit the descriptor: what a killed set-up leaves behind keeps the lock until it has ended as well.
take_lock() {
  local descriptor=$1 file=$2 what=$3
  mkdir -p "$(dirname "$file")"
  eval "exec $descriptor>>\"\$file\""
  if ! flock -n "$descriptor"; then
    say "set-up: $what is being set up by process $(<"$file"); waiting for it"
    flock "$descriptor"
  fi
  echo $$ >"$file"
}
