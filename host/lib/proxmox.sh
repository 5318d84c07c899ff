# What Proxmox VE knows of the VM: its configuration, staged changes, lock, disks, storage. Every question has its own time limit, because
# all of it lives on the cluster's file system, which can hang.
# shellcheck shell=bash

# A configuration may be as large as the cluster file system allows: its lock is behind its notes.
readonly CONFIG_LIMIT=1048576

# read_config LIMIT: sets CONFIG (raw), LOCK, VM_NAME, AGENT (yes, no). Returns 1 when it can't be read in time, or what came is no configuration: then
# nothing about it is known. OTHER_NODE names the node of the cluster that has it now.
read_config() {
  local MOST=$CONFIG_LIMIT
  launch "$1" "${CFG[qm]}" config "${CFG[vmid]}" --current 1
  collect "$REPLY"
  learn_config
}
learn_config() {
  local line
  CONFIG='' LOCK='' VM_NAME='' AGENT=no OTHER_NODE=''
  if ((RC != 0)) || [[ ! $'\n'$OUT =~ $'\n'[a-z][a-z0-9_]*:\  ]]; then
    ((RC == 124)) || find_other_node
    return 1
  fi
  CONFIG=$OUT
  while IFS= read -r line; do
    case $line in
      'lock: '*) LOCK=${line#lock: } ;;
      'name: '*) VM_NAME=${line#name: } ;;
      'agent: '*) [[ $line =~ (^agent:\ 1|enabled=1) ]] && AGENT=yes ;;
    esac
  done <<<"$CONFIG"
  return 0
}

# read_pending LIMIT: sets NEXT, the configuration that the next start applies (current and staged merged), and PENDING, how many changes
# are staged. The incident of a boot disk that only the staged configuration lost is why this, and not the running one, is judged.
read_pending() {
  local MOST=$CONFIG_LIMIT
  launch "$1" "${CFG[qm]}" pending "${CFG[vmid]}"
  collect "$REPLY"
  learn_pending
}
learn_pending() {
  local kind key value
  declare -gA NEXT=()
  PENDING='' PENDING_TEXT=''
  # A VM has a configuration: an answer without a line of it is none.
  ((RC == 0)) && [[ $'\n'$OUT =~ $'\n'(cur|new|del)\  ]] || return 1
  PENDING_TEXT=$OUT
  PENDING=0
  while read -r kind key value; do
    key=${key%:}
    # What is no name of an option is counted, and goes no further: bash would expand it once more as an index.
    [[ $key =~ ^[A-Za-z0-9_-]+$ ]] || { [[ ! $kind =~ ^(new|del)$ ]] || PENDING=$((PENDING + 1)); continue; }
    case $kind in
      cur) NEXT[$key]=${NEXT[$key]:-$value} ;;
      new) NEXT[$key]=$value PENDING=$((PENDING + 1)) ;;
      del) PENDING=$((PENDING + 1)) GONE+=" $key" ;;
    esac
  done <<<"$OUT"
  for key in ${GONE:-}; do unset "NEXT[$key]"; done
  GONE=''
}

is_disk_key() { [[ $1 =~ ^(scsi|virtio|sata|ide|efidisk|tpmstate)[0-9]+$ ]]; }

# disk_volumes: sets VOLUMES to the `storage:volume` or absolute path of each disk of NEXT that is not an empty or CD drive.
disk_volumes() {
  local key volume
  VOLUMES=()
  for key in "${!NEXT[@]}"; do
    is_disk_key "$key" || continue
    volume=${NEXT[$key]%%,*}
    [[ ${NEXT[$key]} == *media=cdrom* || $volume == none ]] && continue
    VOLUMES+=("$volume")
  done
}

# volume_path VOLUME: sets REPLY to the file or device behind it, or to nothing where QEMU opens it by itself (librbd, iSCSI, Gluster), so that
# this host has nothing to look at. Returns 1 when there is no such volume.
volume_path() {
  REPLY=$1
  [[ $1 == /* ]] && return 0
  bounded "${CFG[read_timeout]}" "${CFG[pvesm]}" path "$1" || return 1
  REPLY=${OUT##*$'\n'}
  [[ $REPLY == /* ]] && return 0
  [[ $REPLY =~ ^[a-z][a-z0-9+]*: ]] || return 1
  REPLY=''
}

# can_start: everything that `qm start` would trip over, asked while the old process still runs. Sets REASON and HINT, or returns 0.
# Call with the pid of our own running process, or nothing.
can_start() {
  local own=${1:-}
  read_pending "${CFG[read_timeout]}" || {
    REASON=config_unreadable HINT='qm pending gave no answer: is pmxcfs (the cluster file system) well? What cannot be read cannot be started.'
    return 1
  }
  pending_is_whole && boot_device_exists && storages_active && disks_free "$own" && memory_free "$own"
}

# pending_is_whole: each disk of the configuration is spoken of, as kept, changed or taken away. Half an answer would leave a disk unlooked at.
pending_is_whole() {
  local line key
  while IFS= read -r line; do
    key=${line%%:*}
    is_disk_key "$key" || continue
    [[ $'\n'$PENDING_TEXT$'\n' =~ $'\n'(cur|new|del)\ "$key"[:$' \n'] ]] && continue
    REASON=config_unreadable HINT="qm pending does not speak of $key, which the configuration has: half an answer. Ask again; is pmxcfs (the cluster file system) well?"
    return 1
  done <<<"$CONFIG"
}

boot_device_exists() {
  local order device found=''
  local -a devices=()
  if [[ ${NEXT[boot]:-} =~ order=([^,]*) ]]; then
    order=${BASH_REMATCH[1]}
    IFS=';' read -r -a devices <<<"$order"
  elif [[ -n ${NEXT[bootdisk]:-} ]]; then devices=("${NEXT[bootdisk]}"); else return 0; fi
  for device in "${devices[@]}"; do
    [[ $device == net* || (-n ${NEXT[$device]:-} && ${NEXT[$device]} != none*) ]] && found=yes
    is_disk_key "$device" && [[ -z ${NEXT[$device]:-} ]] && { found=''; break; }
  done
  [[ -n $found ]] && return 0
  REASON=boot_device_missing
  HINT="the configuration that the next start applies boots from ${order:-${NEXT[bootdisk]:-nothing}}, and not all of that exists: mend it with qm set --boot"
  return 1
}

storages_active() {
  local volume storage
  DISK_PATHS=()
  disk_volumes
  for volume in "${VOLUMES[@]}"; do
    if [[ $volume != /* ]]; then
      storage=${volume%%:*}
      bounded "${CFG[read_timeout]}" "${CFG[pvesm]}" status --storage "$storage" &&
        [[ $'\n'$OUT$'\n' =~ $'\n'"$storage"[[:space:]]+[^[:space:]]+[[:space:]]+active[[:space:]] ]] || {
        REASON=storage_inactive HINT="storage $storage, which holds $volume, is not active"
        return 1
      }
    fi
    if ! volume_path "$volume" || ! there "$REPLY"; then
      REASON=disk_missing HINT="$volume is in the configuration and does not exist"
      return 1
    fi
    [[ -z $REPLY ]] || DISK_PATHS+=("$REPLY")
  done
}

# Of more digits than any machine has memory, bash would make another number.
readonly MEMORY_FORM='^[1-9][0-9]{0,8}$'
# wanted_memory: sets REPLY to the MiB of NEXT, as they are written there.
wanted_memory() {
  REPLY=${NEXT[memory]:-512}
  REPLY=${REPLY#current=} REPLY=${REPLY%%,*}
}

memory_free() {
  local key value available=0 own=0 wanted
  wanted_memory
  wanted=$REPLY
  [[ $wanted =~ $MEMORY_FORM ]] || {
    REASON=memory_short HINT="the next start would ask for ${wanted:0:40} MiB of memory, which no host has: mend it with qm set --memory"
    return 1
  }
  while read -r key value _; do
    [[ $key == MemAvailable: ]] && available=$((value / 1024))
  done 2>/dev/null <"${CFG[proc]}/meminfo"
  if [[ -n ${1:-} ]]; then
    while read -r key value _; do
      [[ $key == VmRSS: ]] && own=$((value / 1024))
    done 2>/dev/null <"${CFG[proc]}/$1/status"
  fi
  ((available + own >= wanted + CFG[memory_reserve_mb])) && return 0
  REASON=memory_short
  HINT="the VM wants $wanted MiB and ${CFG[memory_reserve_mb]} MiB are to stay free; $available MiB are, and $own MiB come back when it stops"
  return 1
}

# lock_reason LOCK: the typed reason for refusing under a lock, with what a person can do.
lock_reason() {
  REASON="lock_${1//[^a-z-]/_}" REASON=${REASON//-/_}
  case $1 in
    backup) HINT='a backup holds the VM. Cutting the power now would wreck it: wait, or cancel the task (breakglass-admin shows it), then ask again.' ;;
    suspended) HINT='the VM is suspended to disk: resume it with qm resume; a power verb would lose its state' ;;
    *) HINT="the VM is locked by a $1 that has not ended: see its task, and qm unlock only when you know that it is dead" ;;
  esac
}
