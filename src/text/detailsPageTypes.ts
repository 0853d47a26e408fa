/** The messages between the extension and the details page. Plain data; imports nothing. */

/** Colours by meaning. The page has one for each, and never uses colour as the only sign. */
export type DetailsTone = "good" | "busy" | "warning" | "bad" | "off";

export interface TimelineItem {
  /** `14:03:22.120` */
  readonly time: string;
  /** Time since the first item: `+12 ms`. */
  readonly offset: string;
  readonly label: string;
  readonly detail: string;
  readonly tone: DetailsTone;
}

/** Values over time or, where `x` counts measurements, in order of measurement. */
export interface DetailsPlot {
  readonly id: "roundTrip" | "throughput" | "window";
  readonly title: string;
  readonly unit: "milliseconds" | "bytes" | "bytes per second";
  /** The x axis: seconds since the epoch, or the number of the measurement. */
  readonly along: "time" | "count";
  readonly x: readonly number[];
  /** `null`: there was no measurement. */
  readonly series: readonly { readonly label: string; readonly values: readonly (number | null)[] }[];
  /** A description of the plot for users who can't see it. */
  readonly summary: string;
  /** Shown instead of the plot while there is no data. */
  readonly empty: string;
}

export interface DetailsPage {
  readonly title: string;
  readonly subtitle: string;
  readonly state: { readonly text: string; readonly tone: DetailsTone };
  readonly sections: readonly {
    readonly title: string;
    readonly rows: readonly (readonly [name: string, value: string])[];
  }[];
  readonly timelineTitle: string;
  readonly timeline: readonly TimelineItem[];
  readonly plots: readonly DetailsPlot[];
  readonly buttons: { readonly copy: string; readonly openText: string };
}

/** From the page: it is ready and needs its data, or a button was pressed. */
export type DetailsAnswer =
  | { readonly kind: "ready" }
  | { readonly kind: "copy" }
  | { readonly kind: "text" };

/** Checks every message of the page, which is the least trusted part. */
export function isDetailsAnswer(value: unknown): value is DetailsAnswer {
  return (
    typeof value === "object" &&
    value !== null &&
    "kind" in value &&
    (value.kind === "ready" || value.kind === "copy" || value.kind === "text")
  );
}
