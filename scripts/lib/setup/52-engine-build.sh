# shellcheck shell=bash
# The engine kit: the engine built from its source by tools/engine/go.mod, and what starts this repository's language
# host. Sourced by scripts/setup.

build_needs_mib=6000

# A kit in $KMVM_HOME serves every checkout, whatever each has for a language host and a command plugin. So the kit does
# not hold copies of them, which could only be right for one: it starts those of the checkout that the engine was
# started from, named by KMVM_CHECKOUT (lib/engine-env.ts sets it). Nothing in a kit can be stale.
# Usage: wrapper NAME
wrapper() {
  cat <<TEXT
#!/bin/sh
# Written by scripts/setup. Starts the $1 of the checkout that the engine was started from.
exec "\${KMVM_CHECKOUT:?start the engine by scripts/pulumi or kmvm, which say which checkout it is for}/tools/engine/$1" "\$@"
TEXT
}

# Usage: write_wrapper NAME FILE
write_wrapper() {
  wrapper "$1" >"$2.new"
  chmod 755 "$2.new"
  mv -fT "$2.new" "$2"
}

kit_wrappers_outdated() {
  ! diff -q <(wrapper pulumi-language-nodejs) "$engine_folder/bin/pulumi-language-nodejs" >/dev/null 2>&1
}

kit_write_wrappers() { write_wrapper pulumi-language-nodejs "$1/bin/pulumi-language-nodejs"; }

# Sets go_env, with which go writes only inside $work.
# The user's settings (a proxy, say) are still read; only where they lie must be told, since the rest of that folder,
# where go counts its own use, moves.
go_environment() {
  go_env=(
    "GOENV=${GOENV:-${XDG_CONFIG_HOME:-$HOME/.config}/go/env}" "XDG_CONFIG_HOME=$work/config"
    "GOPATH=$work/go" "GOMODCACHE=$work/modules" "GOCACHE=$work/cache" "GOTMPDIR=$work/tmp" "GOBIN=$work/bin"
    GOFLAGS=-modcacherw GOTOOLCHAIN=local CGO_ENABLED=0 GO111MODULE=on GOWORK=off
  )
}

# Usage: go_version GO -> 1.26.8; nothing where there is none.
go_version() { env "${go_env[@]}" "$1" version 2>/dev/null | sed -n 's/^go version go\([0-9.]*\).*/\1/p'; }

# Sets `go` to a compiler that is new enough. An old one can fetch a new one, which is a module like any other.
choose_go() {
  local wanted present
  wanted=$(sed -n 's/^go \([0-9.]*\)$/\1/p' "$root/tools/engine/go.mod")
  go=$(command -v go) || go=
  if [[ -z $go ]]; then
    local missing
    mapfile -t missing < <(packages build-engine)
    mapfile -t missing < <(absent_packages "${missing[@]}")
    if ((${#missing[@]} > 0)); then
      say "      no go compiler here: installs ${missing[*]}"
      install_packages "to build the engine" "${missing[@]}"
      hash -r
    fi
    go=$(command -v go) || fail "there is no go compiler on PATH" "install one: apt-get install golang-go"
  fi
  present=$(go_version "$go")
  printf '%s\n' "$wanted" "$present" | sort --check=quiet --version-sort && return 0
  local module machine
  machine=$(uname -m | sed 's/x86_64/amd64/; s/aarch64/arm64/')
  module=golang.org/toolchain@v0.0.1-go$wanted.linux-$machine
  say "      go $present is older than $wanted: fetches that one"
  run_logged "the download of go $wanted" "$home/log/setup-go.log" env -C "$work" "${go_env[@]}" \
    "$go" mod download "$module"
  # A module's files come without their permission to run.
  find "$work/modules/$module/bin" "$work/modules/$module/pkg/tool" -type f -exec chmod +x {} +
  go=$work/modules/$module/bin/go
}

# What a killed build has got so far is in $work, and is used.
build_engine() {
  local go go_env free work=$engine_folder-kit.build
  free=$(free_mib "$home")
  if [[ ! -d $work ]] && ((free < build_needs_mib)); then
    fail "building the engine needs $build_needs_mib MiB for a while; $home has $free free" "make room, or set KMVM_HOME"
  fi
  say "      builds it from source: 3 to 6 minutes on 2 cores"
  mkdir -p "$work/tmp" "$work/config"
  go_environment
  choose_go
  run_logged "the build of the engine" "$home/log/setup-engine.log" env -C "$root/tools/engine" "${go_env[@]}" \
    "$go" install -mod=readonly -trimpath -tags osusergo,grpcnotrace \
    -ldflags "-s -w -X github.com/pulumi/pulumi/sdk/v3/go/common/version.Version=v$engine_version" tool
  [[ $(version_of "$work/bin/pulumi") == "$engine_version" ]] || fail "the engine that was built does not start" "$work/bin/pulumi"
  local new=$engine_folder-kit.new
  rm -rf "$new"
  mkdir -p "$new/bin"
  mv "$work/bin/pulumi" "$new/bin/pulumi"
  kit_write_wrappers "$new"
  : >"$new/kit"
  rm -rf "$engine_folder-kit"
  mv -T "$new" "$engine_folder-kit"
  rm -rf "$work"
}
