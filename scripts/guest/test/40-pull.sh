# shellcheck shell=bash disable=SC2154 # km-test sources this and sets what it uses
# The container images that the target needs are in the machine.
set -euo pipefail
if [[ -z ${REGISTRY_HOST:-} ]]; then
  echo "no registry is configured (setting registry)" >&4
  exit 0
fi
if [[ -z ${IMAGE_VERSION:-} ]]; then
  echo "there is no image version to pull (setting imageVersion)" >&4
  exit 0
fi
# shellcheck source=scripts/guest/test/make.sh
. "$scripts/make.sh"
case $TARGET in
validate-runenv-image) run_make pull-runenv-image ;;
*) run_make pull-testenv-image ;;
esac
