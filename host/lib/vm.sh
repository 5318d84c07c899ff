# The QEMU process and its monitor, as the kernel and the process itself tell. Proxmox's own labels are not believed: `qm status` falls
# back to the pidfile when QMP is silent, and `qm stop` removes the pidfile of a process that did not die.
# shellcheck shell=bash

pidfile() { REPLY="${CFG[run_dir]}/${CFG[vmid]}.pid"; }

# process_of PID: sets P_STATE (one letter) and P_START (clock ticks since boot); returns 1 when there is none, or only its zombie.
# A pid alone is no identity, it is used again: pid and start time together are.
process_of() {
  local stat fields
  P_STATE='' P_START=''
  { IFS= read -r stat <"${CFG[proc]}/$1/stat"; } 2>/dev/null || return 1
  read -r -a fields <<<"${stat##*) }"
  P_STATE=${fields[0]:-} P_START=${fields[19]:-}
  [[ $P_STATE != [ZX] && $P_START =~ ^[0-9]+$ ]]
}

# find_qemu: sets VM_PID, VM_START, VM_STATE, or returns 1 when the VM has no process. What runs QEMU's own file as root is a QEMU, and the VM's is
# the one in its scope, or the one of its pidfile; what anybody writes into his arguments is nothing. OTHER_QEMUS names those that claim to be
# this VM beside it. Returns 2 when nobody can tell: the process table could not be read in time.
find_qemu() {
  local pid role
  VM_PID='' VM_START='' VM_STATE='' OTHER_QEMUS='' UNKNOWN_QEMU=no
  scan_qemus || return 2
  while read -r pid role; do
    [[ $pid =~ ^[0-9]+$ ]] && process_of "$pid" || continue
    case $role in
      vm) if [[ -z $VM_PID ]]; then VM_PID=$pid VM_START=$P_START VM_STATE=$P_STATE; else OTHER_QEMUS+=" $pid"; fi ;;
      stray) OTHER_QEMUS+=" $pid" ;;
      unknown) UNKNOWN_QEMU=yes ;;
    esac
  done <<<"$OUT"
  OTHER_QEMUS=${OTHER_QEMUS# }
  [[ -n $VM_PID ]] && return 0
  [[ $UNKNOWN_QEMU == no ]] || return 2
  return 1
}
scan_qemus() {
  pidfile
  bounded 5 "$LIBEXEC/procscan" qemu "${CFG[proc]}" "${CFG[cgroup]}" "${CFG[vmid]}" "$REPLY" "${CFG[qemu]}"
}

readonly UNREADABLE='the process table could not be read in time, or a QEMU of this host hangs so that nobody can read which VM it is: see state D in ps -e'

# only_qemu: no second QEMU claims to be this VM, and none hangs so that nobody can read which it is: once ours is gone nobody could tell that
# none is left. Better known before it is stopped. For phase functions, after find_qemu.
only_qemu() {
  if [[ -n $OTHER_QEMUS && -n $VM_PID ]]; then
    fail two_qemus "process $VM_PID is the VM, and a second QEMU claims to be it (process $OTHER_QEMUS): nothing is done while two could write to one disk. Look at both (ps -fp $VM_PID,${OTHER_QEMUS// /,}), end the one that should not be, then ask again"
  elif [[ -n $OTHER_QEMUS ]]; then
    fail stray_qemu "process $OTHER_QEMUS runs QEMU for VM ${CFG[vmid]}, and neither its scope nor the pidfile knows it: somebody started it by hand, or its pidfile was taken away. Look at it (ps -fp ${OTHER_QEMUS// /,}), end it, then ask again"
  elif [[ $UNKNOWN_QEMU == yes ]]; then
    fail process_table_unreadable "$UNREADABLE"
  else return 0; fi
  return 1
}

# is_the_vm PID: still a QEMU of this VM, whatever else may have this pid by now. Asked before a signal; nothing else is ever sent one.
is_the_vm() { scan_qemus && [[ $'\n'$OUT == *$'\n'"$1 "[vs]* ]]; }

# born_since UP: the process that find_qemu saw started after this second of the host's clock, or in another boot.
born_since() {
  boot_moment
  [[ ${REPLY% *} != "${J[boot]:-}" ]] || ((VM_START >= $1 * 100))
}

# same_process_lives PID START
same_process_lives() { process_of "$1" && [[ $P_START == "$2" ]]; }

# scope_pids: sets REPLY to the processes in the VM's systemd scope. scope_empty: none is left.
scope_pids() {
  local -a pids=()
  { mapfile -t pids <"${CFG[cgroup]}/${CFG[vmid]}.scope/cgroup.procs"; } 2>/dev/null
  REPLY="${pids[*]}"
}
scope_empty() {
  scope_pids
  [[ -z $REPLY ]]
}

qmp_socket() { REPLY="${CFG[run_dir]}/${CFG[vmid]}.qmp"; }

# launch_qmp LIMIT MODE…: REPLY is the handle. The tool keeps its own deadline, a second inside ours.
launch_qmp() {
  local limit=$1
  shift
  qmp_socket
  launch $((limit + 1)) "$LIBEXEC/qmp" "$REPLY" "$limit" "$@"
}

# qmp_facts LIMIT: sets QMP (ok, late, refused), QMP_SAID (in words, where it is not ok), RUN_STATE, QMP_MS, BLOCK (read and written bytes and
# operations as one word), BLOCK_AT.
qmp_facts() {
  launch_qmp "$1" facts
  collect "$REPLY"
  read_qmp_facts
}
read_qmp_facts() {
  local word
  local -A fact=()
  QMP=refused QMP_SAID='' RUN_STATE=unknown QMP_MS=$MS BLOCK='' BLOCK_AT=''
  case $RC in
    0) QMP=ok ;;
    124) QMP=late ;;
  esac
  if [[ $QMP != ok ]]; then
    end_of "$OUT"
    QMP_SAID=$REPLY
    return 1
  fi
  for word in $OUT; do
    # Bash expands what is between brackets once more: a word of any other form than ours is left out.
    [[ $word =~ ^([a-z_]+)=([a-z0-9_-]+)$ ]] && fact[${BASH_REMATCH[1]}]=${BASH_REMATCH[2]}
  done
  RUN_STATE=${fact[state]:-unknown} QMP_MS=${fact[ms]:-$MS}
  BLOCK="${fact[rd_operations]:-}.${fact[wr_operations]:-}.${fact[rd_bytes]:-}.${fact[wr_bytes]:-}"
  monotonic_ms
  BLOCK_AT=$REPLY
}

# monitor_client: sets MONITOR_CLIENT to `pid name` of whoever the monitor, which serves one at a time, talks with; empty where nobody can tell.
monitor_client() {
  MONITOR_CLIENT=''
  qmp_socket
  bounded 2 "$LIBEXEC/procscan" client "${CFG[proc]}" "$REPLY" || return 0
  [[ $OUT =~ ^[0-9]+\ .+$ ]] && MONITOR_CLIENT=$OUT
  return 0
}

# silent_monitor: sets REPLY to what is known of a monitor that gave no answer.
silent_monitor() {
  case $QMP in
    late)
      monitor_client
      REPLY="QMP gives no answer; it serves one client at a time, and the kernel does not say whom it serves now"
      [[ -z $MONITOR_CLIENT ]] || REPLY="QMP gives no answer: it serves process ${MONITOR_CLIENT/ / (})"
      ;;
    *) REPLY="QMP gives no answer that could be used (${QMP_SAID:-nobody there})" ;;
  esac
}

# launch_banner LIMIT: who answers on the guest's SSH port. A TCP connection proves nothing (a forwarder accepts it), banner bytes do.
launch_banner() {
  local address=${CFG[guest_ssh]}
  # shellcheck disable=SC2016 # expanded by the inner shell, from its own arguments
  launch "$1" /bin/bash -p -c 'exec 3<>"/dev/tcp/$1/$2" && IFS= read -r line <&3 && [[ $line == SSH-* ]] && printf "%s\n" "$line"' \
    banner "${address%:*}" "${address##*:}"
}
has_banner_target() { [[ ${CFG[guest_ssh]} != - ]]; }

# agent_boot LIMIT: asks the guest agent for the guest's boot id and uptime: sets GUEST_BOOT and GUEST_UP, or returns 1.
agent_boot() {
  GUEST_BOOT='' GUEST_UP=''
  bounded "$1" "${CFG[qm]}" guest exec "${CFG[vmid]}" --timeout "$1" -- cat /proc/sys/kernel/random/boot_id /proc/uptime || return 1
  [[ $OUT =~ ([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})\\n([0-9]{1,12})\. ]] || return 1
  GUEST_BOOT=${BASH_REMATCH[1]} GUEST_UP=${BASH_REMATCH[2]}
}
