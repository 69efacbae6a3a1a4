#!/bin/bash
# Keeps an emulated guest from hanging when a test makes its first virtual machine or ends its last one.
#
# The kernel then patches its scheduler (the static key preempt_notifier_key). QEMU before 8.1 translates code without
# locking its page: what one emulated processor translates while another patches it keeps the old instruction for ever,
# here the breakpoint that patching puts in for a moment. A thousand machines made and ended, one after the other, hung
# such a guest in two of three tries. While one machine is in being, nothing is patched.
set -euo pipefail

mkdir -p /usr/lib/kmvm
cat >/usr/lib/kmvm/hold-kvm <<'END'
#!/usr/bin/perl
# Keeps one empty virtual machine of KVM in being.
use strict;
use warnings;
use constant KVM_CREATE_VM => 0xAE01;
open my $kvm, '+<', '/dev/kvm' or die "/dev/kvm: $!\n";
ioctl $kvm, KVM_CREATE_VM, 0 or die "KVM_CREATE_VM: $!\n";
sleep;
END
chmod 755 /usr/lib/kmvm/hold-kvm

cat >/etc/systemd/system/kmvm-hold-kvm.service <<'END'
[Unit]
Description=One Virtual Machine, so that the Scheduler of an Emulated Guest is not Patched
# qemu: without hardware that helps; with it this is "kvm".
ConditionVirtualization=qemu

[Service]
# Beside scripts/guest/warm/door, which stops all other groups: KVM's own thread joins the group of who made the machine,
# and is not one that can be stopped.
Slice=kmvmdoor.slice
ExecStart=/usr/lib/kmvm/hold-kvm
END
echo 'SUBSYSTEM=="misc", KERNEL=="kvm", TAG+="systemd", ENV{SYSTEMD_WANTS}+="kmvm-hold-kvm.service"' \
  >/etc/udev/rules.d/80-kmvm-hold-kvm.rules
