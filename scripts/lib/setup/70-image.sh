# shellcheck shell=bash
# The base image. Sourced by scripts/setup.

image_missing() {
  plan="builds the base image L0-base" takes="about 3 minutes"
  [[ ! -f $home/images/L0-base/promoted/manifest.json ]]
}

# It shows its own progress. Machines that it starts must not hold the locks.
image_do() { setpriv --pdeathsig TERM -- "$root/bin/kmvm" image build --if-missing 8>&- 9>&-; }
