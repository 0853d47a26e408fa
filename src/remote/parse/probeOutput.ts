import type { RemoteFacts, RemoteSocket, SshConnection, SudoState, TtyTimes } from "../remoteFacts.ts";
import type { ScriptPart } from "../remoteScript.ts";
import { parseLoginctl, parseW, parseWho } from "./loginTables.ts";
import { mergeProcesses, type PsDialect, parseProcStat, parsePs } from "./processTable.ts";
import {
  mergeSockets,
  parseFstat,
  parseNetstat,
  parseSockstat,
  parseSs,
  plainAddress,
} from "./socketTables.ts";
import { ttyName } from "./ttyName.ts";

const socketParsers: Readonly<Record<string, (lines: readonly string[]) => RemoteSocket[]>> = {
  ss: parseSs,
  netstat: parseNetstat,
  sockstat: parseSockstat,
  fstat: parseFstat,
};

/** Makes facts of the parts that `probeScript` printed. Parts that are not there leave their facts empty. */
export function parseProbe(parts: readonly ScriptPart[]): RemoteFacts {
  const part = (name: string): readonly string[] => parts.find((other) => other.name === name)?.lines ?? [];
  const meta = new Map<string, string[]>();
  for (const line of part("meta")) {
    const space = line.indexOf(" ");
    const key = line.slice(0, space);
    meta.set(key, [...(meta.get(key) ?? []), line.slice(space + 1).trim()]);
  }
  const one = (key: string): string => meta.get(key)?.[0] ?? "";
  const now = Number(one("now"));
  const ps = parts.find((other) => other.name === "ps");
  const clock = new Map(part("clock").map((line) => line.split(" ") as [string, string]));
  const bootTime = clock.get("btime");
  const socketParts = parts.filter((other) => socketParsers[other.name] !== undefined);
  return {
    system: one("system"),
    release: one("release"),
    now,
    user: one("user"),
    uid: one("uid") === "" ? undefined : Number(one("uid")),
    probePid: Number(one("pid")),
    connection: parseSshConnection(one("connection")),
    sudo: one("sudo") as SudoState,
    missing: meta.get("missing") ?? [],
    processes: mergeProcesses(
      ps === undefined ? [] : parsePs(ps.lines, ps.argument as PsDialect),
      parseProcStat(part("procstat")),
      {
        bootTime: bootTime === undefined ? undefined : Number(bootTime),
        ticksPerSecond: Number(clock.get("hz") ?? 100),
      },
    ),
    logins: [...parseWho(part("who"), now), ...parseW(part("w"))],
    logind: parseLoginctl(part("loginctl")),
    sockets:
      socketParts.length === 0
        ? undefined
        : mergeSockets(socketParts.flatMap((other) => socketParsers[other.name]?.(other.lines) ?? [])),
    ttys: part("tty").flatMap(parseTtyTimes),
    environments: new Map(part("environ").flatMap(parseEnvironment)),
  };
}

/** `client port server port`; undefined for anything else (`UNKNOWN 65535 UNKNOWN 65535` without a socket). */
export function parseSshConnection(text: string): SshConnection | undefined {
  const [client, clientPort, server, serverPort] = text.trim().split(" ");
  if (client === undefined || server === undefined || client === "UNKNOWN" || serverPort === undefined) {
    return undefined;
  }
  return {
    clientAddress: plainAddress(client),
    clientPort: Number(clientPort),
    serverAddress: plainAddress(server),
    serverPort: Number(serverPort),
  };
}

function parseTtyTimes(line: string): TtyTimes[] {
  const match = /^(\S+) (\d+) (\d+)$/.exec(line);
  const tty = ttyName(match?.[1] ?? "");
  return match === null || tty === undefined
    ? []
    : [{ tty, inputAt: Number(match[2]), outputAt: Number(match[3]) }];
}

function parseEnvironment(line: string): [number, SshConnection][] {
  const match = /^\/proc\/(\d+)\/environ SSH_CONNECTION=(.*)$/.exec(line);
  const connection = parseSshConnection(match?.[2] ?? "");
  return match === null || connection === undefined ? [] : [[Number(match[1]), connection]];
}
