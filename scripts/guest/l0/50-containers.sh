#!/bin/bash
# Docker starts when somebody first talks to its socket, not at boot.
set -euo pipefail

systemctl disable --quiet docker.service containerd.service
systemctl enable --quiet docker.socket
# Docker calls the parser itself; the profiles of the system are of no use to tests and take time at each boot.
systemctl disable --quiet apparmor.service
# Podman needs no service; these only cost time at boot.
systemctl disable --quiet podman.socket podman.service podman-restart.service podman-auto-update.service \
  podman-auto-update.timer
systemctl --global disable --quiet podman.socket podman.service podman-restart.service podman-auto-update.service \
  podman-auto-update.timer
