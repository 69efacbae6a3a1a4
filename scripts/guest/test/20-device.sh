# shellcheck shell=bash disable=SC2154 # km-test sources this and sets what it uses
# The hypervisor device is ready, or it is said why it is not.
set -euo pipefail

# Whether the processor that this machine sees has a flag.
has_flag() {
  local key rest
  while IFS=: read -r key rest; do
    if [[ $key == flags* ]]; then
      [[ " $rest " == *" $1 "* ]]
      return
    fi
  done </proc/cpuinfo
  return 1
}

prepare_kvm() {
  local module
  if has_flag svm; then
    module=kvm_amd
  elif has_flag vmx; then
    module=kvm_intel
  else
    echo "there is no /dev/kvm: this machine's processor shows neither svm nor vmx, nested virtualisation is off where the machine runs"
    return 1
  fi
  if [[ ! -c /dev/kvm ]] && ! modprobe "$module"; then
    echo "there is no /dev/kvm: the module $module could not be loaded into kernel $(uname -r)"
    return 1
  fi
  if [[ ! -c /dev/kvm ]]; then
    echo "there is no /dev/kvm although $module is loaded: virtualisation may be disabled by the firmware, see dmesg"
    return 1
  fi
  if ! { exec 5<>/dev/kvm; } 2>/dev/null; then
    echo "/dev/kvm is there but cannot be opened: $(ls -l /dev/kvm)"
    return 1
  fi
  exec 5>&-
}

# The module's own layout is kkm/ and test_kkm/ side by side; a module alone in its tree is taken, too.
prepare_kkm() {
  local module=$kkm_tree
  if [[ -d $kkm_tree/kkm ]]; then module=$kkm_tree/kkm; fi
  if [[ ! -e $module/Makefile ]]; then
    echo "the source of the kkm module has no makefile"
    return 1
  fi
  if [[ -c /dev/kkm ]]; then rmmod kkm; fi
  echo "building the kkm module against kernel $(uname -r)"
  if ! make -C "$module"; then
    echo "the kkm module could not be built"
    return 1
  fi
  if ! insmod "$module/kkm.ko"; then
    echo "the kkm module could not be loaded; secure boot must be off, since it is not signed"
    dmesg | tail -n 20
    return 1
  fi
  udevadm settle --timeout=10 --exit-if-exists=/dev/kkm
  if [[ ! -c /dev/kkm ]]; then
    echo "the kkm module is loaded, but there is no /dev/kkm"
    return 1
  fi
  if [[ -d $kkm_tree/test_kkm ]]; then
    echo "running the kkm module's own unit test"
    make -C "$kkm_tree/test_kkm"
    if ! (cd "$kkm_tree/test_kkm" && ./test_kkm); then
      echo "the kkm module's own unit test failed"
      return 1
    fi
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
