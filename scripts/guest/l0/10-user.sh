#!/bin/bash
# The user that tests and people log in as: no password, so only by key; root by sudo.
set -euo pipefail

getent group kvm >/dev/null || groupadd --system kvm
getent group docker >/dev/null || groupadd --system docker
id kmvm >/dev/null 2>&1 || useradd --uid 1000 --user-group --create-home --shell /bin/bash kmvm
usermod --append --groups sudo,docker,kvm kmvm
usermod --lock root
usermod --lock kmvm

printf 'kmvm ALL=(ALL) NOPASSWD: ALL\n' >/etc/sudoers.d/kmvm
chmod 0440 /etc/sudoers.d/kmvm
visudo --check --quiet --file /etc/sudoers.d/kmvm
