/** What SGR (ECMA-48 section 8.3.117, and what xterm added) has set, one value per property. */
export class GraphicRendition {
  #set: ReadonlyMap<string, string> = new Map();

  copy(): GraphicRendition {
    const copy = new GraphicRendition();
    copy.#set = this.#set;
    return copy;
  }

  reset(): void {
    this.#set = new Map();
  }

  /** @param parameters what stands between CSI and `m`. */
  apply(parameters: string): void {
    const set = new Map(this.#set);
    const list = parameters.split(";");
    for (let at = 0; at < list.length; at++) {
      const item = list[at] ?? "";
      const code = Number.parseInt(item, 10) || 0;
      if (code === 0) {
        set.clear();
      } else if (code === 38 || code === 48 || code === 58) {
        const length = item.includes(":") ? 1 : list[at + 1] === "2" ? 5 : 3;
        set.set(propertyOf(code) ?? "", list.slice(at, at + length).join(";"));
        at += length - 1;
      } else if (code === 22) {
        set.delete("bold");
        set.delete("faint");
      } else if (item === "4:0") {
        set.delete("underline");
      } else {
        const off = offCodes[code];
        const property = propertyOf(code);
        if (off !== undefined) {
          set.delete(off);
        } else if (property !== undefined) {
          set.set(property, item);
        }
      }
    }
    this.#set = set;
  }

  /** The sequence that makes a terminal draw like this, whatever was set before. */
  toSequence(): string {
    return `\u001b[${["0", ...this.#set.values()].join(";")}m`;
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
