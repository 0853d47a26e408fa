import type { LogindSession, LoginRecord } from "../remoteFacts.ts";
import { monthDayTime, parseIdle, parseIsoMinute } from "./remoteTime.ts";
import { ttyName } from "./ttyName.ts";

const month = "Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec";
const whoRow = new RegExp(
  String.raw`^(\S+)\s+(\S+)\s+(?:(\d\d:\d\d|old|\.|\?)\s+)?` +
    String.raw`(?:(\d{4}-\d\d-\d\d \d\d:\d\d)|(${month})\s+(\d{1,2})\s+(\d\d):(\d\d)(?::\d\d)?)(.*)$`,
  "s",
);

/**
 * `who -u`, or `who` where `-u` is not supported: GNU (idle, pid), macOS (idle, pid), the BSDs (idle), busybox (idle
 * before the time, host without parentheses).
 */
export function parseWho(lines: readonly string[], now: number): LoginRecord[] {
  return lines.flatMap((line) => {
    const match = whoRow.exec(line);
    if (match === null) {
      return [];
    }
    const [, user = "", line2 = "", idleBefore, iso, monthName, day = "", hour = "", minute = "", rest = ""] =
      match;
    const tty = ttyName(line2);
    if (tty === undefined || tty === "~") {
      return [];
    }
    const tail = /^\s*(?:(\d\d:\d\d|old|\.|\?)(?=\s|$))?\s*(?:(\d+)(?=\s|$))?\s*(?:\((.*)\))?\s*(.*)$/s.exec(
      rest,
    );
    const idle = idleBefore ?? tail?.[1];
    const from = tail?.[3] ?? (idleBefore === undefined ? undefined : tail?.[4]);
    return [
      {
        user,
        tty,
        from: from === undefined || from === "" ? undefined : from,
        at:
          iso !== undefined
            ? parseIsoMinute(iso)
            : monthName === undefined
              ? undefined
              : monthDayTime(monthName, day, hour, minute, now),
        idleSeconds: idle === undefined ? undefined : parseIdle(idle, "bsd"),
        pid: tail?.[2] === undefined ? undefined : Number(tail[2]),
        what: undefined,
      },
    ];
  });
}

/** The heading of `w` and the lines below it; both are empty without one. */
export function splitHeading(
  lines: readonly string[],
): readonly [heading: readonly string[], rows: readonly string[]] {
  const at = lines.findIndex((line) => /^USER +TTY +/.test(line));
  return at < 0 ? [[], []] : [lines.slice(at, at + 1), lines.slice(at + 1)];
}

/**
 * `w`. The heading identifies the implementation: procps has JCPU and PCPU, and leaves the terminal empty for a
 * session without one; the BSDs and macOS shorten the terminal's name. busybox's `w` prints the output of its `who`,
 * which must not be counted twice. The login time is taken from `who`, which includes the day.
 */
export function parseW(lines: readonly string[]): LoginRecord[] {
  const [[heading], rows] = splitHeading(lines);
  if (heading === undefined || !heading.includes("IDLE")) {
    return [];
  }
  const dialect = heading.includes("JCPU") ? "procps" : "bsd";
  const ttyColumn = heading.indexOf("TTY");
  const fromColumn = heading.indexOf("FROM");
  return rows.flatMap((line) => {
    const user = line.slice(0, ttyColumn).trim();
    const words = line.slice(ttyColumn).split(/\s+/);
    const named = words[0] !== "" || dialect === "bsd";
    const fields = words.filter((word) => word !== "");
    const tty = named ? ttyName(fields.shift() ?? "") : undefined;
    // procps leaves FROM empty for a serial console; the BSDs print `-`.
    const blank = dialect === "procps" && line.slice(fromColumn, fromColumn + 16).trim() === "";
    const from = fromColumn < 0 || blank ? undefined : fields.shift();
    fields.shift();
    const idle = fields.shift();
    const idleSeconds = idle === undefined ? undefined : parseIdle(idle, dialect);
    if (user === "" || tty === undefined || idleSeconds === undefined) {
      return [];
    }
    const what = fields.slice(dialect === "procps" ? 2 : 0).join(" ");
    return [
      {
        user,
        tty,
        from: from === undefined || /^-?$/.test(from) ? undefined : from,
        at: undefined,
        idleSeconds,
        pid: undefined,
        what: what === "" || what === "-" ? undefined : what,
      },
    ];
  });
}

/** `loginctl show-session ID…`: blocks of `Key=value`, separated by an empty line. */
export function parseLoginctl(lines: readonly string[]): LogindSession[] {
  const blocks: Map<string, string>[] = [new Map()];
  for (const line of lines) {
    const equals = line.indexOf("=");
    if (line === "") {
      blocks.push(new Map());
    } else if (equals > 0) {
      blocks.at(-1)?.set(line.slice(0, equals), line.slice(equals + 1));
    }
  }
  return blocks.flatMap((block) => {
    const id = block.get("Id");
    const user = block.get("Name");
    if (id === undefined || user === undefined) {
      return [];
    }
    const leader = Number(block.get("Leader") ?? 0);
    return [
      {
        id,
        user,
        tty: ttyName(block.get("TTY") ?? ""),
        remoteHost: block.get("RemoteHost") || undefined,
        leader: leader > 0 ? leader : undefined,
        service: block.get("Service") || undefined,
        class: block.get("Class") || undefined,
        state: block.get("State") ?? "",
        since: parseIsoMinute(block.get("Timestamp") ?? ""),
      },
    ];
  });
}
