/** Formats durations. No other file does. No vscode. */
import { plural } from "../base/localize.ts";

const second = 1_000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;

/** `45 s`, `3 min 20 s`, `2 h 5 min`, `1 day 4 h`: at most two units, rounded down. Negative counts as zero. */
export function formatDuration(milliseconds: number): string {
  const whole = Math.max(0, milliseconds);
  if (whole < minute) {
    return `${Math.floor(whole / second)} s`;
  }
  if (whole < hour) {
    return pair(`${Math.floor(whole / minute)} min`, Math.floor((whole % minute) / second), "s");
  }
  if (whole < day) {
    return pair(`${Math.floor(whole / hour)} h`, Math.floor((whole % hour) / minute), "min");
  }
  const days = plural(Math.floor(whole / day), "{0} day", "{0} days");
  return pair(days, Math.floor((whole % day) / hour), "h");
}

/**
 * Without seconds from the first minute on: `8 s`, `3 min`, `2 h 5 min`. For the rows of a tree: when the text of a
 * row changes, it is redrawn, which closes its hover.
 */
export function shortDuration(milliseconds: number): string {
  return formatDuration(milliseconds < minute ? milliseconds : milliseconds - (milliseconds % minute));
}

/** An age in full minutes; undefined in the first one. For the rows of a tree. */
export function age(milliseconds: number): string | undefined {
  return milliseconds < minute ? undefined : shortDuration(milliseconds);
}

/**
 * The remaining time for rows, rounded up: minutes, half minutes in the last ten of them (150 s are not "3 min"), and
 * seconds in the last one.
 */
export function timeLeft(milliseconds: number): string {
  const step = milliseconds <= 10 * minute ? minute / 2 : minute;
  return milliseconds <= minute
    ? countdown(milliseconds)
    : formatDuration(Math.ceil(milliseconds / step) * step);
}

/** The remaining time to the second; rounded up, so that it ends at `0 s`. */
export function secondsLeft(milliseconds: number): string {
  return formatDuration(Math.ceil(milliseconds / second) * second);
}

/** A countdown: `9:58`, `0:07`, `1:00:00`; rounded up, so that it ends at 0:00. */
export function countdown(milliseconds: number): string {
  const seconds = Math.max(0, Math.ceil(milliseconds / second));
  const pad = (value: number): string => String(value).padStart(2, "0");
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
  return hours > 0 ? `${hours}:${pad(minutes)}:${pad(seconds % 60)}` : `${minutes}:${pad(seconds % 60)}`;
}

function pair(high: string, low: number, unit: string): string {
  return low === 0 ? high : `${high} ${low} ${unit}`;
}
