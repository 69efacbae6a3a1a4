# shellcheck shell=bash disable=SC2154 # km-test sources this and sets what it uses
# The tests of one directory.
set -euo pipefail
# shellcheck source=scripts/guest/test/make.sh
. "$scripts/make.sh"
run_make "$TARGET"
