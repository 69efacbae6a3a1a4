# shellcheck shell=bash
# The engine's plugin for local commands: the real one where it can be had, else the stand-in. Sourced by scripts/setup.

command_version=$(sed -n 's/^ *"@pulumi\/command": "\([0-9.]*\)",\{0,1\}$/\1/p' "$root/package.json")
command_folder=$home/pulumi/plugins/resource-command-v$command_version
command_plugin=$command_folder/pulumi-resource-command

# The file `stand-in` says beside which engine it was taken: beside another one, the real one is tried again.
command_plugin_missing() {
  plan="installs the engine's command plugin $command_version" takes="a few seconds"
  [[ -x $command_plugin ]] || return 0
  [[ -f $command_folder/stand-in ]] || return 1
  [[ $(<"$command_folder/stand-in") != "$(readlink "$engine_folder")" ]] ||
    ! diff -q <(wrapper pulumi-resource-command) "$command_plugin" >/dev/null
}

install_real_command_plugin() {
  [[ ! -e $engine_folder/kit ]] || return 1
  local name
  name=pulumi-resource-command-v$command_version-linux-$(uname -m | sed 's/x86_64/amd64/; s/aarch64/arm64/').tar.gz
  curl -sSfIL --connect-timeout 5 --max-time 10 -o /dev/null "$downloads/plugins/$name" 2>/dev/null || return 1
  run_logged "the download of the command plugin" "$home/log/setup-plugin.log" env "PULUMI_HOME=$home/pulumi" \
    PULUMI_SKIP_UPDATE_CHECK=true "$engine" plugin install resource command "$command_version" --reinstall
}

command_plugin_do() {
  if install_real_command_plugin; then return; fi
  say "      the real one cannot be had here: takes tools/engine/command, which stands in for it"
  local new=$home/pulumi/command-plugin.new
  rm -rf "$new"
  mkdir -p "$new" "$(dirname "$command_folder")"
  write_wrapper pulumi-resource-command "$new/pulumi-resource-command"
  readlink "$engine_folder" >"$new/stand-in"
  # An engine ignores a plugin whose installation it takes for unfinished.
  rm -rf "$command_folder" "$command_folder.partial"
  mv -T "$new" "$command_folder"
}
