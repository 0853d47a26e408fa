/** An address on a server's loopback or on all of its addresses, as a program prints it. */
export interface PrintedPort {
  readonly port: number;
  readonly scheme: "http" | "https";
}

/** The start of an address, without colours. It counts when a character follows: more digits may still come. */
const address = /^(https?):\/\/(?:localhost|127\.0\.0\.1|0\.0\.0\.0|\[::1?\]):(\d{1,5})[^\d]/;
/** Tools print the port in bold: `http://localhost:\x1b[1m5173`. */
const colours = /\u001b\[[\d;:]*m/g;

/** In characters: the longest address with colours, which may be split over two pieces. */
const longest = 120;
/** A longer list in one piece of output is not a server that has started. */
const mostInPiece = 8;
const separator = "://";

/** Finds addresses of web servers in a terminal's output. One search for `://` for each piece, however much comes. */
export class PrintedPorts {
  #tail = "";

  /** @returns those that are complete with this piece; some of them may have been returned before. */
  push(text: string): readonly PrintedPort[] {
    const all = this.#tail + text;
    const found: PrintedPort[] = [];
    let at = all.indexOf(separator);
    for (let tried = 0; at >= 0 && tried < mostInPiece; tried++) {
      const port = portAt(all, at);
      if (port !== undefined) {
        found.push(port);
      }
      at = all.indexOf(separator, at + separator.length);
    }
    this.#tail = all.slice(-longest);
    return found;
  }
}

function portAt(text: string, separatorAt: number): PrintedPort | undefined {
  const start = text.lastIndexOf("http", separatorAt);
  if (start < separatorAt - "https".length || start < 0) {
    return undefined;
  }
  const [, scheme, digits] = address.exec(text.slice(start, start + longest).replace(colours, "")) ?? [];
  const port = Number(digits);
  return port >= 1 && port <= 65_535 ? { port, scheme: scheme === "https" ? "https" : "http" } : undefined;
}
