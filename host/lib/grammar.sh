# What a client may say. Sourced by the entry point, and by the test that feeds it 100,000 inputs.
# shellcheck shell=bash
#
# A request is one verb, and behind it, each at most once and in this order: `vm=` which VM is meant, `stop-wait=` and `guest-wait=` how many seconds,
# `exit=1` exit codes by what status sees, `op=` a ULID of 26 capital characters. Nothing else is understood: no options, no second space, no
# newline. The input is only ever the subject of this one match: it is never expanded, split or evaluated.

readonly REQUEST_LIMIT=160
readonly VM_WORD='( vm=([1-9][0-9]{2,8})(/([A-Za-z0-9]([A-Za-z0-9.-]{0,61}[A-Za-z0-9])?))?)?'
readonly WAIT_WORDS='( stop-wait=([1-9][0-9]{0,3}))?( guest-wait=(0|[1-9][0-9]{0,3}))?'
readonly REQUEST_FORM="^(status|forensics|reset|stop|start|cycle)$VM_WORD$WAIT_WORDS( exit=(1))?( op=([0-7][0-9ABCDEFGHJKMNPQRSTVWXYZ]{25}))?\$"

# parse_request TEXT: sets REQUEST_VERB, and REQUEST_VM, REQUEST_NAME, REQUEST_STOP_WAIT, REQUEST_GUEST_WAIT, REQUEST_EXIT and REQUEST_OP (empty where
# the client gave none), or returns 1 and sets none.
parse_request() {
  REQUEST_VERB='' REQUEST_VM='' REQUEST_NAME='' REQUEST_STOP_WAIT='' REQUEST_GUEST_WAIT='' REQUEST_EXIT='' REQUEST_OP=''
  ((${#1} <= REQUEST_LIMIT)) || return 1
  [[ $1 =~ $REQUEST_FORM ]] || return 1
  # A word that the verb has no use for was meant for another verb.
  case "${BASH_REMATCH[1]}:${BASH_REMATCH[8]:+stop}${BASH_REMATCH[10]:+guest}${BASH_REMATCH[12]:+exit}" in
    *: | stop:stop | cycle:stop | reset:guest | start:guest | cycle:guest | cycle:stopguest | status:exit) ;;
    *) return 1 ;;
  esac
  REQUEST_VERB=${BASH_REMATCH[1]} REQUEST_VM=${BASH_REMATCH[3]:-} REQUEST_NAME=${BASH_REMATCH[5]:-}
  REQUEST_STOP_WAIT=${BASH_REMATCH[8]:-} REQUEST_GUEST_WAIT=${BASH_REMATCH[10]:-}
  REQUEST_EXIT=${BASH_REMATCH[12]:-} REQUEST_OP=${BASH_REMATCH[14]:-}
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
