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

# keep NAME TEXT: for what may hold a secret: what can't be struck out in time is not kept. keep_files NAME FILE…: for the kernel's own files,
# which hold none; read without a process. keep_words NAME TEXT: for our own.
keep() {
  local left
  [[ $STORED == yes ]] || return 0
  left_until "$CAPTURE_END"
  left=$((REPLY < 5 ? REPLY : 5))
  if ((left > 0)); then
    { redact "$left" <<<"$2" >"$BUNDLE/$1"; } 2>/dev/null && return 0
    (($? == 124 || $? == 137)) || { STORED=no; return 0; }
  fi
  MANIFEST+="$1 not_kept_no_time_to_strike_out_secrets 0"$'\n'
  keep_words "$1" '(there was no time to strike out its secrets, so it was not kept)'
}
keep_words() { { printf '%s\n' "$2" >"$BUNDLE/$1"; } 2>/dev/null || STORED=no; }
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

# capture SECONDS: sets EVIDENCE (its id), SHA256, STORED, and what classify says. Never fails: what can't be had is missing from the bundle. The
# last fifth of the time is for putting it away.
capture() {
  deadline_in "$1"
  SEAL_END=$REPLY MANIFEST='' STORED=yes SHA256=''
  deadline_in $(($1 - $1 / 5))
  CAPTURE_END=$REPLY
  new_op_id
  EVIDENCE=$REPLY BUNDLE="${CFG[evidence_dir]}/$REPLY.partial"
  bounded 5 mkdir -p -- "$BUNDLE" || STORED=no
  # Whose it is: what an op has captured is not pushed out by readers.
  [[ $VERB == forensics || $STORED == no ]] || keep_words op "$OP"
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

# seal_bundle: the bundle exists under its own name only when each file can be read back with the sum that was written. What the disk does not
# take in time is there, and not called stored.
seal_bundle() {
  local final=${BUNDLE%.partial}
  facts_line
  keep_words facts "$REPLY"
  keep_words manifest "$MANIFEST"
  if [[ $STORED == yes ]]; then
    # shellcheck disable=SC2016 # expanded by the inner shell, from its own arguments
    in_time /bin/bash -p -c 'cd -- "$1" && sums=$(find . -maxdepth 1 -type f -printf "%f\0" | sort -z | xargs -0 sha256sum) &&
      printf "%s\n" "$sums" >SHA256SUMS && sha256sum -c --status --strict SHA256SUMS && mv -T -- "$1" "$2" && sha256sum <"$2/SHA256SUMS"' \
      seal "$BUNDLE" "$final"
    [[ $RC == 0 && $OUT =~ ^([0-9a-f]{64})\  ]] && SHA256=${BASH_REMATCH[1]} || STORED=no
  fi
  if [[ $STORED == yes ]]; then
    # shellcheck disable=SC2016 # as above. Each file, and not its whole file system, where everybody else writes.
    in_time /bin/bash -p -c 'sync -- "$1"/* "$1" "${1%/*}"' flush "$final" || STORED=no
  else in_time rm -rf -- "$BUNDLE"; fi
  [[ $STORED == yes ]] || log "op=${OP:--} alarm=evidence_not_stored"
  prune_evidence
}

# in_time COMMAND…: bounded by what is left of the time for putting away, a moment at least.
in_time() {
  left_until "$SEAL_END"
  bounded $((REPLY > 2 ? REPLY : 2)) "$@"
}

# recent_evidence: sets EVIDENCE to a bundle less than 30 seconds old, or returns 1: readers who ask at once share one capture, as long as no
# op has done anything since.
recent_evidence() {
  local word newest
  bounded 5 find "${CFG[evidence_dir]}" -mindepth 1 -maxdepth 1 -type d -name '[0-7]*' ! -name '*.partial' -newermt '-30 seconds' ! -newermt now || return 1
  newest=$(sort <<<"$OUT" | tail -n 1)
  [[ -n $newest && -f $newest/facts ]] || return 1
  ops_dir
  [[ -z $(find "$REPLY" -mindepth 2 -maxdepth 2 -name journal -newer "$newest" -print -quit 2>/dev/null) ]] || return 1
  bounded 5 sha256sum -- "$newest/SHA256SUMS" || return 1
  EVIDENCE=${newest##*/} STORED=yes SHA256=${OUT%% *}
  for word in $(<"$newest/facts"); do
    case $word in
      class=*) CLASS=${word#*=} ;;
      advice=*) ADVICE=${word#*=} ;;
    esac
  done
}

# serve_forensics: the verb for readers. They take turns, and one that waits is served by what the one before it has found; its own time runs
# while it waits.
serve_forensics() {
  local members deadline
  deadline_in "${CFG[forensics_budget]}"
  deadline=$REPLY
  { exec 8>>"${CFG[state_dir]}/forensics.lock"; } 2>/dev/null || exec 8>/dev/null
  flock -w $((CFG[forensics_budget] * 2 / 3)) 8 || answer 'done' failed busy 'other captures are under way, and they take long: ask again, or for status'
  if ! recent_evidence; then
    left_until "$deadline"
    capture "$REPLY"
  fi
  exec 8>&-
  J[evidence]=$EVIDENCE J[sha256]=$SHA256 J[class]=$CLASS J[advice]=$ADVICE
  evidence_json
  members="\"evidence\":$REPLY"
  [[ $STORED == yes ]] || answer 'done' unknown evidence_not_stored 'the capture could not be kept: is the disk full?' "$members"
  answer 'done' ok '' '' "$members"
}
