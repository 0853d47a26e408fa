/** What the views are filtered by. No vscode. */
import type { Disposable } from "../../base/disposable.ts";
import { Emitter } from "../../base/emitter.ts";

/** One filter for both views: a row is shown where each word is in one of its texts, wherever and in any case. */
export class RowFilter implements Disposable {
  readonly #changed = new Emitter<void>();
  readonly onDidChange = this.#changed.event;
  #text = "";
  #words: readonly string[] = [];

  /** As it was typed, without blanks around it; empty: everything is shown. */
  get text(): string {
    return this.#text;
  }

  get isOn(): boolean {
    return this.#words.length > 0;
  }

  set(text: string): void {
    const trimmed = text.trim();
    if (trimmed !== this.#text) {
      this.#text = trimmed;
      this.#words = trimmed === "" ? [] : trimmed.toLowerCase().split(/\s+/);
      this.#changed.fire();
    }
  }

  matches(texts: readonly string[]): boolean {
    const all = texts.join("\n").toLowerCase();
    return this.#words.every((word) => all.includes(word));
  }

  dispose(): void {
    this.#changed.dispose();
  }
}
