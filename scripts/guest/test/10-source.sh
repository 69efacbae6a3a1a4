# shellcheck shell=bash disable=SC2154 # km-test sources this and sets what it uses
# The source is in place: every directory that make is to run in has a makefile.
set -euo pipefail
for directory in "${directories[@]}"; do
  tree=$source_tree/$directory
  if [[ ! -d $tree ]]; then
    echo "the source has no directory $directory"
    exit 1
  fi
  if [[ ! -e $tree/Makefile && ! -e $tree/makefile && ! -e $tree/GNUmakefile ]]; then
    echo "the source has no makefile in $directory"
    exit 1
  fi
done

# Makefiles find the top of their tree by `git rev-parse --show-toplevel`, KM's for one; history was not sent. This is
# the least that git takes for a repository, made without git.
if [[ ! -e $source_tree/.git/HEAD ]]; then
  echo 'ref: refs/heads/main' >"$source_tree/.git/HEAD"
fi
