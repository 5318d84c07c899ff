# The effects: stop, start, reset; each proven by what the kernel and QEMU show, never by what a tool says of itself.
# shellcheck shell=bash

# fail REASON HINT; unsure REASON HINT: for phase functions.
fail() { RESULT=failed REASON=$1 HINT=$2; }
unsure() { RESULT=unknown REASON=$1 HINT=$2; }

# Kept apart, because helpers set REASON and HINT before RESULT is known.
fail_as_said() { RESULT=failed; }

# wait_gone PID START SECONDS
wait_gone() { await "$3" 0.1 process_is_gone "$1" "$2"; }
process_is_gone() { ! same_process_lives "$1" "$2"; }

# unlocked: the lock is read immediately before each effect, for a backup may have begun since the last look.
unlocked() {
  if ! read_config "${CFG[read_timeout]}"; then
    config_missing
    fail_as_said
    return 1
  fi
  [[ -z $LOCK ]] && return 0
  lock_reason "$LOCK"
  fail_as_said
  return 1
}

# do_stop: ends the process that the check recorded, and no other. A process that someone started since is not ours to stop.
do_stop() {
  local pid=${J[old_pid]:-} start=${J[old_start]:-}
  effects_over || return 0
  if [[ -n $pid ]] && same_process_lives "$pid" "$start"; then
    unlocked || return 0
    if [[ -z ${J[intent]:-} ]]; then
      ledger_add "$VERB" || give_up_unrecorded
      boot_moment
      intend stop "stop_up=${REPLY#* }"
    fi
    stop_process "$pid" "$start" || return 0
    # One that comes late is still about its work when the process has gone.
    effects_over || return 0
  fi
  stopped_for_good
}

stop_process() {
  local -a how=(--timeout "${J[stop_wait]:-${CFG[stop_timeout]}}")
  local said
  [[ ${CFG[overrule_shutdown]} == yes ]] && how+=(--overrule-shutdown 1)
  stop_effect "${CFG[stop_budget]}" "${CFG[qm]}" stop "${CFG[vmid]}" "${how[@]}"
  local code=$CODE
  end_of "$OUT"
  said="qm stop ended with $code: $REPLY"
  wait_gone "$1" "$2" "${CFG[gone_budget]}" && return 0
  # It lives. A stop that did not end well was refused, or never came to its turn: somebody has the VM, hands off, whatever state the process
  # is in. Only what outlives a stop that calls itself done is killed, and only under no lock.
  unlocked || return 1
  if ((code != 0)); then
    gone_late "$1" "$2" "$code" && return 0
    fail stop_refused "$said (the process is in state $P_STATE)"
    ((code == 124)) && REASON=stop_timed_out
    owe_start
    return 1
  fi
  kill_survivor "$1" "$2" || return 1
  wait_gone "$1" "$2" "${CFG[gone_budget]}" && return 0
  fail unkillable "process $1 survived SIGKILL (state $P_STATE): it hangs in the host's kernel. Nothing was started. This is the cold case: look at the host's storage."
  owe_start
  return 1
}

# kill_survivor PID START: inside Proxmox's file lock, so that no task begins between the look and the signal.
kill_survivor() {
  config_lock 5 || return 1
  if unlocked; then
    log "op=$OP kill=SIGKILL pid=$1 started=$2 because=survived_qm_stop"
    is_the_vm "$1" && same_process_lives "$1" "$2" && kill -KILL "$1" 2>/dev/null
  fi
  config_unlock
  [[ $RESULT == ok ]]
}

# stopped_for_good: no process, an empty scope, and nobody at the disks.
stopped_for_good() {
  local deadline
  find_qemu
  case $? in
    0)
      only_qemu && is_newer || return 0
      # Somebody else started it since. For a cycle that is the goal; for a stop it is not.
      [[ $VERB == stop ]] && fail running_again "the old process is gone and process $VM_PID runs in its place: somebody or something started it"
      return 0
      ;;
    2) unsure process_table_unreadable "$UNREADABLE" && return 0 ;;
  esac
  only_qemu || return 0
  know_disks
  # A cycle goes on to the start, which Proxmox refuses where there is no configuration; a stop would call proven what nobody has seen.
  if [[ $VERB == stop && -z ${PENDING:-} ]]; then
    unsure disks_unknown 'the process is gone; which disks it had could not be read (qm pending), so nobody knows whether they are free'
    return 0
  fi
  deadline_in "${CFG[gone_budget]}"
  deadline=$REPLY
  until scope_empty && disks_free; do
    left_until "$deadline"
    if ((REPLY == 0)); then
      scope_empty || { REASON=scope_not_empty HINT="processes are left in ${CFG[vmid]}.scope"; }
      fail_as_said
      return 0
    fi
    rest 0.3
  done
  REASON=-
}

# do_start: twice at most, and only when no process is there. A QEMU that runs already, whoever started it, is a start that is done.
do_start() {
  local attempt said=''
  for attempt in 1 2; do
    effects_over || return 0
    find_qemu
    case $? in
      0)
        only_qemu && is_newer && note "new_pid=$VM_PID" "new_start=$VM_START"
        return 0
        ;;
      2) unsure process_table_unreadable "$UNREADABLE" && return 0 ;;
    esac
    only_qemu || return 0
    ((attempt == 1)) || rest 2
    know_disks
    if ! disks_let_go; then
      fail_as_said
      return 0
    fi
    intend start "attempt=$attempt"
    start_limit
    effect "$REPLY" "${CFG[qm]}" start "${CFG[vmid]}"
    end_of "$OUT"
    said="qm start ended with $CODE: $REPLY"
    log "op=$OP $said"
    wait_for_process 5 && note "new_pid=$VM_PID" "new_start=$VM_START" && return 0
  done
  if [[ $VERB == cycle ]]; then fail stopped_start_failed "the VM is OFF: it was stopped and did not start. $said"; else fail start_failed "$said"; fi
}

# is_newer: what find_qemu saw was started since the stop, or since this op was accepted; else it is not what was to be started.
is_newer() {
  born_since "${J[stop_up]:-${J[up]:-0}}" && return 0
  fail other_qemu "process $VM_PID runs as this VM and is older than the stop, so it is not what was started; nothing was done to it. Look at it: ps -fp $VM_PID"
  return 1
}

# start_limit: sets REPLY to the seconds for one `qm start`. Proxmox itself waits longer for a large VM (a second for each GiB above 30 GiB, four
# times that with PCI devices): cut off before that, it would be left off though it was coming up.
start_limit() {
  local key wait=30 devices=no
  wanted_memory
  [[ $REPLY =~ $MEMORY_FORM ]] && ((REPLY / 1024 > 30)) && wait=$((REPLY / 1024))
  for key in "${!NEXT[@]}"; do [[ $key != hostpci* ]] || devices=yes; done
  [[ $devices == no ]] || wait=$((wait * 4))
  REPLY=${CFG[start_budget]}
  # The rest is for an old scope that is going (20) and network devices.
  if ((wait > 30 && wait + 60 > REPLY)); then REPLY=$((wait + 60)); fi
}

# disks_let_go: udev looks at a device that was just closed, and others do for a moment; a VM is not left off for that.
disks_let_go() { await "${CFG[gone_budget]}" 0.3 disks_free; }

wait_for_process() { await "$1" 0.2 find_qemu; }

# do_power_ok: QEMU answers and says running. One that waits to be let go (prelaunch, paused) is let go, once.
do_power_ok() {
  local deadline continued=no
  deadline_in "${CFG[power_budget]}"
  deadline=$REPLY
  while :; do
    if qmp_facts 5; then
      [[ $RUN_STATE == running ]] && return 0
      if [[ $continued == no && $RUN_STATE =~ ^(paused|prelaunch)$ ]]; then
        continued=yes
        log "op=$OP cont=sent run_state=$RUN_STATE"
        note "continued_from=$RUN_STATE"
        launch_qmp 5 cont
        collect "$REPLY"
        continue
      fi
    fi
    left_until "$deadline"
    ((REPLY > 0)) || break
    rest 0.3
  done
  if [[ $QMP == ok ]]; then fail "left_${RUN_STATE//-/_}" "QEMU answers and is $RUN_STATE, not running: a cycle makes a fresh one"; else
    power_unseen
  fi
}

# power_unseen: QMP did not answer. Of which process, and is it still there?
power_unseen() {
  local born=${J[new_pid]:-${J[old_pid]:-}}
  find_qemu
  case $? in
    0)
      silent_monitor
      unsure qmp_silent "process $VM_PID, which is the VM, is there. $REPLY: status says what would cure it"
      ;;
    1)
      fail start_failed "the VM is OFF: process $born was there and is gone again. See the log of its start (journalctl -u ${CFG[vmid]}.scope), then start"
      [[ $VERB != cycle ]] || REASON=stopped_start_failed
      [[ $VERB != reset ]] || REASON=not_running
      ;;
    *) unsure process_table_unreadable "$UNREADABLE" ;;
  esac
}

# do_reset: once, ever. After a crash in the middle nobody knows whether the first one arrived, so the guest must tell, and not a second reset.
do_reset() {
  effects_over || return 0
  [[ ${J[intent]:-} == reset ]] && return 0
  config_lock 5 || return 0
  unlocked && reset_once
  config_unlock
}
reset_once() {
  boot_moment
  local up=${REPLY#* }
  ledger_add reset || give_up_unrecorded
  intend reset "reset_up=$up"
  qmp_socket
  effect "${CFG[reset_budget]}" "$LIBEXEC/qmp" "$REPLY" $((CFG[reset_budget] - 1)) reset
  case $CODE in
    0) note reset=seen ;;
    124) unsure reset_not_seen 'QMP took the command and no RESET event came: a cycle makes a fresh QEMU' ;;
    *)
      end_of "$OUT"
      fail reset_refused "QMP: $REPLY"
      ;;
  esac
}
