# The configuration: one file of `key=value` lines, owned by whoever runs the script (root), parsed and never sourced.
# shellcheck shell=bash

declare -gA CFG=()

# Each key with the form its value must have and its default. A key without a default must be given.
readonly PATH_FORM='/[A-Za-z0-9_./:@-]+'
# No leading zero: bash would take 0600 for 384, and 090 for an error that lifts a cooldown.
readonly NUMBER_FORM='0|[1-9][0-9]{0,5}'
readonly CONFIG_KEYS="vmid [1-9][0-9]{2,8}
name [A-Za-z0-9]([A-Za-z0-9.-]{0,61}[A-Za-z0-9])?|- -
autonomy evidence|judgement evidence
guest_ssh [0-9a-fA-F.:]+:[0-9]{1,5}|- -
detach auto|systemd|setsid auto
overrule_shutdown yes|no yes
serial_log $PATH_FORM|- -
qm $PATH_FORM /usr/sbin/qm
pvesm $PATH_FORM /usr/sbin/pvesm
pvesh $PATH_FORM /usr/bin/pvesh
systemd_run $PATH_FORM /usr/bin/systemd-run
state_dir $PATH_FORM /var/lib/breakglass-host
evidence_dir $PATH_FORM /var/lib/breakglass-host/evidence
log $PATH_FORM /var/log/breakglass-host.log
pause_file $PATH_FORM /etc/breakglass-host/pause
run_dir $PATH_FORM /var/run/qemu-server
lock_dir $PATH_FORM /var/lock/qemu-server
tasks_dir $PATH_FORM /var/log/pve/tasks
pve_nodes $PATH_FORM /etc/pve/nodes
ha_resources $PATH_FORM /etc/pve/ha/resources.cfg
proc $PATH_FORM /proc
qemu $PATH_FORM /usr/bin/qemu-system-x86_64
cgroup $PATH_FORM /sys/fs/cgroup/qemu.slice
agent_cooldown $NUMBER_FORM 600
agent_per_hour $NUMBER_FORM 2
human_cooldown $NUMBER_FORM 60
read_timeout $NUMBER_FORM 5
stop_timeout $NUMBER_FORM 20
stop_budget $NUMBER_FORM 120
gone_budget $NUMBER_FORM 10
start_budget $NUMBER_FORM 90
power_budget $NUMBER_FORM 30
reset_budget $NUMBER_FORM 15
guest_budget $NUMBER_FORM 300
forensics_budget $NUMBER_FORM 45
cancel_budget $NUMBER_FORM 60
dump_budget $NUMBER_FORM 900
block_sample $NUMBER_FORM 10
resume_window $NUMBER_FORM 600
memory_reserve_mb $NUMBER_FORM 256
evidence_keep $NUMBER_FORM 50
evidence_keep_mb $NUMBER_FORM 500"

# owned_safely PATH: ours, and writable by nobody else; so is the folder that it lies in, or another could put a file in its place.
owned_safely() {
  local owner mode seen=0
  while read -r owner mode; do
    [[ $owner == "$EUID" ]] || return 1
    (((8#$mode & 8#022) == 0)) || return 1
    seen=$((seen + 1))
  done < <(stat -L -c '%u %a' -- "$1" "${1%/*}" 2>/dev/null)
  ((seen == 2))
}

# config_load FILE: fills CFG, or returns 1 with the reason in CONFIG_PROBLEM. Nothing is guessed: an unknown key or value is a refusal.
config_load() {
  local line key value form default rest number=0
  local -A forms=()
  CONFIG_PROBLEM=''
  [[ $1 =~ ^$PATH_FORM$ && -f $1 ]] || { CONFIG_PROBLEM="there is no configuration file at $1"; return 1; }
  owned_safely "$1" || {
    CONFIG_PROBLEM="$1 or its folder belongs to somebody else or can be written by others: chown root, chmod go-w"
    return 1
  }
  while read -r key form default rest; do
    forms[$key]=$form
    [[ -n $default ]] && CFG[$key]=$default
  done <<<"$CONFIG_KEYS"
  while IFS= read -r line || [[ -n $line ]]; do
    number=$((number + 1))
    [[ $line =~ ^[[:space:]]*(#.*)?$ ]] && continue
    key=${line%%=*} value=${line#*=}
    [[ $line == *=* && $key =~ ^[a-z_]+$ && -n ${forms[$key]:-} ]] || {
      CONFIG_PROBLEM="line $number of $1 is not a known key=value"
      return 1
    }
    [[ $value =~ ^(${forms[$key]})$ ]] || { CONFIG_PROBLEM="line $number of $1: $key has no valid value"; return 1; }
    CFG[$key]=$value
  done <"$1"
  for key in "${!forms[@]}"; do
    [[ -n ${CFG[$key]:-} ]] || { CONFIG_PROBLEM="$1 does not say $key"; return 1; }
  done
  CFG[file]=$1
}
