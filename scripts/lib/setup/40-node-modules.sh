# shellcheck shell=bash
# npm packages. Sourced by scripts/setup.

node_modules_wanted() {
  {
    cat "$root/package-lock.json"
    node --version
  } | sha256sum | cut -d ' ' -f 1
}

# The stamp is written last and lies inside, so that whatever empties the folder takes it along; that every package is
# really there is looked up all the same.
node_modules_missing() {
  plan="installs npm packages" takes="about half a minute"
  local stamp=$root/node_modules/.set-up list=$root/node_modules/.package-lock.json path
  [[ -f $list && -f $stamp && $(<"$stamp") == "$(node_modules_wanted)" ]] || return 0
  while IFS= read -r path; do
    [[ -f $root/$path/package.json ]] || return 0
  done < <(sed -n 's/^    "\(node_modules\/.*\)": {$/\1/p' "$list")
  return 1
}

node_modules_do() {
  local wanted
  wanted=$(node_modules_wanted)
  rm -f "$root/node_modules/.set-up"
  # No package needs its install scripts: they compile faster forms of what there is in JavaScript as well, fetch headers
  # for that, and have an engine on PATH download plugins into ~/.pulumi. ~/.npm is left alone too; the cache is always
  # ours, since below `npm start` the variable is set to npm's default.
  run_logged "npm ci" "$home/log/setup-npm.log" env "npm_config_cache=$home/npm" \
    npm ci --prefix "$root" --ignore-scripts --no-audit --no-fund --no-update-notifier 8>&- 9>&-
  echo "$wanted" >"$root/node_modules/.set-up"
}
