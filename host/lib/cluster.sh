# What the cluster says of the VM: which node has it, and whether the HA manager does as it likes with it. All of it lies on the cluster's file
# system, which can hang.
# shellcheck shell=bash

# find_other_node: where in the cluster the VM's configuration lies, if not here. Proxmox keeps each in the folder of its node.
find_other_node() {
  local here file
  # shellcheck disable=SC2016 # expanded by the inner shell, from its own arguments
  bounded 2 /bin/bash -p -c 'basename "$(readlink "${1%/*}/local" || cat /proc/sys/kernel/hostname)"; printf "%s\n" "$1"/*/qemu-server/"$2.conf"' \
    nodes "${CFG[pve_nodes]}" "${CFG[vmid]}" || return 0
  here=${OUT%%$'\n'*}
  while IFS= read -r file; do
    [[ $file =~ /([A-Za-z0-9.-]+)/qemu-server/[0-9]+\.conf$ && ${BASH_REMATCH[1]} != "$here" ]] && OTHER_NODE=${BASH_REMATCH[1]}
  done <<<"$OUT"
  return 0
}

# config_missing: sets REASON and HINT for a configuration that read_config did not get.
config_missing() {
  if [[ -n $OTHER_NODE ]]; then
    REASON=on_other_node HINT="VM ${CFG[vmid]} is on the node $OTHER_NODE of this cluster now: it is that host's breakglass-host which can act on it. Nothing was done here"
  else
    REASON=config_unreadable HINT='qm config gave no answer, or none that is a configuration: is pmxcfs (the cluster file system) well? Nothing is touched while a lock may be held.'
  fi
}

# not_under_ha: for a VM of the HA manager, `qm stop` and `qm start` only leave a wish and return; HA acts on it later, and on its own.
not_under_ha() {
  local line mine=no managed=no section=no odd='' MOST=$CONFIG_LIMIT
  bounded "${CFG[read_timeout]}" cat -- "${CFG[ha_resources]}"
  if ((RC == 124)); then
    fail config_unreadable "${CFG[ha_resources]} gave no answer: is pmxcfs (the cluster file system) well?"
    return 1
  fi
  if ((RC != 0)); then
    # No such file: no HA. One that is there and can't be read may say anything.
    # shellcheck disable=SC2016 # expanded by the inner shell, from its own argument
    bounded "${CFG[read_timeout]}" /bin/bash -p -c '[[ ! -e $1 && ! -L $1 ]]' absent "${CFG[ha_resources]}" && return 0
    fail config_unreadable "${CFG[ha_resources]} is there and can't be read, so nobody knows whether the HA manager runs this VM: is pmxcfs (the cluster file system) well?"
    return 1
  fi
  while IFS= read -r line; do
    if [[ $line =~ ^[A-Za-z0-9_-]+:[[:space:]]*[^[:space:]]+[[:space:]]*$ ]]; then
      mine=no section=yes
      [[ $line =~ ^vm:[[:space:]]*"${CFG[vmid]}"[[:space:]]*$ ]] && mine=yes managed=yes
    elif [[ $mine == yes && $line =~ ^[[:space:]]+state[[:space:]]+ignored ]]; then managed=no
    elif [[ ! $line =~ ^[[:space:]]*(#.*)?$ && ! $section:$line =~ ^yes:[[:space:]] ]]; then odd=${odd:-$line}; fi
  done <<<"$OUT"
  if [[ -n $odd ]]; then
    end_of "${odd:0:60}"
    fail config_unreadable "${CFG[ha_resources]} has a line that is no part of such a file (${REPLY//[^[:print:]]/?}), so nobody knows whether the HA manager runs this VM: look at it, then ask again"
    return 1
  fi
  [[ $managed == no ]] && return 0
  fail ha_managed "the HA manager runs this VM: qm stop and start would only ask it, and it acts when it likes. ha-manager set vm:${CFG[vmid]} --state ignored hands it to you; then ask again"
  return 1
}
