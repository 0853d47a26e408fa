import { type Steps, stepsOver } from "../../base/turns.ts";
import type { RemoteProcess } from "../remoteFacts.ts";
import { parseLstart } from "./remoteTime.ts";
import { ttyName, ttyOfNumber } from "./ttyName.ts";

/** The columns that the probe requested from `ps`, the argument of its `ps` part. */
export const psDialects = ["full", "busybox", "plain"] as const;
export type PsDialect = (typeof psDialects)[number];

const lstart = String.raw`([A-Z][a-z]{2} [A-Z][a-z]{2} +\d{1,2} \d\d:\d\d:\d\d \d{4})`;
/**
 * What follows each quantifier can't match it, and the end matches anything (`s`): so a row that does not fit is
 * refused in linear time.
 */
const rows: Record<PsDialect, RegExp> = {
  // pid ppid pgid uid user tty stat lstart args
  full: new RegExp(String.raw`^ *(\d+) +(\d+) +(\d+) +(-?\d+) +(\S+) +(\S+) +(\S+) +${lstart} ?(.*)$`, "s"),
  // pid ppid pgid user tty stat args
  busybox: /^ *(\d+) +(\d+) +(\d+) +(\S+) +(\S+) +([A-Z]\S*) +(.*)$/s,
  // PID USER VSZ STAT COMMAND, or PID USER TIME COMMAND
  plain: /^ *(\d+) +(\S+) +(?:\d+m?g? +([A-Z][A-Z<N ]{0,3}) +|\d+(?:h\d*)?:\d\d +)(.*)$/s,
};

/** Lines that are not rows (the heading, a second line of arguments with a newline in them) are left out. */
export function parsePs(lines: readonly string[], dialect: PsDialect): RemoteProcess[] {
  return lines.flatMap((line) => {
    const match = rows[dialect].exec(line);
    return match === null ? [] : [fromRow(match.slice(1), dialect)];
  });
}

function fromRow(columns: readonly (string | undefined)[], dialect: PsDialect): RemoteProcess {
  const text = (index: number): string => columns[index] ?? "";
  switch (dialect) {
    case "full": {
      const start = text(7).replace(/ +/g, " ");
      return {
        pid: Number(text(0)),
        ppid: Number(text(1)),
        pgid: Number(text(2)),
        uid: Number(text(3)),
        user: text(4),
        tty: ttyName(text(5)),
        ...stateOf(text(6)),
        foregroundPgid: undefined,
        startedAt: parseLstart(text(7)),
        startKey: `lstart:${start}`,
        args: text(8).trim(),
      };
    }
    case "busybox":
      return {
        pid: Number(text(0)),
        ppid: Number(text(1)),
        pgid: Number(text(2)),
        uid: undefined,
        user: text(3),
        tty: ttyName(text(4)),
        ...stateOf(text(5)),
        foregroundPgid: undefined,
        startedAt: undefined,
        startKey: undefined,
        args: text(6).trim(),
      };
    case "plain":
      return {
        pid: Number(text(0)),
        ppid: 0,
        pgid: undefined,
        uid: undefined,
        user: text(1),
        tty: undefined,
        ...stateOf(text(2) === "" ? "S" : text(2)),
        foregroundPgid: undefined,
        startedAt: undefined,
        startKey: undefined,
        args: text(3).trim(),
      };
  }
}

/** First letter: the state; `s` session leader, `+` in the foreground (procps and the BSDs alike). */
function stateOf(stat: string): Pick<RemoteProcess, "state" | "sessionLeader" | "foreground"> {
  return { state: stat.slice(0, 1), sessionLeader: stat.includes("s", 1), foreground: stat.includes("+") };
}

/** One process of /proc/PID/stat (proc(5)). */
export interface ProcStat {
  readonly pid: number;
  readonly comm: string;
  readonly state: string;
  readonly ppid: number;
  readonly pgid: number;
  readonly session: number;
  readonly tty: string | undefined;
  readonly foregroundPgid: number;
  /** Clock ticks since boot. */
  readonly startTicks: number;
}

/** `comm` may contain spaces and parentheses: the last `)` ends it. */
export function parseProcStat(lines: readonly string[]): ProcStat[] {
  return lines.flatMap((line) => {
    const end = line.lastIndexOf(")");
    const head = /^(\d+) \((.*)$/s.exec(line.slice(0, Math.max(0, end)));
    const tail = /^\) (\S) (.*)$/s.exec(line.slice(Math.max(0, end)));
    const numbers = (tail?.[2] ?? "").split(" ").map(Number);
    const [ppid, pgid, session, tty, foregroundPgid] = numbers;
    const startTicks = numbers[18];
    if (
      head === null ||
      tail === null ||
      ppid === undefined ||
      pgid === undefined ||
      session === undefined ||
      tty === undefined ||
      foregroundPgid === undefined ||
      startTicks === undefined
    ) {
      return [];
    }
    const [, pid = "", comm = ""] = head;
    const [, state = ""] = tail;
    return [
      {
        pid: Number(pid),
        comm,
        state,
        ppid,
        pgid,
        session,
        tty: ttyOfNumber(tty),
        foregroundPgid,
        startTicks,
      },
    ];
  });
}

/**
 * On Linux, /proc is the authority for everything but the arguments and the owner. A process in only one of both
 * lists started or ended in between and is left out, unless ps is all that there is.
 */
export function* mergeProcesses(
  listed: readonly RemoteProcess[],
  stats: readonly ProcStat[],
  clock: { readonly bootTime: number | undefined; readonly ticksPerSecond: number },
): Steps<RemoteProcess[]> {
  if (stats.length === 0) {
    return [...listed];
  }
  const byPid = new Map<number, RemoteProcess>();
  yield* stepsOver(listed, 1000, (process) => byPid.set(process.pid, process));
  const merged: RemoteProcess[] = [];
  yield* stepsOver(stats, 500, (stat) => {
    const process = byPid.get(stat.pid);
    if (process === undefined) {
      return;
    }
    merged.push({
      pid: stat.pid,
      ppid: stat.ppid,
      pgid: stat.pgid,
      foregroundPgid: stat.foregroundPgid > 0 ? stat.foregroundPgid : undefined,
      sessionLeader: stat.session === stat.pid,
      foreground: stat.tty !== undefined && stat.foregroundPgid === stat.pgid,
      uid: process.uid,
      user: process.user,
      tty: stat.tty,
      state: stat.state,
      startedAt:
        clock.bootTime === undefined
          ? process.startedAt
          : Math.floor(clock.bootTime + stat.startTicks / clock.ticksPerSecond),
      startKey: `ticks:${stat.startTicks}`,
      args: process.args === "" ? `[${stat.comm}]` : process.args,
    });
  });
  return merged;
}
