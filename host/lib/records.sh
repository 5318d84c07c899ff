# Which records are kept, of ops and of evidence. A record is what makes a repeat harmless and what tells people later what happened: nobody may
# push out what is somebody else's.
# shellcheck shell=bash
#
# So room is made within classes: what has turned the power, by whose key, which a cooldown keeps few; what has not, by whose key; and what
# belongs to nobody (a reader's bundle, a folder that its client left behind when it died).

# class_of OP: sets REPLY to turned-human, turned-agent, rest-human, rest-agent or nobody.
class_of() {
  local text=''
  ops_dir
  { IFS= read -r -d '' text <"$REPLY/$1/journal"; } 2>/dev/null
  REPLY=nobody
  [[ $text =~ ^[0-9]+\ accept\ [a-z]+\ (human|agent)\  ]] || return 0
  REPLY="rest-${BASH_REMATCH[1]}"
  [[ $text != *' note intent='* ]] || REPLY="turned-${BASH_REMATCH[1]}"
}

# class_of_bundle FOLDER: that of the op that captured it.
class_of_bundle() {
  local op=''
  { read -r op <"$1/op"; } 2>/dev/null
  REPLY=nobody
  [[ ! $op =~ ^[0-7][0-9A-Z]{25}$ ]] || class_of "$op"
}

# prune_ops: of each class the newest 200 are kept, and up to 2,000 of the last day.
prune_ops() {
  local at folder yesterday
  local -A count=()
  local -a gone=()
  epoch_ms
  yesterday=$((REPLY / 1000 - 86400))
  ops_dir
  while IFS=' ' read -r at folder; do
    class_of "${folder##*/}"
    count[$REPLY]=$((${count[$REPLY]:-0} + 1))
    ((count[$REPLY] > 200)) || continue
    ((count[$REPLY] > 2000 || ${at%.*} < yesterday)) && gone+=("$folder")
  done < <(timeout 10 find "$REPLY" -mindepth 1 -maxdepth 1 -type d -name '[0-7]*' -printf '%T@ %p\n' | sort -rn)
  ((${#gone[@]} == 0)) || bounded 30 rm -rf -- "${gone[@]}"
}

# prune_evidence: each class of bundles by count, all of them by bytes; the oldest go first, ids sort by time. An id of a time to come is of a
# clock that was set back since: it goes first. What a capture that was killed has left is cleared away; one that is under way is not.
prune_evidence() {
  local folder now id class kib=0 size MOST=1048576
  local -A count=() sizes=()
  local -a past=() future=() gone=()
  new_op_id
  now=${REPLY:0:10}
  in_time find "${CFG[evidence_dir]}" -mindepth 1 -maxdepth 1 -name '*.partial' -mmin +10 -exec rm -rf {} +
  in_time find "${CFG[evidence_dir]}" -mindepth 1 -maxdepth 1 -type d -name '[0-7]*' ! -name '*.partial' && [[ -n $OUT ]] || return 0
  while IFS= read -r folder; do
    id=${folder##*/}
    if [[ ${id:0:10} > $now ]]; then future+=("$folder"); else past+=("$folder"); fi
  done < <(sort -r <<<"$OUT")
  in_time du -sk -- "${past[@]}" "${future[@]}"
  while read -r size folder; do [[ -z $folder ]] || sizes[$folder]=$size; done <<<"$OUT"
  # Those that matter most are counted first: what is over the number of its class, or over the bytes of all, goes.
  for class in turned-human turned-agent rest-human rest-agent nobody; do
    for folder in "${past[@]}" "${future[@]}"; do
      class_of_bundle "$folder"
      [[ $REPLY == "$class" ]] || continue
      [[ ${folder##*/} != "$EVIDENCE" ]] || continue
      count[$class]=$((${count[$class]:-0} + 1))
      kib=$((kib + ${sizes[$folder]:-0}))
      ((count[$class] < CFG[evidence_keep] && kib <= CFG[evidence_keep_mb] * 1024)) || gone+=("$folder")
    done
  done
  ((${#gone[@]} == 0)) || in_time rm -rf -- "${gone[@]}"
  return 0
}
