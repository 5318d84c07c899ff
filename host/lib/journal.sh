# What an op did, on disk before and after each thing it does. The result that a client gets is read from here and from nowhere else.
# shellcheck shell=bash
#
# ops/<op>/journal holds one event a line, `<epoch ms> <event> <words…> ;`, each synced before the next thing happens. A line that a crash
# tore has no ` ;` at its end and is ignored. Words are of a small alphabet, so that no value can look like syntax.

readonly WORD_FORM='^[A-Za-z0-9_.:,/=+-]+$'

ops_dir() { REPLY="${CFG[state_dir]}/ops"; }

# journal_append EVENT WORD…: returns 1 when the line is not safely on disk. A full disk gives way once: a reserve is kept for this.
journal_append() {
  local line word
  epoch_ms
  line=$REPLY
  for word; do
    [[ $word =~ $WORD_FORM ]] || word=${word//[^A-Za-z0-9_.:,\/=+-]/_}
    line+=" ${word:--}"
  done
  if ! journal_write "$line ;"; then
    rm -f "${CFG[state_dir]}/reserve"
    # On a line of its own: half of the first try may be there.
    journal_write $'\n'"$line ;" || { log "op=$OP journal can't be written: $line"; return 1; }
    log "op=$OP alarm=disk_full the reserve was given up for the journal"
  fi
  journal_learn "$line"
}
journal_write() {
  { printf '%s\n' "$1" >>"$OP_DIR/journal"; } 2>/dev/null || return 1
  synced "$OP_DIR/journal" && return 0
  # Once the power was touched, a disk that takes no more within seconds must not hold the VM off: what is lost with the host's next crash is
  # found out anew then.
  (($? == 124)) && [[ -n ${J[intent]:-} ]] && log "op=$OP alarm=journal_not_synced"
}

# journal_create OP VERB IDENTITY [key=value…]: the op exists from here on. Called under the admission lock, for an op that has no readable journal: a
# folder without one is what a caller left that died here before, and its request is simply made again.
journal_create() {
  local now
  ops_dir
  OP=$1 OP_DIR="$REPLY/$1"
  journal_forget
  mkdir -p "$OP_DIR" 2>/dev/null || { rm -f "${CFG[state_dir]}/reserve" && mkdir -p "$OP_DIR" 2>/dev/null; } || return 1
  [[ ! -e $OP_DIR/journal ]] || rm -f "$OP_DIR/journal"
  # What bears a time to come was written under a clock that was set back since: this op is the newest all the same.
  find "${OP_DIR%/*}" -mindepth 1 -maxdepth 2 -newermt now -exec touch -c {} + 2>/dev/null
  boot_moment
  now=$REPLY
  journal_append accept "$2" "$3" "${now%% *}" "${now##* }" "${@:4}" && synced "$OP_DIR" "${OP_DIR%/*}"
}

# boot_moment: sets REPLY to `<boot id of the host> <seconds since that boot>`.
boot_moment() {
  local id='' up='0'
  { read -r id <"${CFG[proc]}/sys/kernel/random/boot_id"; } 2>/dev/null
  { read -r up _ <"${CFG[proc]}/uptime"; } 2>/dev/null
  REPLY="${id:-unknown} ${up%.*}"
}

# What the journal says: J for single facts, PHASES in their order, and for each phase when it began, when it was done, and how.
journal_forget() {
  declare -gA J=() PHASE_BEGUN=() PHASE_DONE=() PHASE_RESULT=() PHASE_REASON=()
  PHASES=()
}

# journal_load OP: returns 1 when there is no such op.
journal_load() {
  local line
  ops_dir
  OP=$1 OP_DIR="$REPLY/$1"
  journal_forget
  [[ -f $OP_DIR/journal ]] || return 1
  while IFS= read -r line; do
    [[ $line == *' ;' ]] && journal_learn "${line% ;}"
  done <"$OP_DIR/journal"
  [[ -n ${J[verb]:-} ]]
}

journal_learn() {
  local at event rest word
  read -r at event rest <<<"$1"
  local -a words=()
  read -r -a words <<<"$rest"
  case $event in
    accept) J[accepted]=$at J[verb]=${words[0]} J[identity]=${words[1]} J[boot]=${words[2]} J[up]=${words[3]} ;;
    begin)
      [[ -n ${PHASE_BEGUN[${words[0]}]:-} ]] || PHASES+=("${words[0]}")
      PHASE_BEGUN[${words[0]}]=${PHASE_BEGUN[${words[0]}]:-$at}
      ;;
    done) PHASE_DONE[${words[0]}]=$at PHASE_RESULT[${words[0]}]=${words[1]} PHASE_REASON[${words[0]}]=${words[2]:--} ;;
    end) J[finished]=$at J[result]=${words[0]} J[reason]=${words[1]:--} ;;
  esac
  for word in "${words[@]}"; do
    [[ $word == *=* ]] && J[${word%%=*}]=${word#*=}
  done
  return 0
}

# mend_end FILE: a torn last line must not swallow the next one.
mend_end() {
  local last
  [[ -s $1 ]] || return 0
  last=$(tail -c 1 "$1"; printf x)
  [[ $last == $'\nx' ]] || printf '\n' >>"$1"
}

# begun PHASE, succeeded PHASE
begun() { [[ -n ${PHASE_BEGUN[$1]:-} ]]; }
finished() { [[ -n ${PHASE_DONE[$1]:-} ]]; }

# new_op_id: sets REPLY to a ULID, for a client that sent none.
new_op_id() {
  local alphabet=0123456789ABCDEFGHJKMNPQRSTVWXYZ id='' index value
  epoch_ms
  value=$REPLY
  for index in {1..10}; do
    id=${alphabet:$((value & 31)):1}$id
    value=$((value >> 5))
  done
  for index in {1..16}; do id+=${alphabet:$((SRANDOM & 31)):1}; done
  REPLY=$id
}

# unfinished_op: sets REPLY to an op that has begun and not ended, or to nothing. There is at most one, because a second is refused as busy.
# All are looked at, newest first: ids are the clients', and the clock may have been set back since.
unfinished_op() {
  local journal=''
  local -a newest=()
  ops_dir
  while read -r _ journal; do newest+=("$journal"); done < <(
    find "$REPLY" -mindepth 2 -maxdepth 2 -name journal -printf '%T@ %p\n' 2>/dev/null | sort -rn
  )
  REPLY=''
  ((${#newest[@]} > 0)) || return 0
  # What was never wholly accepted is no op, or it would keep the VM busy for ever.
  read -r journal < <(grep -l -E '^[0-9]+ accept .* ;$' "${newest[@]}" | xargs -r grep -L -E '^[0-9]+ end .* ;$')
  journal=${journal%/journal}
  REPLY=${journal##*/}
}
