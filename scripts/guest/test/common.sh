# shellcheck shell=bash disable=SC2034 # the scripts that source this use what it sets
# What every script here shares: places, settings, and the record of steps. Sourced, never run.
#
# The guest's processor may be emulated, where a process costs 10 to 20 ms: so far as bash can do it, bash does it.

# Tests set KMVM_PREFIX to run these scripts without a machine.
prefix=${KMVM_PREFIX:-}
scripts=$prefix/opt/kmvm/test
# What was sent, secrets among it: on a tmpfs.
settings=$prefix/run/kmvm
# What must be known also when the disk is full.
record=$settings/run
source_tree=$prefix/var/lib/kmvm/source
kkm_tree=$prefix/var/lib/kmvm/kkm
run=$prefix/var/lib/kmvm/run
log=$run/test.log
unit=kmvm-test
# systemd makes it with the unit's first process and removes it after the last one: asking costs no process.
cgroup=$prefix/sys/fs/cgroup/system.slice/$unit.service

# For these scripts only: tests get the machine's own locale.
unset LC_ALL
LC_ALL=C
umask 022

# Whole milliseconds since the epoch, in $now: a variable, since a substitution would cost a process.
clock() { now=$((${EPOCHREALTIME/./} / 1000)); }

# Text as a JSON string, in $quoted. Other control characters than these become question marks.
quote() {
  quoted=${1//\\/\\\\}
  quoted=${quoted//\"/\\\"}
  quoted=${quoted//[$'\n\t']/ }
  quoted=\"${quoted//[[:cntrl:]]/?}\"
}

load_settings() {
  if [[ ! -r $settings/settings.env ]]; then
    echo "there is nothing to run: $settings/settings.env is not there (settings do not outlive a reboot of the machine)" >&2
    exit 3
  fi
  # Written by the host; see runner/.
  # shellcheck disable=SC1091
  . "$settings/settings.env"
  mapfile -t directories <"$settings/directories"
}
