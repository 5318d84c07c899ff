# What the host's own kernel and network tell for a bundle of evidence.
# shellcheck shell=bash

# disks_now: a sample of the kernel's disk counters; sets DISKS and DISKS_AT.
disks_now() {
  DISKS=''
  { IFS= read -r -d '' -n "$OUTPUT_LIMIT" DISKS <"${CFG[proc]}/diskstats"; } 2>/dev/null
  monotonic_ms
  DISKS_AT=$REPLY
}

# disk_rates FIRST FIRST_AT: sets REPLY to what iostat would say of the time since that sample, for each disk that was ever used: reads,
# writes and KiB a second, milliseconds a request took, requests in flight, share of the time in which it was busy.
disk_rates() {
  local line ms
  local -A before=()
  local -a f=() b=()
  disks_now
  ms=$((DISKS_AT - $2))
  ((ms > 0)) || ms=1
  while read -r line; do
    read -r -a f <<<"$line"
    ((${#f[@]} >= 13)) && before[${f[2]}]=$line
  done <<<"$1"
  REPLY="over $ms ms"$'\n''disk reads/s writes/s read_KiB/s written_KiB/s ms_a_request in_flight busy_%'
  while read -r line; do
    read -r -a f <<<"$line"
    ((${#f[@]} >= 13 && f[3] + f[7] > 0)) && [[ -n ${before[${f[2]}]:-} ]] || continue
    read -r -a b <<<"${before[${f[2]}]}"
    local requests=$((f[3] - b[3] + f[7] - b[7])) waited=$((f[6] - b[6] + f[10] - b[10]))
    REPLY+=$'\n'"${f[2]} $(((f[3] - b[3]) * 1000 / ms)) $(((f[7] - b[7]) * 1000 / ms)) $(((f[5] - b[5]) * 500 / ms)) $(((f[9] - b[9]) * 500 / ms))"
    REPLY+=" $((requests > 0 ? waited / requests : 0)) ${f[11]} $(((f[12] - b[12]) * 100 / ms))"
  done <<<"$DISKS"
}

# network_items: is the guest on the network at all, and is it the one that we know? A failure is an answer too.
network_items() {
  local address=${CFG[guest_ssh]%:*} port=${CFG[guest_ssh]##*:}
  keep_files neighbours "${CFG[proc]}/net/arp"
  has_banner_target || return 0
  item ping 4 ping -n -c 2 -W 1 "$address"
  # shellcheck disable=SC2016 # expanded by the inner shell, from its own arguments
  item host-key 5 /bin/bash -p -c 'keys=$(ssh-keyscan -T 4 -t ed25519 -p "$1" "$2" 2>&1) && printf "%s\n" "$keys" && ssh-keygen -l -f - <<<"$keys"' \
    host-key "$port" "$address"
}

# serial_item: the end of what the guest said on its serial port, where somebody keeps it in a file.
serial_item() {
  [[ ${CFG[serial_log]} != - ]] || return 0
  item serial 3 tail -c 32768 -- "${CFG[serial_log]}"
}
