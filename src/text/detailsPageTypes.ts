/** What the page of details gets from the extension, and what it answers. Plain data; imports nothing. */

/** Colours by meaning; the page has one for each, and never says a thing by colour alone. */
export type DetailsTone = "good" | "busy" | "warning" | "bad" | "off";

export interface TimelineItem {
  /** `14:03:22.120` */
  readonly time: string;
  /** Since the first item: `+12 ms`. */
  readonly offset: string;
  readonly label: string;
  readonly detail: string;
  readonly tone: DetailsTone;
}

/** Values over time or, where `x` counts measurements, in the order in which they came. */
export interface DetailsPlot {
  readonly id: "roundTrip" | "throughput" | "window";
  readonly title: string;
  readonly unit: "milliseconds" | "bytes" | "bytes per second";
  /** What the values are along: seconds since the epoch, or the number of the measurement. */
  readonly along: "time" | "count";
  readonly x: readonly number[];
  /** `null`: nothing was measured there. */
  readonly series: readonly { readonly label: string; readonly values: readonly (number | null)[] }[];
  /** The plot in words, for those who don't see it. */
  readonly summary: string;
  /** Said in place of the plot while there is nothing to draw. */
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

/** From the page: it is there and wants its data, or a button was pressed. */
export type DetailsAnswer =
  | { readonly kind: "ready" }
  | { readonly kind: "copy" }
  | { readonly kind: "text" };

/** Whatever the page sends is checked: a page is the least trusted part. */
export function isDetailsAnswer(value: unknown): value is DetailsAnswer {
  return (
    typeof value === "object" &&
    value !== null &&
    "kind" in value &&
    (value.kind === "ready" || value.kind === "copy" || value.kind === "text")
  );
}
