# `status`: works with the cluster file system, QMP and the guest all hung, on a full disk, within 8 seconds; changes nothing.
# shellcheck shell=bash

# observe LIMIT SAMPLE: asks everything at once, each question with its own limit; sets what classify reads, and the counters' second
# sample SAMPLE seconds after the first. An earlier sample of the same process, kept in memory by nobody, is not needed.
observe() {
  local limit=$1 sample=$2 config agent='' frozen='' banner='' first
  AGENT_PING=none FROZEN=unknown BANNER=none FLAT=unknown QMP=refused RUN_STATE=unknown QMP_MS='' BLOCK='' PENDING=''
  find_qemu
  launch "$limit" "${CFG[qm]}" config "${CFG[vmid]}" --current 1
  config=$REPLY
  launch "$limit" "${CFG[qm]}" pending "${CFG[vmid]}"
  local pending=$REPLY
  if [[ -n $VM_PID ]]; then
    launch "$limit" "${CFG[qm]}" guest cmd "${CFG[vmid]}" ping
    agent=$REPLY
    launch "$limit" "${CFG[qm]}" guest cmd "${CFG[vmid]}" fsfreeze-status
    frozen=$REPLY
    has_banner_target && launch_banner "$limit" && banner=$REPLY
    qmp_facts "$limit"
    first=$BLOCK
    FIRST_AT=$BLOCK_AT
  fi
  collect "$config"
  CONFIG_SEEN=yes
  learn_config || CONFIG_SEEN=no
  collect "$pending"
  learn_pending
  [[ -n $VM_PID ]] || return 0
  collect "$agent"
  if ((RC == 0)); then AGENT_PING=yes; elif [[ $AGENT == yes ]]; then AGENT_PING=no; fi
  collect "$frozen"
  [[ $RC == 0 && $OUT == *frozen* ]] && FROZEN=yes
  [[ $RC == 0 && $OUT == *thawed* ]] && FROZEN=no
  if [[ -n $banner ]]; then
    collect "$banner"
    if ((RC == 0)); then BANNER=yes; else BANNER=no; fi
  fi
  second_sample "$first" "$sample" "$limit"
}

# second_sample FIRST SECONDS LIMIT: FLAT says whether the disks' counters moved between two looks. Only a full sample may say yes.
second_sample() {
  local left
  [[ $QMP == ok && $RUN_STATE == running ]] || return 0
  monotonic_ms
  left=$((FIRST_AT + $2 * 1000 - REPLY))
  ((left > 0)) && rest "$((left / 1000)).$(printf '%03d' $((left % 1000)))"
  qmp_facts "$3" || return 0
  FLAT=no
  [[ $BLOCK == "$1" ]] && FLAT=yes
  SAMPLE_MS=$((BLOCK_AT - FIRST_AT))
  return 0
}

# status_json: sets REPLY to the `status` member of the document.
status_json() {
  local text='' name value
  # Two seconds say "moves" surely and "stands still" only provisionally: forensics looks for ten.
  observe 2 2
  classify
  while read -r name value; do
    json_or_null "${value:-}"
    text+=",\"$name\":$REPLY"
  done <<FACTS
advice $ADVICE
qemuState $VM_STATE
qmp $([[ -n $VM_PID ]] && echo "$QMP")
runState $([[ -n $VM_PID ]] && echo "$RUN_STATE")
countersFlat $FLAT
agentPing $AGENT_PING
fsFrozen $FROZEN
banner $BANNER
lock $LOCK
configReadable $CONFIG_SEEN
autonomy ${CFG[autonomy]}
FACTS
  for name in "pid $VM_PID" "startedTicks $VM_START" "qmpMs $QMP_MS" "pendingChanges $PENDING" "sampleMs ${SAMPLE_MS:-}"; do
    value=${name#* }
    json_number "$value"
    text+=",\"${name%% *}\":$REPLY"
  done
  policy_json
  REPLY="{\"class\":\"$CLASS\"$text,$REPLY}"
}

# policy_json: who may act now, and what is under way.
policy_json() {
  local text paused=false running last
  [[ -e ${CFG[pause_file]} ]] && paused=true
  text="\"paused\":$paused"
  cooldown_left agent
  text+=",\"cooldownSeconds\":{\"agent\":$REPLY"
  cooldown_left human
  text+=",\"human\":$REPLY}"
  unfinished_op
  running=$REPLY
  json_or_null "$running"
  text+=",\"runningOp\":$REPLY"
  last_op
  last=$REPLY
  json_or_null "$last"
  REPLY="$text,\"lastOp\":$REPLY"
}
