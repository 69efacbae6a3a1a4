# shellcheck shell=bash
# Debian packages. Sourced by scripts/setup.

# Packages of scripts/apt-packages.txt: those for everybody, or those for one occasion. Usage: packages [OCCASION]
packages() {
  sed 's/#.*//' "$root/scripts/apt-packages.txt" |
    awk -v occasion="${1:-}" 'NF == 1 && occasion == "" { print $1 } NF == 2 && $2 == "[" occasion "]" { print $1 }'
}

# Which of the given packages are not installed.
absent_packages() {
  comm -23 <(printf '%s\n' "$@" | sort -u) \
    <(dpkg-query -W -f '${db:Status-Abbrev} ${Package}\n' "$@" 2>/dev/null | sed -n 's/^ii *//p' | sort -u)
}

# Usage: as_root COMMAND... ; fails at once where a password would be asked for.
as_root() {
  if ((EUID == 0)); then "$@"; else sudo -n -- "$@"; fi
}

# Usage: install_packages WHY PACKAGE...
install_packages() {
  local why=$1
  shift
  if ((EUID != 0)) && ! sudo -n true 2>/dev/null; then
    fail "these packages are missing, and this user may not install them ($why): $*" \
      "ask for them, or run this and then scripts/setup again:" \
      "sudo apt-get update && sudo apt-get install -y --no-install-recommends $*"
  fi
  # Ended by nothing but itself: a package manager that is killed half-way leaves a system half-way.
  local log=$home/log/setup-packages.log
  mkdir -p "$home/log"
  {
    as_root dpkg --configure -a &&
      as_root apt-get -o DPkg::Lock::Timeout=600 update &&
      as_root env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=600 install -y \
        --no-install-recommends "$@"
  } >"$log" 2>&1 </dev/null 8>&- 9>&- || {
    tail -n 20 "$log" | sed 's/^/  | /' >&2
    fail "installing packages failed (all of it in $log)" \
      "try: apt-get update && apt-get install -y --no-install-recommends $*"
  }
  # It is here for tests that start their own, not as a service of this machine.
  if [[ " $* " == *" docker-registry "* ]]; then
    as_root systemctl disable --now docker-registry >/dev/null 2>&1 || true
  fi
}

packages_missing() {
  if ! command -v dpkg-query >/dev/null; then
    say "set-up: this is no Debian: not looking for packages (scripts/apt-packages.txt lists what is needed)"
    return 1
  fi
  local wanted
  mapfile -t wanted < <(packages)
  mapfile -t missing_packages < <(absent_packages "${wanted[@]}")
  plan="installs ${#missing_packages[@]} Debian packages: ${missing_packages[*]}" takes="about a minute"
  ((${#missing_packages[@]} > 0))
}

packages_do() { install_packages "scripts/apt-packages.txt says what each is for" "${missing_packages[@]}"; }
