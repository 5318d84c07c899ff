# The mutating verbs, each a list of phases. Read these to know what happens in which order.
# shellcheck shell=bash

run_start() {
  already running && return 0
  proceed forensics do_forensics || return 0
  proceed check check_start || return 0
  proceed start do_start || return 0
  come_up
}

run_stop() {
  already off && return 0
  proceed forensics do_forensics || return 0
  proceed check check_stop || return 0
  proceed stop do_stop || return 0
  finish_op ok stopped
}

run_cycle() {
  proceed forensics do_forensics || return 0
  proceed permission do_permission || return 0
  proceed check check_cycle || return 0
  proceed stop do_stop || return 0
  proceed start do_start || return 0
  proceed power_ok do_power_ok || return 0
  proceed applied do_applied || return 0
  proceed guest_ok do_guest_ok || return 0
  finish_op ok cycled
}

run_reset() {
  proceed forensics do_forensics || return 0
  proceed permission do_permission || return 0
  proceed check check_reset || return 0
  proceed reset do_reset || return 0
  proceed power_ok do_power_ok || return 0
  proceed guest_ok do_guest_rebooted || return 0
  finish_op ok reset
}

come_up() {
  proceed power_ok do_power_ok || return 0
  proceed guest_ok do_guest_ok || return 0
  finish_op ok started
}

# proceed PHASE FUNCTION: an op whose phase did not end well ends there, with that phase's result.
proceed() {
  phase "$1" "$2" && return 0
  # Off by our hand and not coming back is its own alarm, whatever the cause.
  if [[ $1 == st[oa]* && $VERB == cycle && $RESULT == failed && $REASON != stopped_start_failed && -n ${J[intent]:-} ]] && vm_is_off; then
    HINT="the VM is OFF: it was stopped and could not be started ($REASON). $HINT" REASON=stopped_start_failed
  fi
  finish_op "$RESULT" "$REASON" "$HINT"
  return 1
}

vm_is_off() {
  find_qemu
  (($? == 1))
}

# already running|off: the wanted state is there and nothing of ours is under way: ok at once, nothing touched. What runs is only there to stay
# when no stop of an earlier op can still end it.
already() {
  [[ -z ${J[intent]:-} ]] || return 1
  if [[ $1 == running ]] && ! effects_over; then
    finish_op "$RESULT" "$REASON" "$HINT"
    return 0
  fi
  find_qemu
  case $1:$?:$OTHER_QEMUS in
    running:0:) finish_running ;;
    off:1:) finish_op ok already_off ;;
    *) return 1 ;;
  esac
}

# finish_running: a process that is there is no proof that it runs.
finish_running() {
  if qmp_facts 5; then
    if [[ $RUN_STATE == running ]]; then finish_op ok already_running; else
      finish_op failed "left_${RUN_STATE//-/_}" "process $VM_PID is there and its guest is $RUN_STATE, not running; nothing was done. qm resume ${CFG[vmid]} lets a paused one go on; a cycle makes a fresh one"
    fi
    return 0
  fi
  silent_monitor
  local silent=$REPLY
  if guest_answers; then
    finish_op ok already_running "the guest answers. $silent"
  else
    finish_op unknown qmp_silent "process $VM_PID is there, and neither it nor its guest can be asked: $silent. Nothing was done; status says what would cure it"
  fi
}

do_forensics() {
  capture "${CFG[forensics_budget]}"
  note "evidence=$EVIDENCE" "sha256=${SHA256:-none}" "class=$CLASS" "advice=$ADVICE" "sign=$SIGN"
  [[ $STORED == yes ]] && return 0
  note alarm=evidence_not_stored
  # A person may judge that the rescue matters more than its evidence; a program may not.
  if [[ $IDENTITY == agent ]]; then
    fail evidence_not_stored 'the capture could not be kept (disk full?): the agent may not act without it, a person may'
  fi
  return 0
}

# do_permission: under `autonomy=evidence` the agent's key turns the power only where this host itself saw an objective sign.
do_permission() {
  [[ $IDENTITY == agent && ${CFG[autonomy]} == evidence && ${J[sign]:-no} != yes ]] || return 0
  fail no_evidence "this host sees the VM as ${J[class]:-unknown}, which is no sign of a wedge: a person decides (autonomy=evidence)"
}

# The checks. They ask everything that could go wrong later, before anything is touched.
may_be_touched() { unlocked && named_as_meant && not_under_ha; }

check_stop() {
  may_be_touched && record_old || return 0
  read_pending "${CFG[read_timeout]}" && disk_paths
  return 0
}

check_start() {
  may_be_touched || return 0
  find_qemu
  only_qemu || return 0
  can_start || fail_as_said
}

check_cycle() {
  may_be_touched && record_old || return 0
  can_start "$VM_PID" || fail_as_said
}

# record_old: the process that this op may end, by pid and start time. Returns 1 where it is not certain which that is.
record_old() {
  find_qemu
  if (($? == 2)); then
    fail process_table_unreadable "$UNREADABLE"
    return 1
  fi
  only_qemu || return 1
  [[ -z $VM_PID ]] || note "old_pid=$VM_PID" "old_start=$VM_START"
}

check_reset() {
  unlocked && named_as_meant || return 0
  if ! find_qemu; then
    fail not_running 'there is no QEMU process to reset: start it'
  elif ! only_qemu; then
    return 0
  elif ! qmp_facts 5; then
    no_monitor_for_reset
  elif [[ $RUN_STATE =~ ^(io-error|internal-error)$ ]]; then
    fail "${RUN_STATE//-/_}" "QEMU stopped the guest for $RUN_STATE, which a reset does not mend: cycle, once the storage is well"
  else
    note "old_pid=$VM_PID" "old_start=$VM_START"
    steady_boot 5 && note "boot_before=$GUEST_BOOT"
  fi
  return 0
}

no_monitor_for_reset() {
  silent_monitor
  local silent=$REPLY
  if guest_answers; then
    fail monitor_busy "a reset goes through QMP. $silent. The guest answers: see who is at the monitor before any other verb"
  else fail qmp_dead "a reset goes through QMP. $silent: cycle"; fi
}

# do_applied: a fresh QEMU has the staged configuration; a change that is still pending was not applied.
do_applied() {
  read_pending "${CFG[read_timeout]}" || { note pending=unreadable; return 0; }
  note "pending=$PENDING"
  ((PENDING == 0)) || fail pending_not_applied "the VM runs, and $PENDING staged changes are still pending: see qm pending ${CFG[vmid]}"
}

# do_guest_ok: somebody in the guest answers.
do_guest_ok() { await_guest guest_answers; }
guest_answers() {
  bounded 5 "${CFG[qm]}" guest cmd "${CFG[vmid]}" ping && note guest=agent && return 0
  has_banner_target || return 1
  launch_banner 5
  collect "$REPLY"
  ((RC == 0)) && note guest=banner
}

# steady_boot LIMIT: the boot id is the guest's own word, and nothing but that. One that is another a moment later is not even that.
declare -gA BOOTS=()
steady_boot() {
  local first
  agent_boot "$1" || return 1
  first=$GUEST_BOOT BOOTS[$GUEST_BOOT]=seen
  agent_boot "$1" || return 1
  BOOTS[$GUEST_BOOT]=seen
  [[ $GUEST_BOOT == "$first" ]]
}

# do_guest_rebooted: another boot than before. The pid stays the same in a reset, so it proves nothing either way.
do_guest_rebooted() {
  declare -gA BOOTS=()
  await_guest guest_rebooted
  [[ $RESULT == ok && ${J[reset]:-} != seen ]] && REASON=proven_by_boot
  ((${#BOOTS[@]} > 2)) && [[ $RESULT == unknown ]] && REASON=boot_id_unsteady HINT='the guest gives another boot id each time that it is asked: its word proves nothing. Look at its console'
  [[ $RESULT == unknown && ${SAME_BOOT:-no} == yes ]] && fail boot_id_unchanged 'the guest still runs the boot from before the reset'
  return 0
}
guest_rebooted() {
  steady_boot 5 || return 1
  if [[ -n ${J[boot_before]:-} ]]; then
    SAME_BOOT=no
    [[ $GUEST_BOOT != "${J[boot_before]}" ]] && note "boot_after=$GUEST_BOOT" && return 0
    SAME_BOOT=yes
    return 1
  fi
  # What ran before is unknown: a boot younger than the reset is a new one.
  boot_moment
  ((GUEST_UP <= ${REPLY#* } - J[reset_up] + 2)) && note "boot_after=$GUEST_BOOT"
}

# await_guest QUESTION: asks until it is answered or the guest's time is up. A guest that nobody can ask stays unknown, without a wait.
await_guest() {
  local deadline
  read_config "${CFG[read_timeout]}"
  if [[ $AGENT == no && $CONFIG != '' ]] && ! has_banner_target; then
    unsure power_ok_guest_unknown 'QEMU runs; the VM has no guest agent and the configuration no guest_ssh, so nobody can be asked'
    return 0
  fi
  deadline_in "${J[guest_wait]:-${CFG[guest_budget]}}"
  deadline=$REPLY
  until "$1"; do
    left_until "$deadline"
    if ((REPLY == 0)); then
      unsure power_ok_guest_unknown 'QEMU runs and the guest has not proven that it came up: look at its console before any second verb'
      return 0
    fi
    rest 0.5
  done
}
