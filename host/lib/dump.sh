# What only a person may ask for, and only at the host: an NMI, and a dump of the guest's memory. Sourced by breakglass-admin alone, so that no
# key can reach it.
# shellcheck shell=bash

# A dump beside it must not fill the disk that the host lives on.
readonly DUMP_RESERVE_KIB=1048576

# alone_with_machine: QEMU runs and answers, and no op is under way, nor will one begin before this ends.
alone_with_machine() {
  exec 9>>"${CFG[state_dir]}/run.lock"
  flock -n 9 || { say 'refused: an op is under way; breakglass-admin ops shows it'; exit 1; }
  find_qemu || { say 'refused: there is no QEMU process'; exit 1; }
  qmp_facts 5 || { say 'refused: QMP does not answer, and this goes through it'; exit 1; }
}

# monitor_said COMMAND: sets REPLY to what the monitor answered, or ends with its refusal.
monitor_said() {
  launch_qmp 10 raw "$1"
  collect "$REPLY"
  REPLY=$OUT
  ((RC == 0)) && [[ $OUT != *'"error"'* ]] && return 0
  end_of "$OUT"
  log "admin=${1%%:*} refused=$REPLY"
  say "QEMU refused: $REPLY"
  exit 1
}

# send_nmi REASON: a guest that is set up for it panics, and kdump keeps what it was doing.
send_nmi() {
  need_reason "$1"
  alone_with_machine
  log "admin=nmi pid=$VM_PID reason=$1"
  monitor_said inject-nmi
  say 'the guest was sent an NMI; what it makes of that is on its console'
}

# dump_memory FOLDER REASON: the VM stands still while it is written, and goes on by itself, even if this script is killed.
dump_memory() {
  local folder=$1 bytes free file deadline
  need_reason "$2"
  [[ $folder =~ ^$PATH_FORM$ && -d $folder ]] && owned_safely "$folder" || {
    say "refused: $folder must be a folder of root's, in one of root's, that nobody else can write to: the dump holds every secret of the guest"
    exit 1
  }
  alone_with_machine
  monitor_said query-memory-size-summary
  [[ $REPLY =~ \"base-memory\":([0-9]+) ]] || { say 'refused: QEMU did not say how much memory the guest has'; exit 1; }
  bytes=${BASH_REMATCH[1]}
  bounded 5 df --output=avail -k -- "$folder"
  free=${OUT##*$'\n'}
  [[ ${free// /} =~ ^[0-9]+$ ]] && ((free >= bytes / 1024 + DUMP_RESERVE_KIB)) || {
    say "refused: the guest has $((bytes / 1048576)) MiB and $((DUMP_RESERVE_KIB / 1024)) MiB are to stay free; $folder has ${free// /} KiB"
    exit 1
  }
  new_op_id
  file="$folder/vm-${CFG[vmid]}-$REPLY.elf"
  log "admin=dump-memory pid=$VM_PID file=$file reason=$2"
  monitor_said "dump-guest-memory:{\"paging\":false,\"detach\":true,\"protocol\":\"file:$file\"}"
  deadline_in "${CFG[dump_budget]}"
  deadline=$REPLY
  until monitor_said query-dump && [[ $REPLY =~ \"status\":\"(completed|failed)\" ]]; do
    left_until "$deadline"
    ((REPLY > 0)) || { say "it is still being written after ${CFG[dump_budget]} s, and the VM stands still until it is: see query-dump in qm monitor"; exit 1; }
    rest 0.5
  done
  [[ ${BASH_REMATCH[1]} == completed ]] || { rm -f -- "$file"; say 'QEMU could not write the dump; the VM goes on'; exit 1; }
  sync -- "$file"
  say "$file holds the guest's memory, with every secret in it: encrypt it, and remove it here"
}
