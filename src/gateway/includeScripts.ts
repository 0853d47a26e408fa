import { createHash } from "node:crypto";
import { claimVariable } from "../engine/channels/relay/relayTypes.ts";
import { foregroundCondition } from "../share/foreground.ts";
import { isServedCondition } from "../share/servedMark.ts";
import { parseFunction } from "../share/sshOptions.ts";
import { wrapperVariables } from "../share/wrapperScripts.ts";

/**
 * Decides for a `Match exec` of our blocks whether this `ssh` can use the connection: `probe SOCKET NOW
 * CONFIG HOST,USER,PORT...`. It fails for our own calls, where nobody listens or answers at the socket, and for options
 * that the connection can't serve. Without a socket it starts no program. NOW: the file by which a served socket of ours
 * is known; empty for a master of `ssh`.
 */
const probe = `# Written by the extension SSH Sessions. ssh runs it for hosts to which an editor has a connection.
[ -z "\${${wrapperVariables.direct}}" ] && [ -S "$1" ] && [ -O "$1" ] || exit 1
if [ -n "$2" ]; then
  ${isServedCondition("$2", "$1")} || exit 1
elif ! ${foregroundCondition("$PPID")}; then
  # A master of ssh reads a terminal itself, also for a client in the background, whose shell would lose keys.
  input=/proc/$PPID/fd/0
  [ -e "$input" ] && { [ ! -c "$input" ] || [ "$input" -ef /dev/null ]; } || exit 1
fi
if [ -r "/proc/$PPID/cmdline" ]; then
  exec xargs -0 /bin/sh "\${0%/*}/judge-\${0##*-}" "$#" "$@" <"/proc/$PPID/cmdline"
fi
set -f
exec /bin/sh "\${0%/*}/judge-\${0##*-}" "$#" "$@" $(ps -ww -o command= -p "$PPID")
`;

const judge = `# Written by the extension SSH Sessions: see the file probe beside it.
# Arguments: how many follow, those of probe, and the command line of ssh.
count=$1
shift
socket=$1
now=$2
expected=$3
shift 3
served=
while [ "$count" -gt 3 ]; do
  served="$served $1 "
  shift
  count=$((count - 1))
done
[ "\${1##*/}" = ssh ] || exit 1
shift
user=
port=
config=
${parseFunction(["f"])}parse "$@" || exit 1
shift $((OPTIND - 1))
[ $# -gt 0 ] || exit 1
host=$1
shift
case $host in
  *[!A-Za-z0-9._@:+-]*) exit 1 ;;
  ?*@?*) [ -n "$user" ] || user=\${host%@*}; host=\${host##*@} ;;
esac
parse "$@" || exit 1
case $user,$port in
  *[!A-Za-z0-9._@:+,-]*) exit 1 ;;
esac
[ "$config" = "$expected" ] || exit 1
# A client of a master of ssh waits for its command with -f, starts a shell with -N, and sends no SetEnv.
case $now,$given in
  ,*[fN=]*) exit 1 ;;
esac
case $served in
  *" $host,$user,$port "*) ;;
  *) exit 1 ;;
esac
${wrapperVariables.direct}=1
export ${wrapperVariables.direct}
exec ssh -F none -S "$socket" -O check -- gateway >/dev/null 2>&1
`;

/** The ProxyCommand: `connect SOCKET`. ssh itself connects to the socket, so no other program is needed. */
const connect = `# Written by the extension SSH Sessions: leads ssh to a connection of an editor.
program=
parent=
[ ! -r "/proc/$PPID/stat" ] || read -r _ _ _ parent _ <"/proc/$PPID/stat"
[ -z "$parent" ] || [ ! -r "/proc/$parent/comm" ] || read -r program <"/proc/$parent/comm"
case $program in
  git|rsync|scp|sftp) ;;
  *) program=ssh ;;
esac
${claimVariable}="$program $PPID"
${wrapperVariables.direct}=1
export ${claimVariable} ${wrapperVariables.direct}
exec ssh -F none -a -x -T -o LogLevel=QUIET -o SendEnv=${claimVariable} -S "$1" -O proxy -s -- gateway ssh-sessions-gateway
`;

/** Files of another version stay usable for those who have read their names. */
const version = createHash("sha256").update(probe).update(judge).update(connect).digest("hex").slice(0, 8);

export const includeScriptNames = {
  probe: `probe-${version}`,
  connect: `connect-${version}`,
} as const;

/** Of any version, by its name and how it begins. */
export function isIncludeScript(name: string, text: string): boolean {
  return (
    /^(?:probe|judge|connect)-[0-9a-f]{8}$/.test(name) && text.startsWith("# Written by the extension SSH")
  );
}

/** By their names, in the folder of the included files. */
export const includeScripts: Readonly<Record<string, string>> = {
  [includeScriptNames.probe]: probe,
  [`judge-${version}`]: judge,
  [includeScriptNames.connect]: connect,
};
