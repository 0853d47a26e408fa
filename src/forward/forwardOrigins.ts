import type { ForwardOrigin } from "./forwardTypes.ts";

/** Where one forward comes from: equal forwards of several origins are one. */
export class ForwardOrigins {
  #all: readonly ForwardOrigin[];

  constructor(first: ForwardOrigin) {
    this.#all = Object.freeze([first]);
  }

  /** Oldest first. Frozen. */
  list(): readonly ForwardOrigin[] {
    return this.#all;
  }

  /** @returns whether it is new */
  add(origin: ForwardOrigin): boolean {
    const isNew = !this.#all.some((other) => isSame(other, origin));
    if (isNew) {
      this.#all = Object.freeze([...this.#all, origin]);
    }
    return isNew;
  }

  /** @returns whether another origin is left */
  remove(origin: ForwardOrigin): boolean {
    const rest = this.#all.filter((other) => !isSame(other, origin));
    // A snapshot of a forward that stops still names its last origin.
    this.#all = rest.length === 0 ? this.#all : Object.freeze(rest);
    return rest.length > 0;
  }
}

function isSame(one: ForwardOrigin, other: ForwardOrigin): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
