/** With more pending sequences than this, they are condensed. */
const mostPending = 64;

/**
 * The state set by SGR (ECMA-48 section 8.3.117, with xterm's additions). Coloured output is full of SGR, and the
 * state is rarely needed: sequences are stored unparsed, and parsed on demand.
 */
export class GraphicRendition {
  #pending: string[] = [];

  copy(): GraphicRendition {
    const copy = new GraphicRendition();
    copy.#pending = [...this.#pending];
    return copy;
  }

  reset(): void {
    this.#pending = [];
  }

  /** @param parameters the text between CSI and `m`. */
  apply(parameters: string): void {
    if (parameters === "" || parameters === "0") {
      if (this.#pending.length > 0) {
        this.#pending = [];
      }
      return;
    }
    this.#pending.push(parameters);
    if (this.#pending.length > mostPending) {
      const condensed = this.#properties().join(";");
      this.#pending = condensed === "" ? [] : [condensed];
    }
  }

  /** The sequence that sets this state, whatever the terminal's state is. */
  toSequence(): string {
    return `\u001b[${["0", ...this.#properties()].join(";")}m`;
  }

  /** One value for each property that is set. */
  #properties(): string[] {
    const set = new Map<string, string>();
    for (const parameters of this.#pending) {
      applyTo(set, parameters.split(";"));
    }
    return [...set.values()];
  }
}

function applyTo(set: Map<string, string>, list: readonly string[]): void {
  for (let at = 0; at < list.length; at++) {
    const item = list[at] ?? "";
    const code = Number.parseInt(item, 10) || 0;
    const property = propertyOf(code);
    const off = offCodes[code];
    if (code === 0) {
      set.clear();
    } else if (code === 38 || code === 48 || code === 58) {
      const length = item.includes(":") ? 1 : list[at + 1] === "2" ? 5 : 3;
      set.set(property ?? "", list.slice(at, at + length).join(";"));
      at += length - 1;
    } else if (code === 22) {
      set.delete("bold");
      set.delete("faint");
    } else if (item === "4:0") {
      set.delete("underline");
    } else if (off !== undefined) {
      set.delete(off);
    } else if (property !== undefined) {
      set.set(property, item);
    }
  }
}

const offCodes: Readonly<Record<number, string>> = {
  23: "italic",
  24: "underline",
  25: "blink",
  27: "inverse",
  28: "hidden",
  29: "strike",
  39: "foreground",
  49: "background",
  55: "overline",
  59: "underlineColor",
};

const onCodes: Readonly<Record<number, string>> = {
  1: "bold",
  2: "faint",
  3: "italic",
  4: "underline",
  5: "blink",
  6: "blink",
  7: "inverse",
  8: "hidden",
  9: "strike",
  21: "underline",
  38: "foreground",
  48: "background",
  53: "overline",
  58: "underlineColor",
};

function propertyOf(code: number): string | undefined {
  if ((code >= 30 && code <= 37) || (code >= 90 && code <= 97)) {
    return "foreground";
  }
  if ((code >= 40 && code <= 47) || (code >= 100 && code <= 107)) {
    return "background";
  }
  return onCodes[code];
}
