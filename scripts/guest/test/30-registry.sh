# shellcheck shell=bash disable=SC2154 # km-test sources this and sets what it uses
# Logged in to the container registry. The password comes by a file on a tmpfs and is removed; so is what the login
# leaves, with the machine.
set -euo pipefail
if [[ -z ${REGISTRY_HOST:-} ]]; then
  echo "no registry is configured (setting registry)" >&4
  exit 0
fi
export DOCKER_CONFIG=$settings/docker

# A registry without TLS, as those of tests are. Docker and podman are told before they first speak to it.
if [[ ${REGISTRY_INSECURE:-} == 1 && ! -e $prefix/etc/containers/registries.conf.d/kmvm.conf ]]; then
  mkdir -p "$prefix/etc/docker" "$prefix/etc/containers/registries.conf.d"
  printf '{"insecure-registries":["%s"]}\n' "$REGISTRY_HOST" >"$prefix/etc/docker/daemon.json"
  printf '[[registry]]\nlocation = "%s"\ninsecure = true\n' "$REGISTRY_HOST" \
    >"$prefix/etc/containers/registries.conf.d/kmvm.conf"
  systemctl try-reload-or-restart docker.service
fi
if [[ -z ${REGISTRY_USERNAME:-} ]]; then
  echo "no user of $REGISTRY_HOST is configured (setting registryUsername)" >&4
  exit 0
fi
if [[ ! -e $settings/registry-password ]]; then
  # A replay: the login of the run still holds.
  if [[ -e $DOCKER_CONFIG/config.json ]]; then exit 0; fi
  echo "the password of $REGISTRY_HOST is gone, and there is no login"
  exit 1
fi
if ! docker login --username "$REGISTRY_USERNAME" --password-stdin "$REGISTRY_HOST" <"$settings/registry-password"; then
  echo "$REGISTRY_USERNAME could not log in to $REGISTRY_HOST"
  exit 1
fi
rm -f "$settings/registry-password"
