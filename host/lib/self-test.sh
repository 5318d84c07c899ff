# `--self-test`: is everything here that a rescue will need? Reads and asks only.
# shellcheck shell=bash

# check_that NAME REMEDY COMMAND…: one line for each question.
check_that() {
  local name=$1 remedy=$2
  shift 2
  if "$@" >/dev/null 2>&1; then
    printf 'ok      %s\n' "$name"
  else
    printf 'FAILED  %s: %s\n' "$name" "$remedy"
    FAILURES=$((FAILURES + 1))
  fi
}

self_test() {
  local file tool
  FAILURES=0
  check_that 'configuration' 'see the reason below, and breakglass-host(8)' config_load "$1"
  if [[ -n $CONFIG_PROBLEM ]]; then
    printf '        %s\n' "$CONFIG_PROBLEM"
    exit 1
  fi
  for file in "$SELF" "$HOME_DIR"/lib/grammar.sh "$LIBEXEC"/qmp "$LIBEXEC"/procscan "$LIBEXEC"/bounded "$LIBEXEC"/holders; do
    check_that "ownership of ${file##*/}" "chown root, chmod go-w: whoever can write $file is root" owned_safely "$file"
  done
  for tool in flock timeout setsid sync sha256sum perl find sed; do
    check_that "tool $tool" 'it comes with every Debian: what happened to this host?' command -v "$tool"
  done
  check_that 'perl modules' 'apt install perl' perl -MJSON::PP -MIO::Socket::UNIX -MTime::HiRes -e 1
  check_that 'state directory' "mkdir -p ${CFG[state_dir]}/ops, owned by root" test -w "${CFG[state_dir]}/ops"
  check_that 'evidence directory' "mkdir -p ${CFG[evidence_dir]}, owned by root" test -w "${CFG[evidence_dir]}"
  check_that "qm config ${CFG[vmid]}" 'is the VMID right, does pmxcfs answer?' read_config "${CFG[read_timeout]}"
  check_that "qm pending ${CFG[vmid]}" 'does pmxcfs answer?' read_pending "${CFG[read_timeout]}"
  check_that "the pidfile's process is a QEMU that is known here" \
    "it runs $(readlink "${CFG[proc]}/$(pidfile_pid)/exe"): where that is this host's QEMU, name it as qemu= in the configuration" pidfile_is_known
  HINT=''
  find_qemu
  can_start "$VM_PID"
  check_that 'it could be started again' "$HINT" can_start "$VM_PID"
  self_test_running
  printf '%s\n' "$( ((FAILURES == 0)) && echo 'all well' || echo "$FAILURES failed")"
  ((FAILURES == 0))
}

# pidfile_is_known: a QEMU that runs another file than those that are known would be taken for no VM at all.
pidfile_pid() {
  local pid=''
  pidfile
  { read -r pid <"$REPLY"; } 2>/dev/null
  printf '%s' "${pid:-0}"
}
pidfile_is_known() {
  local pid
  pid=$(pidfile_pid)
  process_of "$pid" || return 0
  scan_qemus && [[ $'\n'$OUT == *$'\n'"$pid vm"* ]]
}

self_test_running() {
  if ! find_qemu; then
    printf 'note    the VM is off: QMP, guest agent and banner were not asked\n'
    return 0
  fi
  check_that 'QMP' 'is something else connected to the monitor? It serves one client at a time' qmp_facts 5
  read_config "${CFG[read_timeout]}"
  if [[ $AGENT == yes ]]; then
    check_that 'guest agent' 'apt install qemu-guest-agent in the guest: a reset is proven by the boot id that it tells' agent_boot 5
  else printf 'note    no guest agent is configured: a reset can then never be proven (result unknown)\n'; fi
  has_banner_target || printf 'note    guest_ssh is not set: whether the guest came up is known from the agent alone\n'
}
