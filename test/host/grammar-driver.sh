#!/bin/bash -p
# Feeds inputs, separated by NUL, to the grammar that the entry point uses, in one process; says `verb op` or `rejected` for each, a line each.
set -u -f
export LC_ALL=C
# shellcheck source=host/lib/grammar.sh
source "$1/lib/grammar.sh"
while IFS= read -r -d '' input; do
  if parse_request "$input"; then printf '%s %s\n' "$REQUEST_VERB" "$REQUEST_OP"; else echo rejected; fi
done
