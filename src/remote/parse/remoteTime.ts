const months = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

/** `Jan` … `Dec` as 0 … 11. */
function monthIndex(name: string): number | undefined {
  const index = months.indexOf(name.toLowerCase());
  return index < 0 ? undefined : index;
}

/** `Thu Nov 21 02:38:00 2024`, the `lstart` of ps (the probe runs under TZ=UTC0). Seconds since the epoch. */
export function parseLstart(text: string): number | undefined {
  const match = /^[A-Z][a-z]{2} ([A-Z][a-z]{2}) +(\d{1,2}) (\d\d):(\d\d):(\d\d) (\d{4})$/.exec(text);
  const month = match === null ? undefined : monthIndex(match[1] ?? "");
  if (match === null || month === undefined) {
    return undefined;
  }
  return (
    Date.UTC(
      Number(match[6]),
      month,
      Number(match[2]),
      Number(match[3]),
      Number(match[4]),
      Number(match[5]),
    ) / 1000
  );
}

/** `2024-11-21 02:38`, with or without seconds and further text. */
export function parseIsoMinute(text: string): number | undefined {
  const match = /(\d{4})-(\d\d)-(\d\d) (\d\d):(\d\d)(?::(\d\d))?/.exec(text);
  if (match === null) {
    return undefined;
  }
  const [year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0] = match
    .slice(1)
    .map((part) => Number(part ?? 0));
  return Date.UTC(year, month - 1, day, hour, minute, second) / 1000;
}

/** `Nov 21 02:38`: the latest such moment that is not after `now` (with a day's tolerance for clocks). */
export function monthDayTime(
  month: string,
  day: string,
  hour: string,
  minute: string,
  now: number,
): number | undefined {
  const index = monthIndex(month);
  if (index === undefined) {
    return undefined;
  }
  const year = new Date(now * 1000).getUTCFullYear();
  const at = Date.UTC(year, index, Number(day), Number(hour), Number(minute)) / 1000;
  return at <= now + 86_400
    ? at
    : Date.UTC(year - 1, index, Number(day), Number(hour), Number(minute)) / 1000;
}

/**
 * Idle time as `w` and `who` print it. In `3:20`, `procps` means minutes and seconds, the BSDs mean hours and
 * minutes; procps marks hours with `m` (`2:15m`).
 */
export function parseIdle(text: string, dialect: "procps" | "bsd"): number | undefined {
  if (text === "-" || text === ".") {
    return 0;
  }
  if (text === "old") {
    return 86_400;
  }
  const days = /^(\d+)days?$/.exec(text);
  if (days !== null) {
    return Number(days[1]) * 86_400;
  }
  const seconds = /^(\d+)\.\d+s$/.exec(text) ?? /^(\d+)s$/.exec(text);
  if (seconds !== null) {
    return Number(seconds[1]);
  }
  const pair = /^(\d+):(\d\d)(m?)$/.exec(text);
  if (pair !== null) {
    const [high, low] = [Number(pair[1]), Number(pair[2])];
    return dialect === "procps" && pair[3] === "" ? high * 60 + low : high * 3600 + low * 60;
  }
  return dialect === "bsd" && /^\d+$/.test(text) ? Number(text) * 60 : undefined;
}
