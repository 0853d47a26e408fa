import { chmod, mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { directVariable } from "../base/programFolder.ts";
import { claimPath, claimVariable } from "../engine/channels/relay/relayTypes.ts";
import { foregroundCondition } from "./foreground.ts";
import { isServedCondition } from "./servedMark.ts";
import { parseFunction } from "./sshOptions.ts";

/** Environment variables of a terminal, for the wrapper. */
export const wrapperVariables = {
  /** The folder of the sockets. */
  sockets: "SSH_SESSIONS_SOCKETS",
  /** The folder with the host entries. */
  hosts: "SSH_SESSIONS_HOSTS",
  /** The ssh_config that defines these hosts; empty: OpenSSH's default files. */
  config: "SSH_SESSIONS_CONFIG",
  /** If set, the wrapper runs the real program at once. */
  direct: directVariable,
} as const;

/** Marks a folder that contains a wrapper (ours or another editor's) and not the real program. */
const marker = ".ssh-sessions-wrapper";

const findReal = `real=
rest=$PATH:
while [ -n "$rest" ]; do
  dir=\${rest%%:*}
  rest=\${rest#*:}
  case $dir in
    /*) ;;
    *) continue ;;
  esac
  if [ -f "$dir/$name" ] && [ -x "$dir/$name" ] && [ ! -e "$dir/${marker}" ]; then
    real=$dir/$name
    break
  fi
done
if [ -z "$real" ]; then
  echo "$name: command not found" >&2
  exit 127
fi
`;

const ssh = `#!/bin/sh
# Written by the extension SSH Sessions. ssh, git, scp, sftp and rsync in the editor's terminals find it by PATH. Where
# the editor has a connection to the host, ssh uses it; otherwise the real ssh runs.
name=ssh
${findReal}
${parseFunction()}if [ -n "\${${wrapperVariables.direct}}" ] || [ -z "\${${wrapperVariables.hosts}}" ]; then
  exec "$real" "$@"
fi
host=
user=
port=
config=
target=
given=
verbose=
forwards=
native=
# Of a master of ssh, which gets our descriptors. It keeps forwards, its clients send no variables of SetEnv, and those
# with -N start a shell. It reads a terminal itself, also for a client in the background, whose shell would lose keys.
fits_master() {
  case $given in
    *[gN=]*) return 1 ;;
    *n*) return 0 ;;
  esac
  [ ! -t 0 ] || ${foregroundCondition("$$")}
}
# Of the editor. Arguments: what follows the host.
fits_relay() {
  [ -n "$target" ] || return 0
  # A stream to another host, as jump hosts have it, without a command.
  [ $# -lt $OPTIND ] || return 1
  case $target in
    *[!][A-Za-z0-9._:%-]*) return 1 ;;
  esac
  case $given in
    *[!aFlNopqTvWx]*) return 1 ;;
    *v*) verbose=-v ;;
  esac
}
find_socket() {
  parse "$@" || return 1
  shift $((OPTIND - 1))
  [ $# -gt 0 ] || return 1
  host=$1
  shift
  case $host in
    *[!A-Za-z0-9._@:%+-]*|*://*) return 1 ;;
    ?*@?*) [ -n "$user" ] || user=\${host%@*}; host=\${host##*@} ;;
  esac
  parse "$@" || return 1
  case $user,$port in
    *[!A-Za-z0-9._@:%+,-]*) return 1 ;;
  esac
  [ "$config" = "\${${wrapperVariables.config}}" ] || return 1
  # Another user may have made a folder in its place after /tmp was cleaned.
  [ -O "\${${wrapperVariables.sockets}}" ] && [ ! -L "\${${wrapperVariables.sockets}}" ] || return 1
  for entry in "\${${wrapperVariables.hosts}}/$host,$user,$port,"*; do
    socket=\${${wrapperVariables.sockets}}/\${entry##*,}
    pid=\${entry%,*}
    pid=\${pid##*,}
    [ -S "$socket" ] && kill -0 "$pid" 2>/dev/null || continue
    native=
    case \${entry##*,} in
      m*) fits_master || continue; native=yes ;;
      *)
        fits_relay "$@" || continue
        # Nobody answers for a stopped or blocked window.
        ${isServedCondition(`\${${wrapperVariables.sockets}}/now`, "$socket")} || continue
        ;;
    esac
    return 0
  done
  return 1
}
if find_socket "$@"; then
  # Says which program runs ssh, where the system tells (Linux).
  program=
  [ ! -r "/proc/$PPID/comm" ] || read -r program <"/proc/$PPID/comm"
  case $program in
    git|rsync|scp|sftp) ;;
    *) program=ssh ;;
  esac
  if [ -n "$native" ]; then
    # A note for the window that holds the master. Should the master be gone, ssh connects itself.
    { printf %s "$forwards" >"$socket.$$.$program"; } 2>/dev/null
    exec "$real" -S "$socket" -o ControlMaster=no "$@"
  fi
  ${claimVariable}="$program $$"
  export ${claimVariable}
  if [ -n "$target" ]; then
    exec "$real" -F none -a -x -T $verbose -S "$socket-w" -O proxy -o SendEnv=${claimVariable} -s -- "$host" "$target"
  fi
  case $given,\${socket##*/} in
    *N*,p*)
      # Without a session there is no variable: the editor answers this request itself.
      exec "$real" -S "$socket" -O proxy -o SendEnv=${claimVariable} \\
        -o "RemoteForward=${claimPath}$program/$$ /dev/null" "$@"
      ;;
  esac
  exec "$real" -S "$socket" -O proxy -o SendEnv=${claimVariable} "$@"
fi
# For a jump host, ssh runs the program by whose name it was called: with a path the real one, without a path this one.
for entry in "\${${wrapperVariables.hosts}}"/*; do
  if [ -e "$entry" ] && [ -x /bin/bash ]; then
    exec /bin/bash -p -c 'exec -a ssh "$0" "$@"' "$real" "$@"
  fi
  break
done
exec "$real" "$@"
`;

/** These programs start ssh by its full path, so they get the path of the wrapper. */
function copier(name: string): string {
  return `#!/bin/sh
# Written by the extension SSH Sessions: ${name} with the ssh beside this file.
name=${name}
${findReal}
if [ -n "\${${wrapperVariables.direct}}" ] || [ -z "\${${wrapperVariables.hosts}}" ]; then
  exec "$real" "$@"
fi
exec "$real" -S "\${0%/*}/ssh" "$@"
`;
}

/** The files of the folder that comes first in PATH. */
export const wrapperScripts: Readonly<Record<string, string>> = {
  ssh,
  scp: copier("scp"),
  sftp: copier("sftp"),
};

/** Writes the wrapper. Keeps a file that is already up to date, for example because another window wrote it. */
export async function installWrapper(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o755 });
  await put(join(folder, marker), "", 0o644);
  for (const [name, text] of Object.entries(wrapperScripts)) {
    await put(join(folder, name), text, 0o755);
  }
}

/** Replaces the whole file at once: a shell may be reading it. */
async function put(path: string, text: string, mode: number): Promise<void> {
  const there = await readFile(path, "utf8").catch(() => undefined);
  if (there === text) {
    await chmod(path, mode);
    return;
  }
  const temporary = `${path}.${process.pid}`;
  await writeFile(temporary, text, { mode });
  await chmod(temporary, mode);
  await rename(temporary, path);
}
