# shellcheck shell=bash disable=SC2154 # km-test sources this and sets what it uses
# Logged in to the container registry. The password comes by a file on a tmpfs and is removed; so is what the login
# leaves, with the machine.
set -euo pipefail
if [[ -z ${REGISTRY_HOST:-} ]]; then
  echo "no registry is configured (setting registry)" >&4
  exit 0
fi
export DOCKER_CONFIG=$settings/docker
if [[ ${REGISTRY_INSECURE:-} == 1 ]]; then
  mkdir -p /etc/docker
  printf '{"insecure-registries":["%s"]}\n' "$REGISTRY_HOST" >/etc/docker/daemon.json
  systemctl try-reload-or-restart docker.service
fi
if [[ -z ${REGISTRY_USERNAME:-} ]]; then
  echo "no user of $REGISTRY_HOST is configured (setting registryUsername)" >&4
  exit 0
fi
if [[ ! -e $settings/registry-password ]]; then
  # A replay: the login of the run still holds.
  [[ -e $DOCKER_CONFIG/config.json ]] && exit 0
  echo "the password of $REGISTRY_HOST is gone, and there is no login"
  exit 1
fi
docker login --username "$REGISTRY_USERNAME" --password-stdin "$REGISTRY_HOST" <"$settings/registry-password"
rm -f "$settings/registry-password"
