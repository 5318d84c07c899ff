# Clock, waiting, bounded commands, log, JSON. Nothing here knows what a virtual machine is.
# shellcheck shell=bash

# The clock that no administrator and no NTP server can turn: the kernel's, since boot. Deadlines are reckoned on it.
monotonic_ms() {
  local up
  read -r up _ </proc/uptime
  REPLY=$((10#${up/./} * 10))
}

epoch_ms() { REPLY=$((10#${EPOCHREALTIME/[.,]/} / 1000)); }

# deadline_in SECONDS: sets REPLY to the moment; left_until MOMENT: sets REPLY to the seconds left, 0 when it has passed.
deadline_in() {
  monotonic_ms
  REPLY=$((REPLY + $1 * 1000))
}
left_until() {
  monotonic_ms
  REPLY=$((($1 - REPLY + 999) / 1000))
  ((REPLY > 0)) || REPLY=0
}

# rest SECONDS: waits without starting a process. A pipe that nobody writes to never answers before the time is up.
exec {NEVER}<> <(:)
rest() { read -r -t "$1" -u "$NEVER" _; return 0; }

# await SECONDS PAUSE COMMAND…: asks again and again, with a pause in between. Returns 1 when the answer was no until the time was over.
await() {
  local deadline pause=$2
  deadline_in "$1"
  deadline=$REPLY
  shift 2
  until "$@"; do
    left_until "$deadline"
    ((REPLY > 0)) || return 1
    rest "$pause"
  done
}

readonly OUTPUT_LIMIT=65536
# launch LIMIT COMMAND…: starts a command that can't outlive LIMIT seconds and keeps its output for collect (libexec/bounded). Sets REPLY to its
# handle. Several may run at once. The locks' descriptors (5, 6, 8, 9) are closed for it: whatever daemon is born here, or hangs in the kernel,
# must not hold a lock of ours for its whole life. MOST is how much of its output is wanted.
declare -gA LAUNCH_PID=() LAUNCH_LIMIT=() LAUNCH_AT=()
launch() {
  local fd at limit=$1
  shift
  # Before it begins: on a busy machine it may have ended by the time that we go on.
  monotonic_ms
  at=$REPLY
  exec {fd}< <(
    exec 6>&- 8>&-
    [[ -n ${EFFECT:-} ]] || exec 5>&- 9>&-
    exec "$LIBEXEC/bounded" "$limit" "${MOST:-$OUTPUT_LIMIT}" "${EFFECT:--}" "$@" </dev/null 2>/dev/null
  )
  LAUNCH_PID[$fd]=$! LAUNCH_LIMIT[$fd]=$limit LAUNCH_AT[$fd]=$at
  REPLY=$fd
}

# collect HANDLE: sets OUT (what it said, capped), CODE (its own status; 124 when it was out of time), RC (the same, but for an answer of which
# a part is missing: 123, for what can't be read whole is not known) and MS. A process that even SIGKILL does not end (it hangs in the kernel)
# is left behind: nobody waits for it.
collect() {
  local fd=$1 left ended='' more='' cut=no
  monotonic_ms
  left=$((LAUNCH_AT[$fd] + LAUNCH_LIMIT[$fd] * 1000 + 2000 - REPLY))
  # Even where the time is over: what was said long ago still has to be read, and a pipe is read byte by byte. One that is silent is not
  # waited for again.
  if ((left < 2000)) && read -r -t 0 -u "$fd"; then left=2000; fi
  ((left > 0)) || left=1
  OUT=''
  printf -v left '%d.%03d' $((left / 1000)) $((left % 1000))
  # On a busy machine that takes longer than any fixed time: as long as more comes, it is read on.
  while :; do
    IFS= read -r -d '' -t "$left" -u "$fd" more
    RC=$? left=0.5
    OUT+=$more
    ((RC > 128)) && [[ -n $more ]] || break
  done
  CODE=124
  if [[ ${OUT##*$'\n'} =~ ^#rc=([0-9]{1,3})\ ([0-9]+)\ (yes|no)$ ]]; then
    CODE=${BASH_REMATCH[1]} ended=${BASH_REMATCH[2]} cut=${BASH_REMATCH[3]} OUT=${OUT%$'\n'*}
    ((CODE == 137)) && CODE=124
  else kill -TERM "${LAUNCH_PID[$fd]}" 2>/dev/null; fi
  RC=$CODE
  [[ $RC:$cut != 0:yes ]] || RC=123
  exec {fd}<&-
  monotonic_ms
  MS=$((${ended:-$REPLY} - LAUNCH_AT[$fd]))
  while [[ $OUT == *$'\n' ]]; do OUT=${OUT%$'\n'}; done
  return 0
}

# bounded LIMIT COMMAND…: launch and collect. Returns 0 when the command ended well and all that it said is known.
bounded() {
  launch "$@"
  collect "$REPLY"
  return "$RC"
}

# redact [SECONDS]: a filter that ends in time. Secrets that Proxmox keeps in a configuration, options of a QEMU command line in an error, and
# whatever is named like a secret, also percent-encoded as in a VM's notes. Values go, names stay.
redact() {
  local sep="([=: ]|%3A|%3D|%20)+" value="[^ ,\"']+"
  timeout -k 1 "${1:-5}" sed -E -e 's/^((cur|new) )?(cipassword|sshkeys|args|hookscript|cicustom)(:).*/\1\3\4 [redacted]/' \
    -e "s/(command '[^ ']+) .*(' failed)/\1 [redacted]\2/" -e 's/((kvm|qemu[a-z0-9_-]*): -[a-z0-9_-]+) .*: /\1 [redacted]: /' \
    -e "s/((pass(word|wd|phrase)?|token|secret|api_?key|private_?key)[\"']?$sep)$value/\1[redacted]/Ig" \
    -e "s/(key[\"']?[=:]+|secret,[^ ]*data=)$value/\1[redacted]/Ig" -e "s/((bearer|basic) )$value/\1[redacted]/Ig" \
    -e 's#(://[^ /:@]+:)[^ /@]+@#\1[redacted]@#g' -e '/-----BEGIN [A-Z ]*PRIVATE KEY-----/,/-----END/s/.*/[redacted key]/' 5>&- 8>&- 9>&-
}

# end_of TEXT: sets REPLY to its last 200 characters on one line, for a hint and the log, which a client and others read.
end_of() {
  REPLY=$(redact <<<"$1")
  REPLY=${REPLY//$'\n'/ / }
  ((${#REPLY} <= 200)) || REPLY=${REPLY: -200}
}

say() { printf 'breakglass: %s\n' "$*" >&2; }

# log WORDS: one line in the host's own log. A full disk must not stop a rescue, so a line that can't be written is lost.
log() {
  local line
  # Once: a line that a crash tore must not swallow what comes next.
  [[ -n ${LOG_MENDED:-} ]] || { LOG_MENDED=yes; mend_end "${CFG[log]:-/dev/null}" 2>/dev/null; }
  printf -v line '%(%Y-%m-%dT%H:%M:%S%z)T vm=%s identity=%s from=%s %s' -1 "${CFG[vmid]:--}" "${IDENTITY:--}" "${CLIENT:--}" "$*"
  { printf '%s\n' "${line//[^[:print:]]/?}" >>"${CFG[log]:-/dev/null}"; } 2>/dev/null
  return 0
}

# json_string TEXT: sets REPLY. Bytes that are not printable ASCII become '?': what a machine printed is data, not our document's syntax.
json_string() {
  local text=${1//\\/\\\\}
  text=${text//\"/\\\"}
  text=${text//$'\n'/\\n}
  text=${text//$'\t'/ }
  REPLY="\"${text//[^[:print:]]/?}\""
}
# json_or_null TEXT
json_or_null() { if [[ -n $1 && $1 != - ]]; then json_string "$1"; else REPLY=null; fi; }
# json_number TEXT: a number, or null where there is none.
json_number() { if [[ $1 =~ ^-?[0-9]+$ ]]; then REPLY=$1; else REPLY=null; fi; }
# json_time EPOCH_MS
json_time() {
  if [[ $1 =~ ^[0-9]+$ ]]; then
    TZ=UTC0 printf -v REPLY '"%(%Y-%m-%dT%H:%M:%S)T.%03dZ"' $(($1 / 1000)) $(($1 % 1000))
  else REPLY=null; fi
}

# synced PATH…: on the disk. Returns 124 where that did not take it in time; it is not waited for as long again. What was collected last stays as
# it is.
synced() {
  local OUT RC CODE MS REPLY
  bounded "${DISK_PATIENCE:-10}" sync -- "$@" && return 0
  ((RC != 124)) || DISK_PATIENCE=1
  return "$RC"
}

# write_durably FILE TEXT: whole or not at all, and still there after a power cut.
write_durably() {
  local partial="$1.partial.$BASHPID"
  printf '%s\n' "$2" >"$partial" 2>/dev/null && synced "$partial" && mv -f "$partial" "$1" 2>/dev/null && synced "${1%/*}" && return 0
  rm -f "$partial"
  return 1
}
