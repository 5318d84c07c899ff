#!/bin/sh
# Inside a sandbox: starts servers on loopback, waits until each answers, runs a command with them, and ends as it ended.
#
#   services.sh (postgres BIN PORT TEMPLATE | redis BIN PORT -)… -- COMMAND…
#
# The first line on stderr is the word below once every server answers; without it the command was not run, and stderr
# says why. Nothing is stopped here: the servers end with the sandbox, which ends with this script.
READY='lamplighter: the services answer'
ROOT=/run/services

start() { # kind bin port template
  dir=$ROOT/$1-$3
  mkdir "$dir"
  case $1 in
    postgres)
      cp -R -p "$4" "$dir/data"
      set -- "$2/postgres" -D "$dir/data" -p "$3" -k "$dir"
      ;;
    redis)
      set -- "$2/redis-server" --port "$3" --bind 127.0.0.1 --unixsocket "$dir/socket" --dir "$dir" --save ''
      ;;
  esac
  # A session of its own: what the command's runner signals to its group does not reach the server. None of the
  # command's variables either.
  setsid env -i PATH=/usr/bin:/bin LANG=C.UTF-8 "$@" </dev/null >"$dir/log" 2>&1 &
  echo $! >"$dir/pid"
}

# On the server's own socket: another server on the same port is no answer.
answers() { # kind bin port
  case $1 in
    postgres) "$2/pg_isready" -q -h "$ROOT/$1-$3" -p "$3" ;;
    redis) [ "$("$2/redis-cli" -s "$ROOT/$1-$3/socket" ping 2>/dev/null)" = PONG ] ;;
  esac
}

await() { # kind bin port
  tries=0
  until answers "$@"; do
    tries=$((tries + 1))
    if [ $tries -gt 3000 ] || ! kill -0 "$(cat "$ROOT/$1-$3/pid")" 2>/dev/null; then
      echo "the service $1 on port $3 did not start: $(tail -n 8 "$ROOT/$1-$3/log")" >&2
      exit 125
    fi
    sleep 0.01
  done
  wc -c <"$ROOT/$1-$3/log" >"$ROOT/$1-$3/seen"
}

# Only what came since the command began.
tell() { # kind bin port
  said=$(tail -c "+$(($(cat "$ROOT/$1-$3/seen") + 1))" "$ROOT/$1-$3/log" | tail -n 20)
  kill -0 "$(cat "$ROOT/$1-$3/pid")" 2>/dev/null || echo "--- the service $1 on port $3 ended before the command" >&2
  [ -z "$said" ] || printf -- '--- the service %s on port %s logged\n%s\n' "$1" "$3" "$said" >&2
}

started=
while [ "$1" != -- ]; do
  start "$1" "$2" "$3" "$4"
  started="$started $1 $2 $3"
  shift 4
done
shift

each() { # function, then kind bin port of every service
  then=$1
  shift
  while [ $# -gt 0 ]; do
    "$then" "$1" "$2" "$3"
    shift 3
  done
}

# Unquoted on purpose: none of the words holds a space.
each await $started
echo "$READY" >&2
# A runner that signals its whole group must not take away the one who tells how it ended. Caught, not ignored: the
# command itself gets these signals as they are.
trap : HUP INT QUIT TERM
"$@"
code=$?
[ $code -eq 0 ] || each tell $started
exit $code
