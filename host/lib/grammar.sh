# What a client may say. Sourced by the entry point, and by the test that feeds it 100,000 inputs.
# shellcheck shell=bash
#
# A request is one bare verb, or a verb, one space, and `op=` with a ULID of 26 capital characters. Nothing else is understood: no options,
# no arguments, no second space, no newline. The input is only ever the subject of this one match: it is never expanded, split or evaluated.

readonly REQUEST_LIMIT=64
readonly REQUEST_FORM='^(status|forensics|reset|stop|start|cycle)( op=([0-7][0-9ABCDEFGHJKMNPQRSTVWXYZ]{25}))?$'

# parse_request TEXT: sets REQUEST_VERB and REQUEST_OP (empty when the client gave none), or returns 1 and sets neither.
parse_request() {
  REQUEST_VERB='' REQUEST_OP=''
  ((${#1} <= REQUEST_LIMIT)) || return 1
  [[ $1 =~ $REQUEST_FORM ]] || return 1
  REQUEST_VERB=${BASH_REMATCH[1]}
  REQUEST_OP=${BASH_REMATCH[3]:-}
}

# verb_allowed IDENTITY VERB: who may ask for what. The identity comes from the command= line of the key, never from the client.
verb_allowed() {
  case "$1:$2" in
    ro:status | ro:forensics) return 0 ;;
    agent:status | agent:forensics | agent:reset | agent:start | agent:cycle) return 0 ;;
    human:status | human:forensics | human:reset | human:start | human:cycle | human:stop) return 0 ;;
    *) return 1 ;;
  esac
}
