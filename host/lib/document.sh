# The one JSON document on stdout. docs/schema/breakglass-result.json describes it; its version is raised when a member changes its meaning.
# shellcheck shell=bash

readonly SCHEMA_NAME=breakglass-result/1

# document STATE RESULT REASON HINT [EXTRA MEMBERS]: sets REPLY. STATE is done or running; RESULT ok, failed, unknown, or - while running.
document() {
  local text="{\"schema\":\"$SCHEMA_NAME\",\"vmid\":${CFG[vmid]:-null}" pair
  for pair in "verb ${VERB:-}" "op ${OP:-}" "identity ${IDENTITY:-}" "state $1" "result $2" "reason $3"; do
    json_or_null "${pair#* }"
    text+=",\"${pair%% *}\":$REPLY"
  done
  json_or_null "$4"
  REPLY="$text,\"hint\":$REPLY${5:+,$5}}"
}

# op_document: the document of the loaded op, from its journal alone: the same today and after any crash.
op_document() {
  local members state=running result=- reason=- hint
  [[ -n ${J[result]:-} ]] && state='done' result=${J[result]} reason=${J[reason]}
  touched
  members="\"touched\":$REPLY"
  json_time "${J[accepted]:-}"
  members+=",\"accepted\":$REPLY"
  json_time "${J[finished]:-}"
  members+=",\"finished\":$REPLY"
  phases_json
  members+=",\"phases\":$REPLY"
  process_json old
  members+=",\"before\":$REPLY"
  process_json new
  members+=",\"after\":$REPLY"
  evidence_json
  members+=",\"evidence\":$REPLY"
  proof_json
  members+=",\"proof\":$REPLY"
  json_or_null "${J[alarm]:-}"
  members+=",\"alarm\":$REPLY"
  hint=''
  { IFS= read -r hint <"$OP_DIR/hint"; } 2>/dev/null
  local VERB=${J[verb]} IDENTITY=${J[identity]}
  document "$state" "$result" "$reason" "$hint" "$members"
}

# touched: whether the VM's power was or may have been changed. False means that a refusal cost nothing.
touched() {
  REPLY=false
  [[ -n ${J[intent]:-} ]] && REPLY=true
  return 0
}

phases_json() {
  local phase text='' begun ended
  for phase in "${PHASES[@]}"; do
    json_time "${PHASE_BEGUN[$phase]}"
    begun=$REPLY
    json_time "${PHASE_DONE[$phase]:-}"
    ended=$REPLY
    json_or_null "${PHASE_RESULT[$phase]:-}"
    text+="${text:+,}{\"phase\":\"$phase\",\"begun\":$begun,\"done\":$ended,\"result\":$REPLY"
    json_or_null "${PHASE_REASON[$phase]:-}"
    text+=",\"reason\":$REPLY}"
  done
  REPLY="[$text]"
}

# process_json old|new: a QEMU process by pid and start time.
process_json() {
  local pid=${J[$1_pid]:-} start=${J[$1_start]:-}
  REPLY=null
  [[ $pid =~ ^[0-9]+$ ]] && REPLY="{\"pid\":$pid,\"startedTicks\":${start:-null}}"
  return 0
}

evidence_json() {
  REPLY=null
  [[ -n ${J[evidence]:-} ]] || return 0
  json_or_null "${J[sha256]:-}"
  local sha=$REPLY
  json_or_null "${J[class]:-}"
  local class=$REPLY
  json_or_null "${J[advice]:-}"
  REPLY="{\"id\":\"${J[evidence]}\",\"sha256\":$sha,\"class\":$class,\"advice\":$REPLY}"
}

# proof_json: what stands behind the result: what this host saw itself, and what the guest says of itself, which is no more than its word.
proof_json() {
  local host='' guest=''
  if [[ ${J[reset]:-} == seen ]]; then host=reset_event; elif [[ -n ${J[new_pid]:-} ]]; then host=new_process; elif [[ ${J[verb]} == stop && ${J[reason]:-} == stopped ]]; then host=process_gone; fi
  if [[ -n ${J[boot_after]:-} ]]; then guest=boot_id; elif [[ -n ${J[guest]:-} ]]; then guest=${J[guest]}; fi
  json_or_null "$host"
  host=$REPLY
  json_or_null "$guest"
  REPLY="{\"host\":$host,\"guest\":$REPLY}"
}

# exit_code RESULT TOUCHED: 0 ok, 1 failed, 3 unknown, 4 refused before anything was touched. (2 is a request that nobody understood.)
exit_code() {
  case "$1:$2" in
    ok:*) REPLY=0 ;;
    failed:true) REPLY=1 ;;
    failed:false) REPLY=4 ;;
    *) REPLY=3 ;;
  esac
}

# answer STATE RESULT REASON HINT [EXTRA]: prints a document that belongs to no journal (a refusal, a reader's answer) and exits.
answer() {
  local code
  exit_code "$2" false
  code=${STATUS_EXIT:-$REPLY}
  [[ -n $4 ]] && say "${VERB:-}: ${3:-$2}: $4"
  document "$1" "$2" "$3" "$4" "\"touched\":false${5:+,$5}"
  printf '%s\n' "$REPLY"
  exit "$code"
}
