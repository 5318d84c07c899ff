# The files and devices behind the VM's disks, and who has them open.
# shellcheck shell=bash

# there PATH: whether it exists, or hangs so that nobody can tell, which is for whoever looks for holders to say. Keeps REPLY.
there() {
  local path=$1
  [[ -z $path ]] || bounded 3 test -e "$path" || ((RC == 124))
  local code=$?
  REPLY=$path
  return "$code"
}

# know_disks: an op that goes on after a crash has not asked yet.
declare -gA NEXT=()
declare -ga VOLUMES=() DISK_PATHS=()
know_disks() {
  ((${#DISK_PATHS[@]} > 0)) || { read_pending "${CFG[read_timeout]}" && disk_paths; }
  return 0
}

# disk_paths: sets DISK_PATHS from NEXT, as far as they can be resolved.
disk_paths() {
  local volume
  DISK_PATHS=()
  disk_volumes
  for volume in "${VOLUMES[@]}"; do volume_path "$volume" && [[ -n $REPLY ]] && there "$REPLY" && DISK_PATHS+=("$REPLY"); done
  return 0
}

# disks_free OWN_PID: nobody but our own process has the VM's disks open, or one of its scope, as the TPM's emulator is, which ends with it.
# QEMU's image locks do not cover block devices; this does.
disks_free() {
  local pid path ours=' ' unknown=''
  ((${#DISK_PATHS[@]} > 0)) || return 0
  bounded 10 "$LIBEXEC/holders" "${CFG[proc]}" 2 "${DISK_PATHS[@]}" ||
    unknown='the process table could not be read in time, so nobody knows who holds the disks'
  if [[ -n ${1:-} ]]; then
    scope_pids
    ours=" $1 $REPLY "
  fi
  while read -r pid path; do
    case $pid in
      '') ;;
      on) [[ -z $unknown || $ours == *" ${path%% *} "* ]] || unknown+=" (process ${path%% *} has a file open there)" ;;
      hangs) who_hangs "${path%% *}" "${path#* }" && unknown=$REPLY ;;
      *)
        [[ $ours != *" $pid "* ]] || continue
        REASON=disk_held HINT="process $pid has $path open: a second writer would destroy it"
        return 1
        ;;
    esac
  done <<<"$OUT"
  [[ -n $unknown ]] && ! holders_overridden || return 0
  REASON=holders_unknown
  HINT="$unknown. For a start, a person who has looked may answer for it: breakglass-admin override holders REASON"
  return 1
}

# who_hangs PID MOUNT: sets REPLY to words. PID is 0 where the VM's own disk can't be looked at.
who_hangs() {
  REPLY="the storage mounted on $2, where a disk of this VM lies, gives no answer: whether process $1 has the disk open can't be told"
  [[ $2 != */"$1/fd" ]] || REPLY="process $1 gives no answer when it is asked for its open files, so whether it has a disk of this VM open can't be told: look at it (ps -fp $1)"
  [[ $1 != 0 ]] || REPLY="the storage mounted on $2, where a disk of this VM lies, gives no answer: mend it first"
  return 0
}

# holders_overridden: a person at the host looked, and answers for it that nobody else has the disks open; for one start of a person's.
holders_overridden() {
  [[ $VERB == start && ${J[identity]:-} == human ]] || return 1
  [[ ${J[override]:-} == holders ]] || { override_taken holders && note override=holders alarm=holders_overridden; }
}
