# `status`: works with the cluster file system, QMP and the guest all hung, on a full disk, within 8 seconds; changes nothing.
# shellcheck shell=bash

# observe LIMIT SAMPLE_MS CONTENT_MS: asks everything at once, each question with its own limit; sets what classify reads. The counters are
# looked at for SAMPLE_MS, or for CONTENT_MS where agent and banner answer and nothing waits for a disk.
observe() {
  local limit=$1 config agent='' frozen='' banner='' first MOST=$CONFIG_LIMIT
  AGENT_PING=none FROZEN=unknown BANNER=none FLAT=unknown STUCK=unknown QMP=refused RUN_STATE=unknown QMP_MS='' BLOCK='' PENDING='' MONITOR_CLIENT='' QMP_SAID=''
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
    [[ $QMP != late ]] || monitor_client
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
  second_sample "$first" "$limit" "$2" "$3"
}

# second_sample FIRST LIMIT SAMPLE_MS CONTENT_MS: FLAT says whether the disks' counters moved between two looks. One that sees them move is enough for "no",
# so it looks often at first; only a full sample may say "yes", and only where it does is it asked what waits. Each look is a connection of its
# own: the monitor serves one client at a time.
second_sample() {
  local first=$1 limit=$2 sample_ms=$3 pause=250 left
  [[ $QMP == ok && $RUN_STATE == running ]] || return 0
  # Where all who can be asked have answered, a short look says as much, unless it finds requests that wait: agent and banner answer from
  # memory, however dead the disk is.
  [[ $AGENT_PING == yes && $BANNER != no ]] && sample_ms=$4
  while :; do
    monotonic_ms
    left=$((FIRST_AT + sample_ms - REPLY))
    ((left < pause)) && pause=$left
    ((pause > 0)) && printf -v REPLY '%d.%03d' $((pause / 1000)) $((pause % 1000)) && rest "$REPLY"
    qmp_facts "$limit" || return 0
    SAMPLE_MS=$((BLOCK_AT - FIRST_AT))
    FLAT=no
    [[ $BLOCK == "$first" ]] || return 0
    if ((SAMPLE_MS >= sample_ms)); then
      requests_stuck $((limit - 1))
      if [[ $STUCK != yes ]] || ((SAMPLE_MS >= $3)); then break; fi
      sample_ms=$3 STUCK=unknown
    fi
    FLAT=unknown pause=$((pause * 2))
  done
  FLAT=yes
}

# requests_stuck LIMIT: STUCK says whether the guest waits for its disks. An idle guest's disks stand still as well; what was asked for and
# never answered tells the two apart.
requests_stuck() {
  # Of a guest that answers only. Rings looked at while a guest boots keep it from ever finding its disk (QEMU 7.2 with an I/O thread).
  [[ $AGENT_PING == yes || $BANNER == yes ]] || return 0
  launch_qmp "$1" stuck
  collect "$REPLY"
  ((RC == 0)) || return 0
  case $OUT in
    stuck=0) STUCK=no ;;
    stuck=[1-9]*) STUCK=yes ;;
  esac
}

# status_json: sets REPLY to the `status` member of the document.
status_json() {
  local text='' name value
  # Two seconds say "moves" surely and "stands still" only provisionally: forensics looks for ten.
  observe 2 2000 500
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
requestsStuck $STUCK
agentPing $AGENT_PING
fsFrozen $FROZEN
banner $BANNER
lock $LOCK
configReadable $CONFIG_SEEN
otherNode $OTHER_NODE
name $VM_NAME
autonomy ${CFG[autonomy]}
FACTS
  for name in "pid $VM_PID" "startedTicks $VM_START" "qmpMs $QMP_MS" "pendingChanges $PENDING" "sampleMs ${SAMPLE_MS:-}"; do
    value=${name#* }
    json_number "$value"
    text+=",\"${name%% *}\":$REPLY"
  done
  text+=",\"otherQemus\":[${OTHER_QEMUS// /,}]"
  monitor_client_json
  text+=",$REPLY"
  policy_json
  text+=",$REPLY"
  # Last, so that it is young when the client has it: a host whose clock is wrong keeps wrong cooldowns.
  epoch_ms
  json_time "$REPLY"
  REPLY="{\"class\":\"$CLASS\"$text,\"clock\":$REPLY}"
}

monitor_client_json() {
  REPLY='"monitorClient":null'
  [[ -n $MONITOR_CLIENT ]] || return 0
  json_string "${MONITOR_CLIENT#* }"
  REPLY="\"monitorClient\":{\"pid\":${MONITOR_CLIENT%% *},\"name\":$REPLY}"
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
