# The detached side of an op: phases one after another, each written down before and after. Started again after a crash, it goes on at the
# phase that has no end, and repeats nothing that may have happened.
# shellcheck shell=bash

# run_op OP [PATIENCE]: does what is left of it. Another runner at work is no error. A child of a runner that was just killed may keep the
# lock for a moment: whoever resumes has the patience to see it go; and somebody who only looks whether a runner lives holds it for an instant.
run_op() {
  await_admission
  exec 9>>"${CFG[state_dir]}/run.lock"
  flock -w "${2:-1}" 9 || return 0
  journal_load "$1" || { log "op=$1 was never accepted: its client died, or the disk is full"; return 1; }
  [[ -z ${J[result]:-} ]] || return 0
  mend_end "$OP_DIR/journal"
  VERB=${J[verb]} IDENTITY=${J[identity]} HINT=''
  printf '%s\n' "$BASHPID" >"${CFG[state_dir]}/runner" 2>/dev/null
  if stale_before_effect; then
    finish_op failed interrupted 'it was interrupted before it touched anything, and too long ago to go on by surprise: ask again'
    return 0
  fi
  case $VERB in
    start) run_start ;;
    stop) run_stop ;;
    cycle) run_cycle ;;
    reset) run_reset ;;
  esac
}

# await_admission: whoever accepts an op starts its runner first, and writes the op down under the lock of admission.
await_admission() {
  exec 8>>"${CFG[state_dir]}/admit.lock"
  flock -w 10 8
  exec 8>&-
}

# stale_before_effect: nothing was touched yet, and the host was booted since or too much time went by. Power must not be cut out of the blue.
stale_before_effect() {
  [[ -z ${J[intent]:-} ]] || return 1
  boot_moment
  [[ ${J[boot]} == "${REPLY% *}" ]] || return 0
  ((${REPLY#* } - J[up] > CFG[resume_window]))
}

# phase NAME FUNCTION: once it ended well it is not done again. The function sets RESULT and REASON; returns 0 when the op may go on.
phase() {
  if [[ ${PHASE_RESULT[$1]:-} == ok ]]; then return 0; fi
  RESULT=ok REASON=-
  journal_append begin "$1" || give_up_unrecorded
  "$2"
  log "op=$OP verb=$VERB phase=$1 result=$RESULT reason=$REASON"
  journal_append 'done' "$1" "$RESULT" "$REASON" || give_up_unrecorded
  [[ $RESULT == ok ]]
}

# Without a record no effect: what is not yet begun stays so. The timer tries again when there is room.
give_up_unrecorded() {
  log "op=$OP alarm=journal_not_stored the runner stops before the next effect"
  exit 1
}

# intend EFFECT key=value…: the last thing on disk before the power is touched.
intend() { journal_append note "intent=$1" "${@:2}" || give_up_unrecorded; }

# note key=value…: a fact that the result needs.
note() { journal_append note "$@" || give_up_unrecorded; }

# finish_op RESULT REASON [HINT]
finish_op() {
  [[ -n ${3:-} ]] && write_durably "$OP_DIR/hint" "$3"
  journal_append end "$1" "$2" || give_up_unrecorded
  log "op=$OP verb=$VERB end=$1 reason=$2"
  [[ -e ${CFG[state_dir]}/reserve ]] || make_reserve
  prune_ops
}

make_reserve() { head -c 262144 /dev/zero >"${CFG[state_dir]}/reserve" 2>/dev/null || rm -f "${CFG[state_dir]}/reserve"; }

# resume_ops: what a timer and the boot call: goes on with what has no end, and says so when that has been for far too long; else pays the start
# that a late stop left owing.
resume_ops() {
  local op
  unfinished_op
  op=$REPLY
  [[ -n $op ]] || { pay_start; return 0; }
  if journal_load "$op"; then
    boot_moment
    local up=${REPLY#* }
    watch_budget
    # Longer than everything together may take: whoever reads the log (or its alarms) is to look.
    ((${up:-0} - ${J[up]:-0} > REPLY)) && log "op=$op alarm=op_overdue accepted ${J[accepted]} and without an end"
  fi
  log "op=$op resumed"
  run_op "$op" 5
}
