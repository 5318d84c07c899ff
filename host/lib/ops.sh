# Ops from the client's side: accepted once, started detached, watched, retrieved. The client may go away at any moment.
# shellcheck shell=bash

# serve_mutating: a mutating verb came in. With a known op id the recorded result, or the running op, is what it gets.
serve_mutating() {
  [[ -n $OP ]] || { new_op_id; OP=$REPLY; }
  say "op $OP"
  if journal_load "$OP"; then
    refuse_mismatch
    [[ -n ${J[result]:-} ]] || ensure_running
  else accept_op; fi
  watch_op
}

refuse_mismatch() {
  [[ ${J[verb]} == "$VERB" && ${J[identity]} == "$IDENTITY" ]] && return 0
  answer 'done' failed op_mismatch "op $OP was a ${J[verb]} by ${J[identity]}: a new request needs a new id"
}

# accept_op: under a lock that is held for a moment only, so that two callers can't both be admitted. The runner is started before the op is
# written down, and waits for that lock: when the client dies at any moment of this, there is either no op, or one that somebody works at.
accept_op() {
  local op=$OP running
  mkdir -p "${CFG[state_dir]}/ops" 2>/dev/null
  { exec 8>>"${CFG[state_dir]}/admit.lock"; } 2>/dev/null || refuse_unrecorded
  flock -w 5 8 || answer 'done' failed busy 'other callers are being admitted: ask again'
  if journal_load "$op"; then
    # The same client, asking twice at once: the other one has just been admitted, with a runner.
    exec 8>&-
    refuse_mismatch
    return 0
  fi
  unfinished_op
  running=$REPLY
  OP=$op
  json_string "$running"
  [[ -z $running ]] || answer 'done' failed busy "op $running is under way; status tells how it goes" "\"runningOp\":$REPLY"
  admit "$IDENTITY" "$VERB" || {
    log "op=$op verb=$VERB refused=$REASON"
    answer 'done' failed "$REASON" "$HINT"
  }
  start_runner
  journal_create "$op" "$VERB" "$IDENTITY" ${REQUEST_NAME:+"meant=$REQUEST_NAME"} ${REQUEST_STOP_WAIT:+"stop_wait=$REQUEST_STOP_WAIT"} \
    ${REQUEST_GUEST_WAIT:+"guest_wait=$REQUEST_GUEST_WAIT"} || refuse_unrecorded
  log "op=$op verb=$VERB accepted"
  exec 8>&-
}

refuse_unrecorded() {
  answer 'done' failed journal_not_stored "the op can't be recorded in ${CFG[state_dir]} (disk full, or read-only?), and without a record nothing is begun"
}

# ensure_running: an op without an end has a runner, or gets one. Two runners can't both work: the second finds the lock taken and goes.
ensure_running() {
  runner_lives || start_runner
}

start_runner() {
  local unit="breakglass-${CFG[vmid]}-$OP-$BASHPID-$SECONDS" how=${CFG[detach]}
  [[ $how == auto ]] && { how=setsid; [[ -d /run/systemd/system ]] && how=systemd; }
  if [[ $how == systemd ]]; then
    bounded 10 "${CFG[systemd_run]}" --quiet --collect --unit "$unit" "$SELF" --config "${CFG[file]}" --run "$OP" && return 0
    log "op=$OP systemd-run: rc=$RC ${OUT//$'\n'/ }; starting it without a unit"
  fi
  # Its own session, no descriptor of ours: nothing that happens to the client reaches it.
  local errors=${CFG[log]}
  { : >>"$errors"; } 2>/dev/null || errors=/dev/null
  setsid -f "$SELF" --config "${CFG[file]}" --run "$OP" </dev/null >/dev/null 2>>"$errors" 8>&- 9>&-
}

# runner_lives: somebody holds the lock under which all mutating work is done.
runner_lives() {
  local busy
  exec 7>>"${CFG[state_dir]}/run.lock"
  flock -n 7
  busy=$?
  exec 7>&-
  ((busy != 0))
}

# watch_op: tells a person each phase on stderr, and prints the document when the op has ended, or when waiting longer is no use.
watch_op() {
  local deadline told=0 asked=0
  watch_budget
  deadline_in "$REPLY"
  deadline=$REPLY
  while :; do
    journal_load "$OP"
    tell_phases
    [[ -n ${J[result]:-} ]] && break
    left_until "$deadline"
    ((REPLY > 0)) || break
    asked=$((asked + 1))
    # Words into a connection that is gone end this process; nobody needs it any more.
    ((asked % 50 == 0)) && tell_of_life
    # A runner that died is replaced soon, not when the timer looks.
    ((asked % 10 == 0)) && ensure_running
    rest 0.1
  done
  finish_watch
}

watch_budget() {
  REPLY=$((CFG[forensics_budget] + CFG[stop_budget] + 2 * CFG[start_budget] + CFG[power_budget] + CFG[guest_budget] + 60))
}

tell_of_life() {
  local phase=accepted
  ((${#PHASES[@]} > 0)) && phase=${PHASES[-1]}
  say "op $OP is under way: $phase"
}

tell_phases() {
  local index=0 phase
  for phase in "${PHASES[@]}"; do
    index=$((index + 1))
    finished "$phase" || continue
    ((index > told)) || continue
    told=$index
    say "$phase: ${PHASE_RESULT[$phase]} ${PHASE_REASON[$phase]#-}"
  done
}

finish_watch() {
  local code
  touched
  exit_code "${J[result]:-unknown}" "$REPLY"
  code=$REPLY
  [[ -n ${J[result]:-} ]] && say "${J[verb]}: ${J[result]} ${J[reason]#-}"
  op_document
  printf '%s\n' "$REPLY"
  exit "$code"
}

# newest_ops COUNT [PATTERN]: sets OPS to the newest whose journal has such a line, newest first, by what this host wrote last: ids are the clients'
# to choose, and say nothing of time.
newest_ops() {
  local journal
  OPS=()
  ops_dir
  while read -r journal; do
    journal=${journal%/journal}
    OPS+=("${journal##*/}")
  done < <(find "$REPLY" -mindepth 2 -maxdepth 2 -name journal -printf '%T@ %p\n' 2>/dev/null | sort -rn | cut -d ' ' -f 2- |
    xargs -r grep -l -E -e "${2:-^}" | head -n "$1")
}

# last_op: sets REPLY to the newest op, or nothing.
last_op() {
  newest_ops 1
  REPLY=${OPS[0]:-}
}

# op_member OP: the `record` member of status: what became of an op, without starting or continuing anything.
op_member() {
  local mine=$OP
  if journal_load "$1"; then op_document; else REPLY=null; fi
  OP=$mine
}
