import { atOnce, inSlices, type Steps } from "../../base/turns.ts";
import {
  type RemoteFacts,
  type RemoteSocket,
  type SshConnection,
  sudoState,
  type TtyTimes,
} from "../remoteFacts.ts";
import type { ScriptPart } from "../remoteScript.ts";
import { parseLoginctl, parseW, parseWho, splitHeading } from "./loginTables.ts";
import { mergeProcesses, parseProcStat, parsePs, psDialects } from "./processTable.ts";
import {
  mergeSockets,
  parseFstat,
  parseNetstat,
  parseSockstat,
  parseSs,
  plainAddress,
} from "./socketTables.ts";
import { ttyName } from "./ttyName.ts";

/** By the name of the part, which the server sends. */
const socketParsers: ReadonlyMap<string, (lines: readonly string[]) => RemoteSocket[]> = new Map([
  ["ss", parseSs],
  ["netstat", parseNetstat],
  ["sockstat", parseSockstat],
  ["fstat", parseFstat],
]);

/** Lines between two steps: of the longest lines, a few milliseconds. */
const sliceLines = 100;

/** Parses the parts that `probeScript` printed, in one go. */
export function parseProbe(parts: readonly ScriptPart[]): RemoteFacts {
  return atOnce(probeSteps(parts));
}

/**
 * Parses the parts that `probeScript` printed, in steps, because a server may print megabytes. Missing parts leave
 * their facts empty.
 */
export function* probeSteps(parts: readonly ScriptPart[]): Steps<RemoteFacts> {
  const part = (name: string): readonly string[] => parts.find((other) => other.name === name)?.lines ?? [];
  const meta = new Map<string, string[]>();
  for (const line of part("meta")) {
    const space = line.indexOf(" ");
    const key = line.slice(0, space);
    const values = meta.get(key) ?? [];
    values.push(line.slice(space + 1).trim());
    meta.set(key, values);
  }
  const one = (key: string): string => meta.get(key)?.[0] ?? "";
  const now = Number(one("now"));
  const ps = parts.find((other) => other.name === "ps");
  const clock = new Map(part("clock").map((line) => line.split(" ") as [string, string]));
  const bootTime = clock.get("btime");
  const socketParts = parts.filter((other) => socketParsers.has(other.name));
  const dialect = psDialects.find((each) => each === ps?.argument);
  const listed =
    ps === undefined || dialect === undefined
      ? []
      : yield* inSlices(ps.lines, sliceLines, (lines) => parsePs(lines, dialect));
  const stats = yield* inSlices(part("procstat"), sliceLines, parseProcStat);
  const recorded = yield* inSlices(part("who"), sliceLines, (lines) => parseWho(lines, now));
  const [heading, rows] = splitHeading(part("w"));
  const watched = yield* inSlices(rows, sliceLines, (lines) => parseW([...heading, ...lines]));
  const sockets: RemoteSocket[] = [];
  for (const { name, lines } of socketParts) {
    for (const found of yield* inSlices(lines, sliceLines, socketParsers.get(name) ?? (() => []))) {
      sockets.push(found);
    }
  }
  return {
    system: one("system"),
    release: one("release"),
    now,
    user: one("user"),
    uid: one("uid") === "" ? undefined : Number(one("uid")),
    probePid: Number(one("pid")),
    connection: parseSshConnection(one("connection")),
    sudo: sudoState(one("sudo")),
    missing: meta.get("missing") ?? [],
    processes: yield* mergeProcesses(listed, stats, {
      bootTime: bootTime === undefined ? undefined : Number(bootTime),
      ticksPerSecond: Number(clock.get("hz") ?? 100),
    }),
    logins: recorded.concat(watched),
    logind: parseLoginctl(part("loginctl")),
    sockets: socketParts.length === 0 ? undefined : yield* mergeSockets(sockets),
    ttys: yield* inSlices(part("tty"), sliceLines, (lines) => lines.flatMap(parseTtyTimes)),
    environments: new Map(
      yield* inSlices(part("environ"), sliceLines, (lines) => lines.flatMap(parseEnvironment)),
    ),
  };
}

/** `client port server port`; undefined for anything else (`UNKNOWN 65535 UNKNOWN 65535` without a socket). */
function parseSshConnection(text: string): SshConnection | undefined {
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
