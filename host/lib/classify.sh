# From what was seen to what it is and what would cure it. One pure function of facts, so that status, forensics and the agent's evidence
# rule can't disagree.
# shellcheck shell=bash
#
# `running`, a banner and an agent prove nothing: a VM whose disk is throttled to nothing has all three. Requests that the guest has put to
# its disk and that nobody answers do. Where QEMU does not show these, counters that stand still and an agent that is silent stand for them.

# classify: reads VM_PID, VM_STATE, OTHER_QEMUS, OTHER_NODE, QMP, RUN_STATE, FLAT and STUCK (yes, no, unknown), AGENT_PING (yes, no, none), FROZEN
# (yes, no, unknown), BANNER (yes, no, none), MONITOR_CLIENT, LOCK. Sets CLASS, ADVICE (none, start, repair, thaw, wait, reset, cycle, human) and
# SIGN: yes where the class is by itself an objective sign that a power verb is due.
classify() {
  SIGN=no
  if [[ -n $OTHER_QEMUS ]]; then
    CLASS=two_qemus ADVICE=human
    [[ -n $VM_PID ]] || CLASS=stray_qemu
  elif [[ -z $VM_PID && -n $OTHER_NODE ]]; then
    CLASS=on_other_node ADVICE=human
  elif [[ -z $VM_PID ]]; then
    CLASS=off ADVICE=start
  elif [[ $QMP != ok ]] && guest_is_heard; then
    # A machine that answers is not dead because its monitor does not: somebody else holds it, or something is wrong with it alone.
    CLASS=monitor_broken ADVICE=human
    [[ $QMP == late ]] && CLASS=monitor_busy
  elif [[ $QMP != ok && $QMP_SAID == error:* ]]; then
    CLASS=monitor_broken ADVICE=human
  elif [[ $QMP != ok && $VM_STATE == D ]]; then
    # It can't be killed while it hangs in the kernel. A cycle finds that out safely, but the host is the likelier patient.
    CLASS=qemu_hangs_in_kernel ADVICE=human SIGN=yes
  elif [[ $QMP != ok ]]; then
    CLASS=qmp_dead ADVICE=cycle SIGN=yes
  else
    classify_run_state
  fi
  [[ -n $LOCK && $ADVICE != none && $ADVICE != thaw ]] && ADVICE='wait'
  return 0
}

# guest_is_heard: the guest answers; where nobody in it can be asked, a client at the monitor explains why it is silent to us.
guest_is_heard() {
  [[ $AGENT_PING == yes || $BANNER == yes ]] && return 0
  [[ $AGENT_PING == none && $BANNER == none && -n $MONITOR_CLIENT ]]
}

# status_exit: sets STATUS_EXIT, the exit code of a status that was asked for codes of version 1: 0 running, 10 off, 11 wedged, 12 none for sure.
# Lamplighter's client has the same table: domain/breakglass/standing.ts, held to this one by a test.
status_exit() {
  case $CLASS in
    responding | guest_service_down | agent_silent) STATUS_EXIT=0 ;;
    monitor_busy | monitor_broken) if [[ $AGENT_PING == yes || $BANNER == yes ]]; then STATUS_EXIT=0; else STATUS_EXIT=12; fi ;;
    off) STATUS_EXIT=10 ;;
    qmp_dead | block_flat | io_error | internal_error | guest_panicked | guest_silent | guest_off | paused | stands_still | fs_frozen | qemu_hangs_in_kernel) STATUS_EXIT=11 ;;
    *) STATUS_EXIT=12 ;;
  esac
}

classify_run_state() {
  case $RUN_STATE in
    running) classify_running ;;
    paused | prelaunch | suspended) CLASS=paused ADVICE=reset SIGN=yes ;;
    io-error | internal-error) CLASS=${RUN_STATE//-/_} ADVICE=cycle SIGN=yes ;;
    guest-panicked) CLASS=guest_panicked ADVICE=reset SIGN=yes ;;
    shutdown) CLASS=guest_off ADVICE=cycle SIGN=yes ;;
    inmigrate | postmigrate | finish-migrate | save-vm | restore-vm | colo) CLASS=in_transition ADVICE='wait' ;;
    # A debugger or a watchdog stopped it: neither ends by waiting.
    *) CLASS=stands_still ADVICE=human ;;
  esac
}

classify_running() {
  if [[ $FROZEN == yes ]]; then
    CLASS=fs_frozen ADVICE=thaw
  elif [[ $STUCK == yes ]]; then
    # The incident of June: QEMU's block path frozen, QMP answering, host clean. A reset would keep the same QEMU.
    CLASS=block_flat ADVICE=cycle SIGN=yes
  elif [[ $AGENT_PING == yes && $BANNER == no ]]; then
    CLASS=guest_service_down ADVICE=repair
  elif [[ $AGENT_PING == yes ]]; then
    CLASS=responding ADVICE=none
  elif [[ $FLAT == yes && $STUCK != no && ($AGENT_PING == no || $BANNER != yes) ]]; then
    CLASS=block_flat ADVICE=cycle SIGN=yes
  elif [[ $AGENT_PING == no ]]; then
    # An agent that somebody stopped is no wedge: SSH answers, and whoever repairs goes that way.
    if [[ $BANNER == yes ]]; then
      CLASS=agent_silent ADVICE=repair
    else CLASS=guest_silent ADVICE=reset SIGN=yes; fi
  elif [[ $BANNER == no ]]; then
    CLASS=guest_silent ADVICE=reset
  elif [[ $BANNER == yes ]]; then
    CLASS=responding ADVICE=none
  else
    CLASS=unobserved ADVICE=human
  fi
}
