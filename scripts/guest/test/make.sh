# shellcheck shell=bash disable=SC2154 # km-test sets what this uses
# Runs make in a directory of the source with what a test may know. Sourced by steps.

# The variables of the user, NAME=VALUE a line, taken literally.
export_environment() {
  local line
  while IFS= read -r line || [[ -n $line ]]; do
    if [[ -n $line ]]; then export "${line%%=*}=${line#*=}"; fi
  done <"$settings/environment"
}

# run_make TARGET
run_make() {
  local variables=("HYPERVISOR_DEVICE=$HYPERVISOR_DEVICE")
  if [[ -n ${IMAGE_VERSION:-} ]]; then variables+=("IMAGE_VERSION=$IMAGE_VERSION"); fi
  if [[ -n ${RUNTIME:-} ]]; then variables+=("RUNTIME=$RUNTIME"); fi
  if [[ -n ${REGISTRY_HOST:-} ]]; then variables+=("REGISTRY=$REGISTRY_HOST"); fi
  export_environment
  export HYPERVISOR_DEVICE DOCKER_CONFIG=$settings/docker
  export KMVM_RESULTS_DIR=$results_dir KMVM_ARTIFACTS_DIR=$artifacts
  make -C "$source_tree/$directory" "$1" "${variables[@]}"
}
