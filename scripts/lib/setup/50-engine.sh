# shellcheck shell=bash
# The Pulumi engine: one on PATH, else the official download, else one built from source. Sourced by scripts/setup.
#
# $home/engine/<version> is a link to the one in use, replaced in one step: <version>-path, <version>-official or
# <version>-kit, each with bin/pulumi. One that was got stays when another is preferred later.

engine_version=$(sed -n 's/^ *"@pulumi\/pulumi": "\([0-9.]*\)",\{0,1\}$/\1/p' "$root/package.json")
engine_folder=$home/engine/$engine_version
engine=$engine_folder/bin/pulumi

# Usage: version_of PULUMI -> 3.246.0; nothing where it does not even answer. ~/.pulumi is left alone.
version_of() {
  PULUMI_HOME=$home/pulumi PULUMI_SKIP_UPDATE_CHECK=true timeout 20 "$1" version 2>/dev/null </dev/null | sed -n 's/^v//p'
}

# Whether a version is the wanted one or later, of the same major version.
compatible() {
  [[ $1 == "${engine_version%%.*}".* ]] && printf '%s\n' "$engine_version" "$1" | sort --check=quiet --version-sort
}

# The engine on PATH that can be used; says why one cannot.
engine_on_path() {
  local found version
  found=$(command -v pulumi) || return 1
  version=$(version_of "$found")
  if ! compatible "$version"; then
    say "set-up: $found is version ${version:-unknown}; needed is $engine_version or later, before the next major: not used"
    return 1
  fi
  if [[ ! -x $(dirname "$(readlink -f "$found")")/pulumi-language-nodejs ]] &&
    ! command -v pulumi-language-nodejs >/dev/null; then
    say "set-up: $found has no pulumi-language-nodejs beside it: not used"
    return 1
  fi
  echo "$found"
}

engine_missing() {
  plan="gets the Pulumi engine $engine_version" takes="seconds if it can be downloaded, about 5 minutes if it is built"
  preferred=$(engine_on_path) || preferred=
  if [[ -n $preferred ]]; then
    plan="takes the Pulumi engine on PATH, $preferred" takes="a moment"
    [[ $(readlink "$engine" || true) != "$preferred" ]]
    return
  fi
  if [[ -e $engine_folder/kit ]] && kit_wrappers_outdated; then
    plan="renews what starts this checkout's language host" takes="a moment"
    return 0
  fi
  ! compatible "$(version_of "$engine")"
}

# Makes $engine_folder-KIND, which is whole, the one in use. Usage: use_engine KIND
use_engine() {
  ln -sfn "$engine_version-$1" "$engine_folder.new"
  mv -fT "$engine_folder.new" "$engine_folder"
}

engine_do() {
  if [[ -n $preferred ]]; then
    mkdir -p "$engine_folder-path/bin"
    ln -sfn "$preferred" "$engine_folder-path/bin/pulumi.new"
    mv -fT "$engine_folder-path/bin/pulumi.new" "$engine_folder-path/bin/pulumi"
    use_engine path
  elif compatible "$(version_of "$engine_folder-official/bin/pulumi")"; then
    use_engine official
  elif compatible "$(version_of "$engine_folder-kit/bin/pulumi")"; then
    kit_write_wrappers "$engine_folder-kit"
    use_engine kit
  elif download_engine; then
    use_engine official
  else
    build_engine
    use_engine kit
  fi
}
