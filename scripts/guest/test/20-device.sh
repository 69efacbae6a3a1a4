# shellcheck shell=bash disable=SC2154 # km-test sources this and sets what it uses
# The hypervisor device is ready, or it is said why it is not.
set -euo pipefail
device=$prefix$HYPERVISOR_DEVICE

# Whether the processor that this machine sees has a flag.
has_flag() {
  local key rest
  while IFS=: read -r key rest; do
    if [[ $key == flags* ]]; then
      [[ " $rest " == *" $1 "* ]]
      return
    fi
  done <"$prefix/proc/cpuinfo"
  return 1
}

check_opens() {
  if ! { exec 5<>"$device"; } 2>/dev/null; then
    echo "$HYPERVISOR_DEVICE is there but cannot be opened: $(ls -l "$device")"
    return 1
  fi
  exec 5>&-
}

prepare_kvm() {
  local module
  # udev may come to it only after the boot has ended.
  if [[ ! -c $device ]]; then
    if has_flag svm; then
      module=kvm_amd
    elif has_flag vmx; then
      module=kvm_intel
    else
      echo "there is no /dev/kvm: this machine's processor shows neither svm nor vmx, so nested virtualisation is off where the machine runs"
      return 1
    fi
    if ! modprobe "$module"; then
      echo "there is no /dev/kvm: the module $module could not be loaded into kernel $(uname -r)"
      return 1
    fi
  fi
  if [[ ! -c $device ]]; then
    echo "there is no /dev/kvm although $module is loaded: the firmware may have disabled virtualisation, see dmesg"
    return 1
  fi
  check_opens
}

# The module's own layout is kkm/ and test_kkm/ side by side; a module alone in its tree is taken, too.
prepare_kkm() {
  local module=$kkm_tree kernel
  if [[ -d $kkm_tree/kkm ]]; then module=$kkm_tree/kkm; fi
  if [[ ! -e $module/Makefile ]]; then
    echo "the source of the kkm module has no makefile"
    return 1
  fi
  kernel=$(uname -r)
  echo "kkm: building the module against kernel $kernel"
  if ! make -j"$(nproc)" -C "$module"; then
    echo "the kkm module could not be built against kernel $kernel"
    return 1
  fi
  if [[ -e $prefix/sys/module/kkm ]] && ! rmmod kkm; then
    echo "an earlier kkm module is loaded and still in use: see lsmod"
    return 1
  fi
  if ! insmod "$module/kkm.ko"; then
    echo "the kkm module could not be loaded; secure boot must be off, since it is not signed"
    dmesg | tail -n 20
    return 1
  fi
  udevadm settle --timeout=10 --exit-if-exists="$device"
  if [[ ! -c $device ]]; then
    echo "the kkm module is loaded, but there is no /dev/kkm"
    return 1
  fi
  check_opens
  if [[ ! -d $kkm_tree/test_kkm ]]; then
    echo "kkm: the module's source has no unit test (test_kkm)"
    return 0
  fi
  echo "kkm: running the module's own unit test"
  if ! make -C "$kkm_tree/test_kkm"; then
    echo "the kkm module's own unit test could not be built"
    return 1
  fi
  if ! (cd "$kkm_tree/test_kkm" && ./test_kkm); then
    echo "the kkm module's own unit test failed"
    return 1
  fi
}

# Not `prepare || exit`: errexit would be off inside.
case $HYPERVISOR_DEVICE in
/dev/kvm) prepare_kvm ;;
/dev/kkm) prepare_kkm ;;
*)
  echo "no such hypervisor device: $HYPERVISOR_DEVICE"
  exit 1
  ;;
esac
