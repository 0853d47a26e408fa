/** The filter of the views. No vscode. */
import type { Disposable } from "../../base/disposable.ts";
import { Emitter } from "../../base/emitter.ts";

/** One filter for both views: a row matches if each word is in one of its texts, at any position and in any case. */
export class RowFilter implements Disposable {
  readonly #changed = new Emitter<void>();
  readonly onDidChange = this.#changed.event;
  #text = "";
  #words: readonly string[] = [];

  /** The typed text, trimmed; empty: no filter. */
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
