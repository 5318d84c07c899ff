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

# is_our_vm PID: its command line says exactly our VMID or our pidfile; 1020 is not 102. Known once, it stays so for that pid and start time.
# The kernel may keep the reader of a hanging process's command line waiting: then the pidfile's word stands.
is_our_vm() {
  [[ ${KNOWN_VM:-} == "$1 $P_START" ]] && return 0
  pidfile
  bounded 3 "$LIBEXEC/procscan" vm "${CFG[proc]}" "${CFG[vmid]}" "$REPLY" "$1"
  ((RC == 124)) || [[ $OUT == "$1" ]] || return 1
  KNOWN_VM="$1 $P_START"
}

# find_qemu: sets VM_PID, VM_START, VM_STATE, or returns 1 when the process table holds no such process. The pidfile is the quick way;
# its absence proves nothing. Returns 2 when the process table could not be read in time.
find_qemu() {
  local pid='' file
  VM_PID='' VM_START='' VM_STATE=''
  pidfile
  file=$REPLY
  { read -r pid <"$file"; } 2>/dev/null
  if ! { [[ $pid =~ ^[0-9]+$ ]] && process_of "$pid" && is_our_vm "$pid"; }; then
    bounded 5 "$LIBEXEC/procscan" vm "${CFG[proc]}" "${CFG[vmid]}" "$file" || return 2
    pid=''
    local candidate
    while read -r candidate; do
      [[ $candidate =~ ^[0-9]+$ ]] && process_of "$candidate" && pid=$candidate && break
    done <<<"$OUT"
    [[ -n $pid ]] || return 1
    process_of "$pid" || return 1
  fi
  VM_PID=$pid VM_START=$P_START VM_STATE=$P_STATE
}

# others_readable: the whole process table but for our own VM can be read. Where one hangs in the kernel a reader of its command line may hang
# with it, and once our VM is gone nobody could tell that none runs: better known before it is stopped.
others_readable() {
  pidfile
  bounded 5 "$LIBEXEC/procscan" vm "${CFG[proc]}" "${CFG[vmid]}" "$REPLY" "-${VM_PID:-0}"
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

# qmp_facts LIMIT: sets QMP (ok, late, refused), RUN_STATE, QMP_MS, BLOCK (read and written bytes and operations as one word), BLOCK_AT.
qmp_facts() {
  launch_qmp "$1" facts
  collect "$REPLY"
  read_qmp_facts
}
read_qmp_facts() {
  local word
  local -A fact=()
  QMP=refused RUN_STATE=unknown QMP_MS=$MS BLOCK='' BLOCK_AT=''
  case $RC in
    0) QMP=ok ;;
    124) QMP=late ;;
  esac
  [[ $QMP == ok ]] || return 1
  for word in $OUT; do fact[${word%%=*}]=${word#*=}; done
  RUN_STATE=${fact[state]:-unknown} QMP_MS=${fact[ms]:-$MS}
  BLOCK="${fact[rd_operations]:-}.${fact[wr_operations]:-}.${fact[rd_bytes]:-}.${fact[wr_bytes]:-}"
  monotonic_ms
  BLOCK_AT=$REPLY
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
  [[ $OUT =~ ([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})\\n([0-9]+)\. ]] || return 1
  GUEST_BOOT=${BASH_REMATCH[1]} GUEST_UP=${BASH_REMATCH[2]}
}
