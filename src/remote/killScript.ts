import type { KillTarget } from "./remoteSession.ts";

export type KillSignal = "HUP" | "TERM" | "KILL";

/** The outcome for one process. */
export type TargetOutcome =
  /** It ended, after `signal`. */
  | { readonly kind: "ended"; readonly signal: KillSignal }
  /** It had ended before anything was sent. */
  | { readonly kind: "gone" }
  /** The pid now belongs to another process: nothing was sent. */
  | { readonly kind: "changed" }
  /** It carries this very connection: nothing was sent. */
  | { readonly kind: "own" }
  /** We may not signal it. */
  | { readonly kind: "denied" }
  /** It still exists after `signal`. */
  | { readonly kind: "alive"; readonly signal: KillSignal };

/**
 * Checks one process and signals it in the same shell, without any step between: its start must match, or nothing is
 * sent. POSIX has no atomic way to do both, so a pid that is reused within these few instructions would still be hit.
 * `sh -c` runs it, so that `sudo -n` can; no single quotes inside.
 */
const strike = `pid=$1 key=$2 sig=$3
look() {
  case $key in
  ticks:*)
    l=; read -r l <"/proc/$pid/stat" || return 1
    set -- \${l##*) }; state=$1; found=ticks:\${20} ;;
  *)
    set -- $(ps -o stat= -o lstart= -p "$pid"); [ $# -ge 6 ] || return 1
    state=$1; shift; IFS=_; found=lstart:$*; unset IFS ;;
  esac
  case $state in Z*) return 1 ;; esac
}
look || { echo gone; exit; }
[ "$found" = "$key" ] || { echo changed; exit; }
if kill -s "$sig" "$pid"; then
  case $sig$state in HUPT*|TERMT*) kill -s CONT "$pid" ;; esac
  echo sent
elif look; then echo denied
else echo gone
fi`;

/** One word for each target: `PID=KEY`, with `_` for spaces in the key. Other forms never get here. */
function words(targets: readonly KillTarget[]): string[] {
  return targets
    .filter(
      ({ pid, startKey }) =>
        Number.isSafeInteger(pid) && pid > 1 && /^(?:ticks:\d+|lstart:[A-Za-z0-9: ]+)$/.test(startKey),
    )
    .map(({ pid, startKey }) => `${pid}=${startKey.replace(/ /g, "_")}`);
}

/**
 * For `wrapScript`: HUP, then TERM, then KILL when `force`, each followed by a wait of a few seconds that ends as
 * soon as all have exited. Prints `PID OUTCOME SIGNAL` per target.
 */
export function killScript(targets: readonly KillTarget[], force: boolean): string {
  return `strike='${strike}'
strike() { $S /bin/sh -c "$strike" sh "\${1%%=*}" "\${1#*=}" "$2"; }
parent() {
  if [ "$OS" = Linux ]; then { read -r l <"/proc/$1/stat" && set -- \${l##*) } && echo "$2"; }
  else ps -o ppid= -p "$1" | tr -d ' '
  fi
}
own=" $$ " p=$$
while p=$(parent "$p"); do
  case $p in ''|0|1|*[!0-9]*) break ;; esac
  own="$own$p "
done
part results
rest='${words(targets).join(" ")}'
first=yes
for sig in ${force ? "HUP TERM KILL" : "HUP TERM"}; do
  sent=
  for t in $rest; do
    case $own in *" \${t%%=*} "*) echo "\${t%%=*} own"; continue ;; esac
    r=$(strike "$t" "$sig")
    case $r in
    sent) sent="$sent $t" ;;
    gone|changed) if [ $first = yes ]; then echo "\${t%%=*} $r"; else echo "\${t%%=*} ended $last"; fi ;;
    *) echo "\${t%%=*} denied" ;;
    esac
  done
  first=no last=$sig rest=$sent turns=0
  while [ -n "$rest" ] && [ $turns -lt 15 ]; do
    sleep 0.2 || { sleep 1; turns=$((turns+4)); }
    turns=$((turns+1)) left=
    for t in $rest; do
      case $(strike "$t" 0) in
      gone|changed) echo "\${t%%=*} ended $sig" ;;
      *) left="$left $t" ;;
      esac
    done
    rest=$left
  done
  [ -n "$rest" ] || break
done
for t in $rest; do echo "\${t%%=*} alive $last"; done`;
}

/** Parses the `results` part. Targets without a result are left out. */
export function parseKillResults(lines: readonly string[]): Map<number, TargetOutcome> {
  const outcomes = new Map<number, TargetOutcome>();
  for (const line of lines) {
    const match = /^(\d+) (ended|gone|changed|own|denied|alive)(?: (HUP|TERM|KILL))?$/.exec(line);
    const kind = match?.[2] as TargetOutcome["kind"] | undefined;
    const signal = match?.[3] as KillSignal | undefined;
    if (match === null || kind === undefined) {
      continue;
    }
    if (kind === "ended" || kind === "alive") {
      if (signal !== undefined) {
        outcomes.set(Number(match[1]), { kind, signal });
      }
    } else {
      outcomes.set(Number(match[1]), { kind });
    }
  }
  return outcomes;
}
