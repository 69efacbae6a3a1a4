# shellcheck shell=bash disable=SC2154 # km-test sets what this uses
# Runs make in a directory of the source with what a test may know. Sourced by steps.

# run_make TARGET: ends the step, with make's exit code.
run_make() {
  export HYPERVISOR_DEVICE DOCKER_CONFIG=$settings/docker
  export KMVM_RESULTS_DIR=$results_dir KMVM_ARTIFACTS_DIR=$artifacts
  # Podman reads the same logins, but fails where it is pointed to a file that is not there.
  if [[ -e $DOCKER_CONFIG/config.json ]]; then export REGISTRY_AUTH_FILE=$DOCKER_CONFIG/config.json; fi
  local kmvm_known=("HYPERVISOR_DEVICE=$HYPERVISOR_DEVICE")
  if [[ -n ${IMAGE_VERSION:-} ]]; then kmvm_known+=("IMAGE_VERSION=$IMAGE_VERSION"); fi
  if [[ -n ${RUNTIME:-} ]]; then kmvm_known+=("RUNTIME=$RUNTIME"); fi
  if [[ -n ${REGISTRY_HOST:-} ]]; then kmvm_known+=("REGISTRY=$REGISTRY_HOST"); fi
  # From here on a variable of the user may have replaced one of these scripts: only $@ and names with kmvm_ are used.
  set -- -C "$source_tree/$directory" "$1" "${kmvm_known[@]}"
  local kmvm_lines kmvm_line
  unset LC_ALL
  mapfile -t kmvm_lines <"$settings/environment"
  # NAME=VALUE a line, taken literally.
  for kmvm_line in "${kmvm_lines[@]}"; do
    if [[ -n $kmvm_line ]]; then export "${kmvm_line?}"; fi
  done
  exec make "$@" 4>&-
}
