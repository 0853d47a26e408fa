import type { Page } from "playwright-core";

/** The parts of xterm.js' API that are used. */
interface Emulator {
  readonly parser: { registerOscHandler(identifier: number, handler: (data: string) => boolean): void };
  onCursorMove(listener: () => void): void;
  input(data: string, byPerson: boolean): void;
  focus(): void;
}

interface Watched {
  readonly emulator: Emulator;
  readonly words: { readonly word: string; readonly at: number }[];
  movedAt: number;
  wake: () => void;
}

interface PageProbe {
  keyAt: number;
  readonly watched: Map<string, Watched>;
}

type ProbedWindow = typeof globalThis & {
  sshSessionsProbe: PageProbe;
  document: { querySelector(selector: string): { xterm?: Emulator } | null };
  addEventListener(
    type: "keydown",
    listener: (event: { readonly timeStamp: number }) => void,
    capture: boolean,
  ): void;
};

/** The number of the control sequence by which a shell sends a word (OSC, ignored by terminals). */
export const wordSequence = 7777;

/**
 * Reports when, by the page's own clock, keys were pressed and output was parsed: the terminals' emulators report it
 * themselves, so that nothing is polled during the measurement. Times are milliseconds.
 */
export class TerminalProbe {
  readonly #page: Page;

  private constructor(page: Page) {
    this.#page = page;
  }

  static async install(page: Page): Promise<TerminalProbe> {
    await page.evaluate(() => {
      const window = globalThis as ProbedWindow;
      const probe: PageProbe = { keyAt: 0, watched: new Map() };
      window.sshSessionsProbe = probe;
      // When the browser got the key, even if the page handled it much later.
      window.addEventListener("keydown", (event) => (probe.keyAt = event.timeStamp), true);
    });
    return new TerminalProbe(page);
  }

  /** Starts to watch the active terminal. @returns false if there is none that is not watched yet */
  async watch(name: string): Promise<boolean> {
    return await this.#page.evaluate(
      ([as, identifier]) => {
        const window = globalThis as ProbedWindow;
        const { watched } = window.sshSessionsProbe;
        const emulator = window.document.querySelector("#terminal .terminal-wrapper.active")?.xterm;
        if (emulator === undefined || [...watched.values()].some((other) => other.emulator === emulator)) {
          return false;
        }
        const entry: Watched = { emulator, words: [], movedAt: 0, wake: () => {} };
        emulator.parser.registerOscHandler(identifier, (word) => {
          entry.words.push({ word, at: performance.now() });
          entry.wake();
          return true;
        });
        emulator.onCursorMove(() => {
          entry.movedAt = performance.now();
          entry.wake();
        });
        watched.set(as, entry);
        return true;
      },
      [name, wordSequence] as const,
    );
  }

  /** The terminal is closed. */
  async forget(name: string): Promise<void> {
    await this.#page.evaluate(
      (which) => (globalThis as ProbedWindow).sshSessionsProbe.watched.delete(which),
      name,
    );
  }

  /** Sends text to a terminal, active or not, as if it were typed. @returns the time */
  async input(name: string, text: string): Promise<number> {
    return await this.#page.evaluate(
      ([which, data]) => {
        const at = performance.now();
        (globalThis as ProbedWindow).sshSessionsProbe.watched.get(which)?.emulator.input(data, true);
        return at;
      },
      [name, text] as const,
    );
  }

  async focus(name: string): Promise<void> {
    await this.#page.evaluate(
      (which) => (globalThis as ProbedWindow).sshSessionsProbe.watched.get(which)?.emulator.focus(),
      name,
    );
  }

  /** Waits until the terminal has parsed this word, sent after `since`. @returns the time */
  async word(name: string, word: string, since: number): Promise<number> {
    return await this.#page.evaluate(
      ([which, wanted, after]) =>
        new Promise<number>((resolve) => {
          const entry = (globalThis as ProbedWindow).sshSessionsProbe.watched.get(which);
          const look = (): void => {
            const found = entry?.words.find((said) => said.word === wanted && said.at > after);
            if (entry !== undefined && found !== undefined) {
              entry.words.length = 0;
              entry.wake = () => {};
              resolve(found.at);
            }
          };
          if (entry !== undefined) {
            entry.wake = look;
          }
          look();
        }),
      [name, word, since] as const,
    );
  }

  /** Presses a key. @returns when the browser got it. The terminal must have the focus. */
  async press(key: string): Promise<number> {
    await this.#page.keyboard.press(key);
    return await this.#page.evaluate(() => (globalThis as ProbedWindow).sshSessionsProbe.keyAt);
  }

  /** From the press of a key until the resulting cursor movement was parsed. */
  async echo(name: string, key: string): Promise<number> {
    const pressed = await this.press(key);
    const moved = await this.#page.evaluate(
      ([which, after]) =>
        new Promise<number>((resolve) => {
          const entry = (globalThis as ProbedWindow).sshSessionsProbe.watched.get(which);
          const look = (): void => {
            if (entry !== undefined && entry.movedAt > after) {
              entry.wake = () => {};
              resolve(entry.movedAt);
            }
          };
          if (entry !== undefined) {
            entry.wake = look;
          }
          look();
        }),
      [name, pressed] as const,
    );
    return moved - pressed;
  }
}
