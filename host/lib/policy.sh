# Who may do what now: cooldowns, pause file, the budget of the agent. Enforced here, so that a caller who bypasses the orchestrator gains
# nothing.
# shellcheck shell=bash
#
# The ledger holds a line for each power event, written before it happens: `<op> <verb> <identity> <host boot id> <seconds since boot> ;`.
# No wall clock: turning it forwards must not shorten a cooldown, turning it back must not lengthen one.

ledger() { REPLY="${CFG[state_dir]}/ledger"; }

# ledger_add VERB: before the event, so that a crash in between counts it rather than forgets it. Returns 1 when it can't be counted: then
# there is to be no event.
ledger_add() {
  local line
  boot_moment
  line="$OP $1 ${J[identity]} $REPLY ;"
  ledger_write "$line" && return 0
  rm -f "${CFG[state_dir]}/reserve"
  ledger_write $'\n'"$line"
}
ledger_write() {
  ledger
  { mend_end "$REPLY" && printf '%s\n' "$1" >>"$REPLY"; } 2>/dev/null && synced "$REPLY"
}

# power_ages: sets AGES to the seconds since each reset or cycle, newest last. What happened before the host's last boot is at least as old
# as this boot, and that is all that is believed of it.
power_ages() {
  local op verb identity boot up end moment
  AGES=()
  boot_moment
  moment=$REPLY
  ledger
  [[ -f $REPLY ]] || return 0
  while read -r op verb identity boot up end; do
    [[ $end == ';' && $verb =~ ^(reset|cycle)$ && $up =~ ^[0-9]+$ ]] || continue
    if [[ $boot == "${moment% *}" ]]; then AGES+=($((${moment#* } - up))); else AGES+=("${moment#* }"); fi
  done < <(tail -n 2000 "$REPLY")
}

# cooldown_left IDENTITY: sets REPLY to the seconds that this identity still waits before a reset or cycle.
cooldown_left() {
  local age left=0 wait spare
  local -a in_hour=()
  wait=${CFG[human_cooldown]}
  [[ $1 == agent ]] && wait=${CFG[agent_cooldown]}
  power_ages
  for age in "${AGES[@]}"; do
    ((wait - age > left)) && left=$((wait - age))
    ((age < 3600)) && in_hour+=("$age")
  done
  spare=$((${#in_hour[@]} - CFG[agent_per_hour]))
  if [[ $1 == agent ]] && ((spare >= 0)); then
    # Enough of them must leave the hour for one more to fit.
    age=${in_hour[$spare]:-0}
    ((3600 - age > left)) && left=$((3600 - age))
  fi
  REPLY=$left
}

# is_addressee: a client that names a VM means this one, or it has the wrong host, key or configuration. Asked before anything else is done.
is_addressee() {
  if [[ -n $REQUEST_VM && $REQUEST_VM != "${CFG[vmid]}" ]]; then
    refuse_addressee "VM $REQUEST_VM was meant, and this key is for VM ${CFG[vmid]}"
  fi
  if [[ -n $REQUEST_NAME && ${CFG[name]} != - && $REQUEST_NAME != "${CFG[name]}" ]]; then
    refuse_addressee "VM ${CFG[vmid]} named $REQUEST_NAME was meant, and this host's is named ${CFG[name]}"
  fi
  within_bounds stop-wait "$REQUEST_STOP_WAIT" stop_budget
  within_bounds guest-wait "$REQUEST_GUEST_WAIT" guest_budget
}
refuse_addressee() {
  log "verb=$VERB refused=other_vm"
  answer 'done' failed other_vm "$1: nothing was done. See breakglass.vmid and name in the client's lamplighter.yaml, and to which host it speaks"
}
within_bounds() {
  [[ -n $2 ]] && (($2 > CFG[$3])) || return 0
  answer 'done' failed wait_too_long "$1=$2 is longer than this host allows ($3=${CFG[$3]} s): nothing was done"
}

# named_as_meant: the VM bears the name that the client, or this host's configuration, knows it by. An id is given anew once its VM is gone.
named_as_meant() {
  local meant=${J[meant]:-${CFG[name]}}
  [[ $meant == - || $VM_NAME == "$meant" ]] && return 0
  fail other_vm "VM ${CFG[vmid]} is named ${VM_NAME:-nothing} in Proxmox, and $meant was meant: nothing was done. If it is the right one, correct the name in lamplighter.yaml or in this host's configuration"
  return 1
}

# admit IDENTITY VERB: sets REASON and HINT and returns 1 when policy says no. `start` needs no cooldown: towards running is the safe way.
admit() {
  if [[ $1 == agent && -e ${CFG[pause_file]} ]]; then
    REASON=paused HINT="somebody paused the agent by ${CFG[pause_file]}; people's keys still work"
    return 1
  fi
  [[ $2 == reset || $2 == cycle ]] || return 0
  cooldown_left "$1"
  ((REPLY == 0)) && return 0
  if [[ $1 == human ]] && override_taken cooldown; then return 0; fi
  REASON=cooldown HINT="the last reset or cycle was too recent: $REPLY s to wait as $1. A person at the host can lift it once: breakglass-admin override cooldown REASON"
  return 1
}

# override_taken KIND: a person at the host wrote it with a reason, for one use within five minutes.
override_taken() {
  local file="${CFG[state_dir]}/override.$1" kind reason boot up end moment
  [[ -f $file ]] && owned_safely "$file" || return 1
  read -r kind boot up end reason <"$file"
  rm -f "$file" || return 1
  boot_moment
  moment=$REPLY
  [[ $end == ';' && $boot == "${moment% *}" ]] && ((${moment#* } - up <= 300 && ${moment#* } >= up)) || return 1
  log "op=${OP:--} override=$kind reason=$reason"
}

# take_turn: at most four requests of one key for status are under way at once. A crowd of them would keep the monitor, which serves
# one client at a time, from those who need it, and make a healthy machine look silent. Where no lock can be written nobody is turned away.
take_turn() {
  local number file="${CFG[state_dir]}/turn.$IDENTITY.$VERB"
  for number in 1 2 3 4; do
    { exec 6>>"$file.$number"; } 2>/dev/null || return 0
    flock -n 6 && return 0
  done
  # None is free: one of them will be, mostly.
  { exec 6>>"$file.$((SRANDOM % 4 + 1))"; } 2>/dev/null
  flock -w 1 6 || answer 'done' failed busy "four requests of $IDENTITY for $VERB are under way: ask again"
}
