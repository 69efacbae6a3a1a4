# shellcheck shell=bash
# What set-up tells: one line when a step begins, one when it is done. Sourced by scripts/setup.

started_at=$EPOCHREALTIME
child=

# Seconds since $1 (an EPOCHREALTIME), one decimal.
seconds_since() {
  local tenths=$(((${EPOCHREALTIME/[.,]/} - ${1/[.,]/}) / 100000))
  echo "$((tenths / 10)).$((tenths % 10))"
}

say() { printf '%s\n' "$*" >&2; }

# What went wrong, and what to do about it.
fail() {
  say "set-up: $1"
  shift
  for line in "$@"; do say "  $line"; done
  exit 1
}

end_child() {
  [[ -n $child ]] || return 0
  kill -TERM -- "-$child" 2>/dev/null || return 0
  sleep 0.3
  kill -KILL -- "-$child" 2>/dev/null || true
  child=
}

# Runs a long command that ends when set-up does, in whatever way that is. Usage: run_logged WHAT LOG COMMAND...
# Its output goes to LOG, of which the end is shown when it fails.
run_logged() {
  local what=$1 log=$2 since=$EPOCHREALTIME status=0
  shift 2
  mkdir -p "$(dirname "$log")"
  # A process group of its own, so that ctrl-c ends all of it and not only its first process.
  set -m
  setpriv --pdeathsig KILL -- "$@" >"$log" 2>&1 </dev/null &
  child=$!
  set +m
  local ticks=0
  while kill -0 "$child" 2>/dev/null; do
    sleep 0.2
    ticks=$((ticks + 1))
    if [[ -t 2 ]]; then
      printf '\r      %s s ' "$(seconds_since "$since")" >&2
    elif ((ticks % 150 == 0)); then
      say "      still at it: $what, $(seconds_since "$since") s"
    fi
  done
  if [[ -t 2 ]]; then printf '\r\033[K' >&2; fi
  wait "$child" || status=$?
  child=
  ((status == 0)) && return 0
  say "set-up: $what failed (exit code $status); the end of $log:"
  tail -n 20 "$log" | sed 's/^/  | /' >&2
  return "$status"
}

# Free space of the disk that $1 lies on (or will lie on), in MiB.
free_mib() {
  local folder=$1
  while [[ ! -d $folder ]]; do folder=$(dirname "$folder"); done
  echo "$(($(df --output=avail -k "$folder" | tail -n 1) / 1024))"
}
