import { Budget } from "../../../base/budget.ts";
import { type Logger, printable } from "../../../base/log.ts";
import { remoteText } from "../../../base/remoteText.ts";
import { WireReader } from "../../../base/wire.ts";
import { ConnectError } from "../../engineErrors.ts";

/** Bytes kept of a message's text. */
const keptOfDebug = 1_000;
const keptOfDisconnect = 4_000;

/**
 * Text that a server may send at any time (RFC 4253 section 11, RFC 4252 section 5.4), with a bound on all that it
 * can repeat. Text beyond a bound is dropped, which is logged once.
 */
export class ServerNotices {
  readonly #logger: Logger;
  readonly #debugLines = new Budget(40);
  readonly #bannerBytes = new Budget(32 * 1024);
  readonly #bannerLines = new Budget(200);
  readonly #said = new Set<string>();

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  /** The text before the version line. */
  logGreeting(text: string): void {
    const lines = new Budget(20);
    for (const line of text.split(/\r?\n/).filter((part) => part.trim() !== "")) {
      if (!lines.take()) {
        return;
      }
      this.#logger.info(`Before the version line: ${printable(line)}`);
    }
  }

  /** SSH_MSG_DEBUG (RFC 4253 section 11.3). */
  debug(payload: Buffer): void {
    const reader = new WireReader(payload, 1);
    reader.boolean();
    const text = reader.string()?.subarray(0, keptOfDebug).toString("utf8") ?? "";
    if (this.#debugLines.take()) {
      this.#logger.debug(`The server's debug message: ${printable(text)}`);
    } else {
      this.#logOnce("Further debug messages of the server are left out");
    }
  }

  /**
   * SSH_MSG_DISCONNECT (RFC 4253 section 11.1). Like OpenSSH, this does not require the language tag at its end.
   * @throws ConnectError
   */
  disconnect(payload: Buffer): { readonly code: number; readonly text: string } {
    const reader = new WireReader(payload, 1);
    const [code, description] = [reader.uint32(), reader.string()];
    if (code === undefined || description === undefined) {
      throw new ConnectError("protocol", "The server's disconnect message is malformed");
    }
    return {
      code,
      text: remoteText(description.subarray(0, keptOfDisconnect), description.length > keptOfDisconnect),
    };
  }

  /**
   * SSH_MSG_USERAUTH_BANNER (RFC 4252 section 5.4): only before the login; later ones are ignored.
   * @returns the text to show; undefined: none.
   * @throws ConnectError
   */
  banner(payload: Buffer, authenticated: boolean): string | undefined {
    if (authenticated) {
      this.#logOnce("A banner after the login is left out");
      return undefined;
    }
    const bytes = new WireReader(payload, 1).string();
    if (bytes === undefined) {
      throw new ConnectError("protocol", "The server's banner is malformed");
    }
    if (!this.#bannerBytes.take(bytes.length)) {
      this.#logOnce("Further banners of the server are left out");
      return undefined;
    }
    const lines = remoteText(bytes).split("\n");
    return lines.filter((line) => line.trim() === "" || this.#bannerLines.take()).join("\n");
  }

  #logOnce(text: string): void {
    if (!this.#said.has(text)) {
      this.#said.add(text);
      this.#logger.info(text);
    }
  }
}
