import uPlot from "uplot";
import type { DetailsPlot } from "../text/detailsPageTypes.ts";

/** CSS pixels. */
const height = 150;

/** The colours of VS Code's theme, as custom properties of the page. */
const seriesColours = ["--vscode-charts-blue", "--vscode-charts-green"] as const;

/** A title, the plot, and a description. */
export class PlotCard {
  readonly node: HTMLElement;
  readonly #legend = document.createElement("p");
  readonly #canvas = document.createElement("div");
  readonly #summary = document.createElement("p");
  #plot: uPlot | undefined;
  #data: DetailsPlot | undefined;

  constructor(title: string) {
    this.node = document.createElement("section");
    this.node.className = "card plot";
    const heading = document.createElement("h2");
    heading.textContent = title;
    this.#legend.className = "legend";
    this.#canvas.className = "canvas";
    this.#canvas.setAttribute("role", "img");
    this.#summary.className = "summary";
    this.node.append(heading, this.#legend, this.#canvas, this.#summary);
    new ResizeObserver(() => this.#fit()).observe(this.#canvas);
  }

  show(data: DetailsPlot): void {
    if (this.#data === undefined && data.series.length > 1) {
      this.#legend.append(...data.series.map(({ label }, index) => key(label, index)));
    }
    this.#data = data;
    this.#summary.textContent = data.summary;
    this.#canvas.setAttribute("aria-label", `${data.title}. ${data.summary}`);
    if (data.x.length < 2) {
      this.#plot?.destroy();
      this.#plot = undefined;
      this.#canvas.textContent = data.empty;
      return;
    }
    const values = aligned(data);
    if (this.#plot === undefined) {
      this.#canvas.textContent = "";
      this.#plot = new uPlot(options(data, this.#canvas.clientWidth), values, this.#canvas);
    } else {
      this.#plot.setData(values);
    }
  }

  /** The theme changed. */
  restyle(): void {
    this.#plot?.destroy();
    this.#plot = undefined;
    if (this.#data !== undefined) {
      this.show(this.#data);
    }
  }

  #fit(): void {
    const width = this.#canvas.clientWidth;
    if (this.#plot !== undefined && width > 0 && width !== this.#plot.width) {
      this.#plot.setSize({ width, height });
    }
  }
}

/** A sample of the series' line, and its name. */
function key(label: string, index: number): HTMLElement {
  const made = document.createElement("span");
  made.className = "key";
  const line = document.createElement("span");
  line.className = `line line-${index}`;
  made.append(line, label);
  return made;
}

function aligned({ x, series }: DetailsPlot): uPlot.AlignedData {
  return [[...x], ...series.map(({ values }) => [...values])];
}

function colour(...names: readonly string[]): string {
  const style = getComputedStyle(document.body);
  for (const name of names) {
    const value = style.getPropertyValue(name).trim();
    if (value !== "") {
      return value;
    }
  }
  return style.color;
}

function options(data: DetailsPlot, width: number): uPlot.Options {
  const text = colour("--vscode-descriptionForeground", "--vscode-foreground");
  const isContrast = document.body.classList.contains("vscode-high-contrast");
  const lines = isContrast
    ? colour("--vscode-contrastBorder")
    : colour("--vscode-editorIndentGuide-background1", "--vscode-widget-border");
  const font = `11px ${colour("--vscode-font-family")}`;
  const axis: uPlot.Axis = {
    stroke: text,
    font,
    grid: { stroke: lines, width: isContrast ? 0.5 : 1 },
    ticks: { show: false },
  };
  return {
    width,
    height,
    // Half of a time such as `14:03:22` extends to the right of the last tick.
    padding: [null, data.along === "time" ? 30 : null, null, null],
    legend: { show: false },
    cursor: { show: false },
    scales: {
      x: { time: data.along === "time" },
      // From zero: another start would exaggerate small changes.
      y: { range: (_plot, _low, high) => [0, high > 0 ? high * 1.1 : 1] },
    },
    axes: [
      {
        ...axis,
        size: 28,
        space: 70,
        values: (_plot, ticks) =>
          ticks.map((tick) =>
            data.along === "time" ? clock(tick) : Number.isInteger(tick) ? `${tick}` : "",
          ),
      },
      {
        ...axis,
        size: 68,
        space: 30,
        incrs: data.unit === "milliseconds" ? decimalSteps : binarySteps,
        values: (_plot, ticks) => ticks.map((tick) => inUnit(tick, data.unit)),
      },
    ],
    series: [
      {},
      ...data.series.map(({ label }, index): uPlot.Series => {
        const stroke = colour(seriesColours[index] ?? seriesColours[0], "--vscode-foreground");
        return {
          label,
          stroke,
          width: 1.5,
          // Not distinguished by colour alone.
          ...(index === 0 ? {} : { dash: [5, 4] }),
          ...(data.series.length === 1 && !isContrast && { fill: `${stroke}22` }),
          points: { show: data.along === "count" && data.x.length <= 60, size: 4, fill: stroke },
        };
      }),
    ],
  };
}

const decimalSteps = Array.from({ length: 10 }, (_, power) =>
  [1, 2, 5].map((digit) => digit * 10 ** (power - 2)),
).flat();
const binarySteps = Array.from({ length: 42 }, (_, power) => 2 ** power);

function clock(seconds: number): string {
  return new Date(seconds * 1000).toTimeString().slice(0, 8);
}

function inUnit(value: number, unit: DetailsPlot["unit"]): string {
  if (unit === "milliseconds") {
    return `${Number(value.toFixed(2))} ms`;
  }
  const names = ["B", "KiB", "MiB", "GiB", "TiB"];
  const power = value < 1 ? 0 : Math.min(names.length - 1, Math.floor(Math.log2(value) / 10));
  return `${Number((value / 1024 ** power).toFixed(1))} ${names[power]}${unit === "bytes" ? "" : "/s"}`;
}
