/** Which rows the user has expanded or collapsed; kept between windows. No vscode. */

interface Memento {
  get<T>(key: string): T | undefined;
  update(key: string, value: unknown): PromiseLike<void>;
}

const key = "folds";
/** The oldest changes are forgotten. */
const mostKept = 500;

export class FoldMemory {
  readonly #memento: Memento;
  /** By name, in the order of the last change. */
  readonly #open: Map<string, boolean>;

  constructor(memento: Memento) {
    this.#memento = memento;
    const kept: unknown = memento.get(key);
    this.#open = new Map(Array.isArray(kept) ? kept.filter(isEntry).slice(-mostKept) : []);
  }

  /** Undefined: the user has neither expanded nor collapsed it. */
  isOpen(name: string): boolean | undefined {
    return this.#open.get(name);
  }

  set(name: string, open: boolean): void {
    this.#open.delete(name);
    this.#open.set(name, open);
    for (const oldest of this.#open.keys()) {
      if (this.#open.size <= mostKept) {
        break;
      }
      this.#open.delete(oldest);
    }
    void this.#memento.update(key, [...this.#open]);
  }
}

function isEntry(entry: unknown): entry is [string, boolean] {
  return Array.isArray(entry) && typeof entry[0] === "string" && typeof entry[1] === "boolean";
}
