# shellcheck shell=bash
# The official engine. Sourced by scripts/setup.

# A mirror of the releases may be named instead.
downloads=${KMVM_PULUMI_DOWNLOADS:-https://get.pulumi.com/releases}

# Fetches the official release into $engine_folder-official; fails within 10 s where it cannot be reached.
download_engine() {
  local machine archive work=$engine_folder-official.new
  case $(uname -m) in
    x86_64) machine=x64 ;;
    aarch64) machine=arm64 ;;
    *) return 1 ;;
  esac
  archive=pulumi-v$engine_version-linux-$machine.tar.gz
  rm -rf "$work"
  mkdir -p "$work/unpacked" "$work/bin"
  # The small file first: whether the place can be reached shows there.
  if ! curl -sSfL --connect-timeout 5 --max-time 10 -o "$work/checksums" \
    "$downloads/sdk/pulumi-$engine_version-checksums.txt" 2>"$work/error"; then
    say "      no official download here ($(<"$work/error"))"
    rm -rf "$work"
    return 1
  fi
  if ! run_logged "the download of the engine" "$home/log/setup-download.log" \
    curl -sSfL --connect-timeout 5 --speed-limit 20000 --speed-time 10 -o "$work/$archive" "$downloads/sdk/$archive"; then
    rm -rf "$work"
    return 1
  fi
  if ! (cd "$work" && awk -v name="$archive" '$2 == name' checksums | sha256sum --check --strict --status); then
    rm -rf "$work"
    fail "the checksum of $downloads/sdk/$archive is not the published one" "nothing was installed; try again"
  fi
  tar -xzf "$work/$archive" -C "$work/unpacked" --no-same-owner || return 1
  find "$work/unpacked" -type f -name 'pulumi*' -exec mv -t "$work/bin" {} + || return 1
  compatible "$(version_of "$work/bin/pulumi")" || fail "the engine in $archive does not start" "see $work/bin/pulumi"
  find "$work" -mindepth 1 -maxdepth 1 ! -name bin -exec rm -rf {} +
  rm -rf "$engine_folder-official"
  mv -T "$work" "$engine_folder-official"
}
