# The capture before every mutating verb: bounded item by item and in all, never in the way of the rescue. What an item could not tell is
# written down as data too.
# shellcheck shell=bash
#
# A bundle is a folder: one text file an item, `facts` (what classify saw), `manifest` (name, status, milliseconds), `SHA256SUMS`. Items that
# do not depend on one another are asked at once, so that one hung part (the cluster file system, QMP, the guest) costs its own limit, once.

declare -ga ITEM_NAMES=() ITEM_HANDLES=()

# item NAME LIMIT COMMAND…: starts it, if there is time left.
item() {
  local name=$1 limit=$2 left
  shift 2
  left_until "$CAPTURE_END"
  left=$REPLY
  if ((left == 0)); then
    MANIFEST+="$name skipped_no_time_left 0"$'\n'
    return 0
  fi
  launch $((limit < left ? limit : left)) "$@"
  ITEM_NAMES+=("$name") ITEM_HANDLES+=("$REPLY")
}

# keep_items: collects and stores what was started.
keep_items() {
  local index
  for index in "${!ITEM_NAMES[@]}"; do
    collect "${ITEM_HANDLES[$index]}"
    keep "${ITEM_NAMES[$index]}" "$OUT"
    MANIFEST+="${ITEM_NAMES[$index]} $RC $MS"$'\n'
  done
  ITEM_NAMES=() ITEM_HANDLES=()
}

# keep NAME TEXT: for what may hold a secret. keep_files NAME FILE…: for the kernel's own files, which hold none; read without a process.
keep() {
  [[ $STORED == yes ]] || return 0
  redact <<<"$2" >"$BUNDLE/$1" 2>/dev/null || STORED=no
}
keep_files() {
  local name=$1 file text all=''
  shift
  for file; do
    text=''
    { IFS= read -r -d '' -n "$OUTPUT_LIMIT" text <"$file"; } 2>/dev/null
    all+="# $file"$'\n'"${text:-(nothing)}"$'\n'
  done
  MANIFEST+="$name 0 0"$'\n'
  [[ $STORED == yes ]] || return 0
  { printf '%s' "$all" >"$BUNDLE/$name"; } 2>/dev/null || STORED=no
}

# capture: sets EVIDENCE (its id), SHA256, STORED, and what classify says. Never fails: what can't be had is missing from the bundle.
capture() {
  deadline_in "${CFG[forensics_budget]}"
  CAPTURE_END=$REPLY MANIFEST='' STORED=yes SHA256=''
  new_op_id
  EVIDENCE=$REPLY BUNDLE="${CFG[evidence_dir]}/$REPLY.partial"
  mkdir -p "$BUNDLE" 2>/dev/null || STORED=no
  find_qemu
  disks_now
  local disks=$DISKS disks_at=$DISKS_AT
  host_items
  process_items
  proxmox_items
  observe 5 $((CFG[block_sample] * 1000)) $((CFG[block_sample] * 1000))
  classify
  host_rates "$disks" "$disks_at"
  keep_observed
  keep_items
  monitor_items
  stack_items
  keep_items
  seal_bundle
}

host_items() {
  local proc=${CFG[proc]} scope="${CFG[cgroup]}/${CFG[vmid]}.scope" utc here
  TZ=UTC0 printf -v utc '%(%FT%TZ)T' -1
  printf -v here '%(%FT%T%z)T' -1
  # Host logs are in local time and guest logs in UTC: whoever lays them side by side wants both clocks.
  keep clock "utc $utc"$'\n'"local $here"$'\n'"epoch $EPOCHREALTIME"
  keep_files load "$proc/loadavg" "$proc/uptime"
  keep_files memory "$proc/meminfo"
  keep_files pressure "$proc/pressure/cpu" "$proc/pressure/io" "$proc/pressure/memory"
  keep_files pressure-vm "$scope/cpu.pressure" "$scope/io.pressure" "$scope/memory.pressure"
  keep_files diskstats "$proc/diskstats"
}

# What needs two looks: as far apart as the looks at the VM's own counters were.
host_rates() {
  disk_rates "$1" "$2"
  keep disks "$REPLY"
  MANIFEST+="disks 0 0"$'\n'
}

process_items() {
  [[ -n $VM_PID ]] || return 0
  local folder="${CFG[proc]}/$VM_PID"
  item qemu-status 2 cat "$folder/status" "$folder/stat" "$folder/wchan" "$folder/cgroup"
  item qemu-kernel-stack 2 cat "$folder/stack"
  # shellcheck disable=SC2016 # expanded by the inner shell, from its own argument
  item qemu-threads 3 /bin/bash -p -c 'for t in "$1"/task/*; do printf "%s %s\n" "$(<"$t/wchan")" "$(<"$t/stat")"; done' threads "$folder"
  item qemu-files 3 ls -l "$folder/fd"
}

proxmox_items() {
  local limit=${CFG[read_timeout]} vmid=${CFG[vmid]}
  item qm-status "$limit" "${CFG[qm]}" status "$vmid" --verbose 1
  item tasks 3 grep -h ":$vmid:" "${CFG[tasks_dir]}/active" "${CFG[tasks_dir]}/index"
  item journal 5 journalctl --no-pager -n 200 -o short-iso -u "$vmid.scope" -u qmeventd.service -u pve-cluster.service
  item storage "$limit" "${CFG[pvesm]}" status
  [[ -n $VM_PID ]] && item agent-time "$limit" "${CFG[qm]}" guest cmd "$vmid" get-time
  network_items
  serial_item
}

# What observe read anyway.
keep_observed() {
  keep config "${CONFIG:-(no answer in time)}"
  keep pending "${PENDING_TEXT:-(no answer in time)}"
}

# What the monitor knows. Asked only when it answered a moment ago: a dead one has cost its limit already.
monitor_items() {
  [[ $QMP == ok ]] || return 0
  local -a screen=()
  local registers='human-monitor-command:{"command-line":"info registers"}'
  [[ $STORED == yes && $BUNDLE =~ ^[A-Za-z0-9_./-]+$ ]] && screen=("screendump:{\"filename\":\"$BUNDLE/screen.ppm\"}")
  qmp_socket
  # A throttle group that outlived its setting shows in the object list, and nowhere in the configuration. One connection for all, since the
  # monitor serves one client at a time; what was told before a command hangs is kept.
  item qmp 12 "$LIBEXEC/qmp" "$REPLY" 11 raw query-status query-block query-blockstats query-block-jobs query-iothreads query-cpus-fast \
    'qom-list:{"path":"/objects"}' "$registers" "$registers" "${screen[@]}"
  keep_items
  # The same list without what every machine has.
  qmp_socket
  item qmp-objects 5 "$LIBEXEC/qmp" "$REPLY" 4 objects
}

# The stacks of QEMU's own threads: the evidence that was lost when it mattered. Reading them stops the process for a moment, so only where
# it is stuck anyway.
stack_items() {
  [[ -n $VM_PID && ($QMP != ok || $CLASS == block_flat) ]] || return 0
  item qemu-user-stacks 15 gdb -p "$VM_PID" -batch -nx -ex 'set pagination off' -ex 'thread apply all bt 20'
}

facts_line() {
  REPLY="class=$CLASS advice=$ADVICE sign=$SIGN qmp=$QMP state=$RUN_STATE flat=$FLAT stuck=$STUCK agent=$AGENT_PING frozen=$FROZEN banner=$BANNER lock=${LOCK:-none} pid=${VM_PID:-none} qemu=${VM_STATE:-none}"
}

# seal_bundle: the bundle exists under its own name only when each file can be read back with the sum that was written.
seal_bundle() {
  local final=${BUNDLE%.partial}
  facts_line
  keep facts "$REPLY"
  keep manifest "$MANIFEST"
  if [[ $STORED == yes ]] &&
    (cd "$BUNDLE" && sums=$(find . -maxdepth 1 -type f -printf '%f\0' | sort -z | xargs -0 sha256sum) && printf '%s\n' "$sums" >SHA256SUMS &&
      sync -f . && sha256sum -c --status --strict SHA256SUMS) 2>/dev/null &&
    mv "$BUNDLE" "$final" 2>/dev/null; then
    read -r SHA256 _ < <(sha256sum "$final/SHA256SUMS")
    prune_evidence
  else
    STORED=no
    rm -rf -- "$BUNDLE"
    log "op=${OP:--} alarm=evidence_not_stored"
  fi
}

# prune_evidence: by count and by bytes, oldest first; ids sort by time. An id of a time to come is of a clock that was set back since: it goes
# first. What a capture that was killed has left is cleared away; one that is under way is not.
prune_evidence() {
  local folder count=0 kib=0 size now id
  local -a past=() future=()
  new_op_id
  now=${REPLY:0:10}
  find "${CFG[evidence_dir]}" -mindepth 1 -maxdepth 1 -name '*.partial' -mmin +10 -exec rm -rf {} +
  while IFS= read -r folder; do
    id=${folder##*/}
    if [[ ${id:0:10} > $now ]]; then future+=("$folder"); else past+=("$folder"); fi
  done < <(find "${CFG[evidence_dir]}" -mindepth 1 -maxdepth 1 -type d -name '[0-7]*' ! -name '*.partial' | sort -r)
  for folder in "${past[@]}" "${future[@]}"; do
    count=$((count + 1))
    read -r size _ < <(du -sk "$folder")
    kib=$((kib + size))
    ((count > 1)) || continue
    ((count > CFG[evidence_keep] || kib > CFG[evidence_keep_mb] * 1024)) && rm -rf -- "$folder"
  done
  return 0
}

# recent_evidence: sets EVIDENCE to a bundle less than 30 seconds old, or returns 1: readers who ask at once share one capture, as long as no
# op has done anything since.
recent_evidence() {
  local word newest
  newest=$(find "${CFG[evidence_dir]}" -mindepth 1 -maxdepth 1 -type d -name '[0-7]*' ! -name '*.partial' -newermt '-30 seconds' ! -newermt now 2>/dev/null | sort | tail -n 1)
  [[ -n $newest && -f $newest/facts ]] || return 1
  ops_dir
  [[ -z $(find "$REPLY" -mindepth 2 -maxdepth 2 -name journal -newer "$newest" -print -quit 2>/dev/null) ]] || return 1
  EVIDENCE=${newest##*/} STORED=yes
  read -r SHA256 _ < <(sha256sum "$newest/SHA256SUMS")
  for word in $(<"$newest/facts"); do
    case $word in
      class=*) CLASS=${word#*=} ;;
      advice=*) ADVICE=${word#*=} ;;
    esac
  done
}

# serve_forensics: the verb for readers.
serve_forensics() {
  local members
  exec 8>>"${CFG[state_dir]}/forensics.lock"
  flock -w "${CFG[forensics_budget]}" 8
  recent_evidence || capture
  exec 8>&-
  J[evidence]=$EVIDENCE J[sha256]=$SHA256 J[class]=$CLASS J[advice]=$ADVICE
  evidence_json
  members="\"evidence\":$REPLY"
  [[ $STORED == yes ]] || answer 'done' unknown evidence_not_stored 'the capture could not be kept: is the disk full?' "$members"
  answer 'done' ok '' '' "$members"
}
