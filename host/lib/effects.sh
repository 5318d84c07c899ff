# Commands that change the power. They may outlive whoever started them: a runner can be killed at any moment, and the `qm stop` that it waited
# for goes on. What comes late must find no VM that was started since.
# shellcheck shell=bash
#
# state_dir/effect names the one that is under way, by pid and start time; libexec/bounded writes it before the command begins and lets go of
# the lock of all mutating work only then. Of a stop the file is locked as well, by all that it started: Proxmox's workers leave their parent's
# group and session. An effect that was seen to end well is over, whatever daemon it left behind.

effect_file() { REPLY="${CFG[state_dir]}/effect"; }

# effect LIMIT COMMAND…: bounded, for what changes the power; stop_effect, for what ends the VM. Return the command's own status.
effect() {
  local EFFECT
  effect_file
  EFFECT=$REPLY
  run_effect "$@"
}
stop_effect() {
  local EFFECT
  effect_file
  EFFECT="+$REPLY"
  run_effect "$@"
}
run_effect() {
  bounded "$@"
  ((CODE != 0)) || rm -f "${EFFECT#+}"
  return "$CODE"
}

# effect_lives: whether an effect that nobody saw the end of can still act; sets EFFECT_PID, empty where only what it started is left.
# These are processes of this very machine, whatever process table the VM is looked for in.
effect_lives() {
  local file pid='' start='' stat free
  local -a fields=()
  EFFECT_PID=''
  effect_file
  file=$REPLY
  { read -r pid start <"$file"; } 2>/dev/null
  if [[ $pid =~ ^[0-9]+$ ]] && { IFS= read -r stat <"/proc/$pid/stat"; } 2>/dev/null; then
    read -r -a fields <<<"${stat##*) }"
    [[ ${fields[0]} == [ZX] || ${fields[19]} != "$start" ]] || { EFFECT_PID=$pid; return 0; }
  fi
  { exec 7<"$file"; } 2>/dev/null || return 1
  flock -n 7
  free=$?
  exec 7>&-
  ((free != 0))
}
effect_is_over() { ! effect_lives; }

# effects_over: nothing of ours can still act; waits for it as long as a stop may take. Then it is ended, as its own limit would have ended it
# if its keeper lived. Returns 1 where it can't be: it hangs in the kernel, and nobody knows what it does when it wakes.
effects_over() {
  local signal
  effect_lives || return 0
  log "op=${OP:--} waits for an effect that outlived its runner pid=${EFFECT_PID:-none}"
  await "${CFG[stop_budget]}" 0.1 effect_is_over && return 0
  for signal in TERM KILL; do
    effect_lives || return 0
    [[ -n $EFFECT_PID ]] || break
    log "op=${OP:--} kill=$signal pid=$EFFECT_PID because=late_effect"
    kill "-$signal" -- "-$EFFECT_PID" 2>/dev/null
    await 2 0.1 effect_is_over && return 0
  done
  effect_lives || return 0
  if [[ -z $EFFECT_PID ]]; then
    # It is gone, and what it started had as long as a whole stop: a daemon, most likely. Should it be a worker of a stop after all, the timer
    # starts again what that ends.
    effect_file
    rm -f "$REPLY"
    note_owed
    return 0
  fi
  unsure late_effect "process $EFFECT_PID, started by an earlier op to turn the power, hangs in the host's kernel and can still act: nothing is started or stopped beside it. The host is the patient"
  owe_start
  return 1
}

# config_lock SECONDS: Proxmox's own file lock on the VM's configuration: as long as it is held no task of Proxmox begins. What must hold when
# an effect happens is looked at inside of it. It is held by descriptor 5, which an effect keeps until it has ended.
config_lock() {
  { exec 5>>"${CFG[lock_dir]}/lock-${CFG[vmid]}.conf"; } 2>/dev/null && flock -w "$1" 5 && return 0
  exec 5>&-
  fail config_locked 'a task of Proxmox holds the file lock of the configuration: see the running tasks of this VM, and ask again'
  return 1
}
config_unlock() { exec 5>&-; }

# gone_late PID START CODE: a QEMU that was told to quit may do so long after whoever told it was out of time, and one whose stop still has
# workers will be told yet: it is given as long again.
gone_late() {
  (($3 == 124)) || effect_lives || return 1
  await "${CFG[stop_budget]}" 0.2 gone_or_settled "$@"
  process_is_gone "$1" "$2"
}
gone_or_settled() {
  process_is_gone "$1" "$2" && return 0
  (($3 != 124)) && effect_is_over
}

# A stop that gave up may still take effect: QEMU was told to quit, and does when its disk lets go. Then a cycle still owes its start.
owe_start() {
  note_owed || return 0
  HINT+=". Should it end late after all, the timer starts the VM again, for the next ${CFG[resume_window]} s"
}

note_owed() {
  [[ $VERB == cycle || $VERB == start ]] || return 1
  boot_moment
  note owed=start "owed_boot=${REPLY% *}" "owed_up=${REPLY#* }"
}

# start_owed: sets REPLY to the op that still owes a start, or to nothing: its VM ended late, within the window in which an op goes on. What
# was asked for since and touched the power, or was to stop it, has settled it. Of all other ops there may be thousands, and an agent may make more.
start_owed() {
  local op
  newest_ops 10 ' accept stop | note ([^;]* )?(intent|owed)='
  local -a ops=("${OPS[@]}")
  REPLY=''
  for op in "${ops[@]}"; do
    journal_load "$op" || continue
    if [[ ${J[owed]:-} == start ]]; then
      boot_moment
      [[ ${J[owed_boot]} == "${REPLY% *}" ]] && ((${REPLY#* } - J[owed_up] <= CFG[resume_window])) || break
      REPLY=$op
      return 0
    fi
    [[ -z ${J[intent]:-} && ${J[verb]} != stop ]] || break
  done
  REPLY=''
}

# pay_start: what the timer does about it: a start of its own, with a record of its own, for the op that owes it has told its result.
pay_start() {
  local owing
  start_owed
  owing=$REPLY
  [[ -n $owing ]] || return 0
  same_process_lives "${J[old_pid]:-}" "${J[old_start]:-}" && return 0
  find_qemu
  (($? == 1)) && effect_is_over || return 0
  { exec 8>>"${CFG[state_dir]}/admit.lock"; } 2>/dev/null && flock -w 5 8 || return 0
  unfinished_op
  [[ -z $REPLY ]] || { exec 8>&-; return 0; }
  local identity=${J[identity]}
  new_op_id
  log "op=$REPLY verb=start accepted because=$owing its stop came late and left the VM off"
  journal_create "$REPLY" start "$identity" && note "owed_by=$owing"
  exec 8>&-
  run_op "$OP" 5
}
