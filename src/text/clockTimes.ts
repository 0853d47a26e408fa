/** Times of day for display, in local time with 24 hours, as in the time lines. No vscode. */

const hourCycle = "h23";

/** `14:03`, or as the machine's language writes it. */
export function clockTime(at: number): string {
  return new Date(at).toLocaleTimeString(undefined, { hour: "2-digit", minute: "2-digit", hourCycle });
}

/** `14:03:22` */
export function clockTimeToTheSecond(at: number): string {
  return new Date(at).toLocaleTimeString(undefined, {
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
    hourCycle,
  });
}

/** `14:03:22.120` */
export function clockTimeToTheMillisecond(at: number): string {
  return `${clockTimeToTheSecond(at)}.${String(new Date(at).getMilliseconds()).padStart(3, "0")}`;
}

/** `Mon, Nov 3, 14:03`: for what may have begun days ago. */
export function weekdayAndTime(at: number): string {
  return new Date(at).toLocaleString(undefined, {
    ...{ weekday: "short", day: "numeric", month: "short" },
    ...{ hour: "2-digit", minute: "2-digit", hourCycle },
  });
}

/** The time to the second, with the date where it is another day than `now`. */
export function dayAndTime(at: number, now: number): string {
  const date = new Date(at);
  return date.toDateString() === new Date(now).toDateString()
    ? clockTimeToTheSecond(at)
    : date.toLocaleString(undefined, { dateStyle: "medium", timeStyle: "medium", hourCycle });
}
