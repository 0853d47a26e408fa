/**
 * The script of the details page. The extension sends a DetailsPage each second; all of it is inserted as text. A
 * table or list that did not change is left alone, so that a selection in it survives.
 */
import type { DetailsAnswer, DetailsPage, TimelineItem } from "../text/detailsPageTypes.ts";
import { PlotCard } from "./plotCard.ts";

declare function acquireVsCodeApi(): { postMessage(message: DetailsAnswer): void };

const editor = acquireVsCodeApi();

function element(name: string, className: string, ...content: readonly (string | Node)[]): HTMLElement {
  const made = document.createElement(name);
  made.className = className;
  made.append(...content);
  return made;
}

/** A part of the page that is redrawn only when its data differ. */
class Part<T> {
  readonly node: HTMLElement;
  readonly #draw: (data: T) => readonly Node[];
  #shown = "";

  constructor(node: HTMLElement, draw: (data: T) => readonly Node[]) {
    this.node = node;
    this.#draw = draw;
  }

  show(data: T): void {
    const text = JSON.stringify(data);
    if (text !== this.#shown) {
      this.#shown = text;
      this.node.replaceChildren(...this.#draw(data));
    }
  }
}

function button(label: string, answer: DetailsAnswer): HTMLElement {
  const made = element("button", "action", label);
  made.setAttribute("type", "button");
  made.addEventListener("click", () => editor.postMessage(answer));
  return made;
}

const heading = new Part<Pick<DetailsPage, "title" | "subtitle" | "state">>(
  element("div", "heading"),
  ({ title, subtitle, state }) => [
    element("h1", "", title),
    element(
      "p",
      "subtitle",
      element("span", `state tone-${state.tone}`, element("span", "dot"), state.text),
      " ",
      subtitle,
    ),
  ],
);

const buttons = new Part<DetailsPage["buttons"]>(element("div", "actions"), ({ copy, openText }) => [
  button(copy, { kind: "copy" }),
  button(openText, { kind: "text" }),
]);

const plots = element("div", "plots");
const cards = new Map<string, PlotCard>();

function showPlots(all: DetailsPage["plots"]): void {
  for (const plot of all) {
    let card = cards.get(plot.id);
    if (card === undefined) {
      card = new PlotCard(plot.title);
      cards.set(plot.id, card);
      plots.append(card.node);
    }
    card.show(plot);
  }
}

function timelineRow({ time, offset, label, detail, tone }: TimelineItem): Node {
  return element(
    "li",
    `moment tone-${tone}`,
    element("span", "dot"),
    element("span", "offset", offset),
    element(
      "span",
      "what",
      element("strong", "", label),
      detail === "" ? "" : element("span", "detail", detail),
    ),
    element("time", "", time),
  );
}

const timeline = new Part<Pick<DetailsPage, "timeline" | "timelineTitle">>(
  element("section", "card timeline"),
  (page) => [element("h2", "", page.timelineTitle), element("ol", "", ...page.timeline.map(timelineRow))],
);

const facts = element("div", "facts");
const tables: Part<DetailsPage["sections"][number]>[] = [];

function showSections(sections: DetailsPage["sections"]): void {
  sections.forEach((section, index) => {
    let table = tables[index];
    if (table === undefined) {
      table = new Part(element("section", "card"), ({ title, rows }) => {
        const body = element("tbody", "");
        for (const [name, value] of rows) {
          const head = element("th", "", name);
          head.setAttribute("scope", "row");
          body.append(element("tr", "", head, element("td", "", value)));
        }
        return [element("h2", "", title), element("table", "", body)];
      });
      tables.push(table);
      facts.append(table.node);
    }
    table.show(section);
  });
  for (const { node } of tables.splice(sections.length)) {
    node.remove();
  }
}

function show(page: DetailsPage): void {
  document.title = page.title;
  heading.show({ title: page.title, subtitle: page.subtitle, state: page.state });
  buttons.show(page.buttons);
  showPlots(page.plots);
  timeline.show({ timeline: page.timeline, timelineTitle: page.timelineTitle });
  showSections(page.sections);
}

// Only the extension posts to this page: VS Code's frame passes on no other messages.
window.addEventListener("message", ({ data }: MessageEvent<DetailsPage>) => show(data));
new MutationObserver(() => {
  for (const card of cards.values()) {
    card.restyle();
  }
}).observe(document.body, { attributes: true, attributeFilter: ["class"] });
document
  .getElementById("page")
  ?.append(
    element("header", "", heading.node, buttons.node),
    plots,
    element("div", "columns", timeline.node, facts),
  );
editor.postMessage({ kind: "ready" });
