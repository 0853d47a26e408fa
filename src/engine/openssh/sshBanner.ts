import type { ConnectRequest } from "../connectionEngine.ts";
import { ServerTalk } from "../transport/serverTalk.ts";

/** At these log levels `ssh` does not show a banner either (input_userauth_banner in sshconnect2.c). */
const levelsWithoutBanner: ReadonlySet<string> = new Set(["QUIET", "FATAL", "ERROR"]);

/** Bytes without a line end that are kept. */
const longestLine = 64 * 1024;

/** The server's banner, which `ssh` writes to its standard error with unprintable characters as octal numbers (vis(3)). */
export class SshBanner {
  readonly #talk: ServerTalk;
  readonly #isShown: boolean;
  #rest = "";

  constructor({ logger, onServerWords, config }: ConnectRequest) {
    this.#talk = new ServerTalk(logger, (words) => onServerWords?.(words));
    this.#isShown = !levelsWithoutBanner.has(config.logLevel);
  }

  /** @param text latin1 */
  add(text: string): void {
    const all = (this.#rest + text).slice(0, longestLine);
    const end = all.lastIndexOf("\n") + 1;
    this.#rest = all.slice(end);
    this.#say(all.slice(0, end));
  }

  /** Shows the last line, which has no line end. */
  end(): void {
    this.#say(this.#rest);
    this.#rest = "";
  }

  #say(text: string): void {
    const shown = text.replace(/\\([0-3][0-7]{2})/g, (_, octal: string) =>
      String.fromCharCode(Number.parseInt(octal, 8)),
    );
    if (shown !== "" && this.#isShown) {
      this.#talk.say("banner", Buffer.from(shown, "latin1").toString("utf8"));
    }
  }
}
