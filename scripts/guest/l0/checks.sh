#!/bin/bash
# What a base image must be able to do, checked in a machine of its own. One line a check, in TAP; exit 1 when one failed.
set -uo pipefail

count=0
failed=0

# check NAME COMMAND...: the output of a failed one follows as comments.
check() {
  local name=$1 output began=$SECONDS
  shift
  count=$((count + 1))
  if output=$("$@" 2>&1 </dev/null); then
    printf 'ok %d - %s (%d s)\n' "$count" "$name" $((SECONDS - began))
  else
    failed=$((failed + 1))
    printf 'not ok %d - %s\n' "$count" "$name"
    printf '%s\n' "$output" | tail -n 20 | sed 's/^/# /'
  fi
}

system_is_up() {
  local state
  state=$(systemctl is-system-running --wait)
  [[ $state == running ]] && return
  systemctl --failed --no-legend --plain
  return 1
}

headers_match_kernel() {
  [[ -e /lib/modules/$(uname -r)/build/Makefile ]] && ls -d "/usr/src/linux-headers-$(uname -r)"
}

builds() {
  local folder
  folder=$(mktemp -d)
  printf 'int main(void) { return 42; }\n' >"$folder/a.c"
  "$@" -static -o "$folder/a" "$folder/a.c"
  local status=0
  "$folder/a" || status=$?
  rm -rf "$folder"
  [[ $status == 42 ]]
}

# A container of one static binary: no registry is needed.
runs_container() {
  local folder status=0
  folder=$(mktemp -d)
  printf 'int main(void) { return 42; }\n' >"$folder/a.c"
  musl-gcc -static -o "$folder/a" "$folder/a.c" || return
  tar -C "$folder" -c a | "$@" import - kmvm-smoke:1 || return
  "$@" run --rm kmvm-smoke:1 /a || status=$?
  "$@" rmi --force kmvm-smoke:1
  rm -rf "$folder"
  [[ $status == 42 ]]
}

root_fills_disk() {
  local disk root
  disk=$(lsblk --noheadings --nodeps --bytes --output SIZE "/dev/$(lsblk --noheadings --output PKNAME "$(findmnt --noheadings --output SOURCE --target / | sed 's|^/dev/root$|/dev/disk/by-partlabel/l0root|')")")
  root=$(df --block-size=1 --output=size / | tail -n 1)
  ((root * 100 > disk * 90))
}

hypervisor_or_none() {
  grep --quiet --extended-regexp '\b(svm|vmx)\b' /proc/cpuinfo || return 0
  # Its module is loaded when udev comes to the processor, which may be after the boot has ended.
  udevadm settle --timeout=60
  [[ -c /dev/kvm ]] || { lsmod && return 1; }
}

holds_a_machine_if_emulated() {
  [[ $(systemd-detect-virt --vm) == qemu && -c /dev/kvm ]] || return 0
  systemctl is-active kmvm-hold-kvm.service
}

sudo_without_password() { runuser --user kmvm -- sudo --non-interactive true; }
no_password() { ! grep --extended-regexp '^[^:]+:[^!*:]' /etc/shadow && ! grep --extended-regexp '^[^:]+::' /etc/shadow; }
machine_has_id() { [[ -s /etc/machine-id ]]; }

check "no unit has failed" system_is_up
check "the root file system fills the disk" root_fills_disk
check "kernel headers are those of the kernel" headers_match_kernel
check "a CPU with virtualisation gives /dev/kvm" hypervisor_or_none
check "KVM takes no shortcut on Hyper-V" grep --quiet enlightened_vmcs=N <(modprobe --showconfig)
check "an emulated guest keeps a virtual machine in being" holds_a_machine_if_emulated
check "gcc builds a program that runs" builds gcc
check "musl-gcc builds a program that runs" builds musl-gcc
check "docker runs a container" runs_container docker
check "podman runs a container" runs_container podman
check "the user becomes root without a password" sudo_without_password
check "nobody has a password" no_password
check "the machine got an id of its own" machine_has_id
check "make is there" make --version
check "git is there" git --version
check "bats is there" bats --version
check "kubectl is there" kubectl version --client
check "aws is there" aws --version
check "az is there" az --version
check "the guest agent is there" qemu-ga --version
check "cloud-init is there" test -x /usr/bin/cloud-init

printf '1..%d\n' "$count"
((failed == 0))
