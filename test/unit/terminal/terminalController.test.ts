import { describe, expect, test } from "vitest";
import { AuthError } from "../../../src/auth/authErrors.ts";
import { CancelledError } from "../../../src/base/errors.ts";
import type { LoginWait } from "../../../src/engine/connectionEngine.ts";
import { ChannelError, ConnectError } from "../../../src/engine/engineErrors.ts";
import type { Session } from "../../../src/session/sessionTypes.ts";
import { settle } from "../../support/manualClock.ts";
import { lostConnection, Tab } from "./support/tab.ts";

const lost = { kind: "lost", reason: "connection-lost" } as const;

describe("opening", () => {
  test("nothing is written or opened before VS Code listens", async () => {
    const tab = new Tab();
    tab.controller.notice("early");
    tab.controller.input("x");
    await settle();
    expect(tab.written).toBe("");
    expect(tab.attempts).toEqual([]);
  });

  test("the last size before the session is used, and a change during the open follows it", async () => {
    const tab = new Tab();
    tab.controller.resize({ columns: 100, rows: 30 });
    let opened: (session: Session) => void = () => {};
    tab.openings.push(
      () =>
        new Promise((resolve) => {
          opened = resolve;
        }),
    );
    tab.controller.open(undefined);
    await settle();
    expect(tab.attempts[0]?.dimensions).toEqual({ columns: 100, rows: 30 });
    tab.controller.resize({ columns: 101, rows: 30 });
    tab.controller.resize({ columns: 102, rows: 30 });
    opened(tab.newSession());
    await settle();
    expect(tab.session.sizes).toEqual([{ columns: 102, rows: 30 }]);
  });

  test("output flows from the first byte, in the setting's encoding, and so does input", async () => {
    const tab = new Tab();
    tab.settings = { ...tab.settings, encoding: "iso-8859-1" };
    const session = tab.newSession();
    session.send(Uint8Array.from([0x63, 0x61, 0x66, 0xe9]));
    tab.openings.push(() => Promise.resolve(session));
    await tab.open();
    await tab.until("open");
    tab.type("é");
    expect(await tab.text()).toBe("café");
    expect([...session.inputBytes]).toEqual([0xe9]);
  });

  test("an unknown encoding is reported, and UTF-8 is used", async () => {
    const tab = new Tab();
    tab.settings = { ...tab.settings, encoding: "klingon" };
    await tab.open();
    await tab.until("open");
    tab.session.send("é");
    expect(await tab.text()).toMatch(/Unknown encoding "klingon" \(.*Using UTF-8\.\né$/);
  });

  test("the server's messages during a login stay on the screen; the line about the wait disappears", async () => {
    const tab = new Tab();
    let opened: (session: Session) => void = () => {};
    tab.openings.push(() => new Promise((resolve) => (opened = resolve)));
    tab.controller.open({ columns: 80, rows: 24 });
    await settle();
    const words = { source: "banner", text: "Visit https://example.org/device\nCode: 1234" } as const;
    tab.attempts[0]?.onLogin({ kind: "words", alias: "jump1", words });
    tab.attempts[0]?.onLogin({
      kind: "wait",
      alias: "jump1",
      wait: { on: "server", judging: "password" },
    });
    await tab.clock.advance(1_000);
    expect(await tab.text()).toBe(
      "jump1 says:\nVisit https://example.org/device\nCode: 1234\nWaiting for jump1 to accept the password…",
    );
    opened(tab.newSession());
    await tab.until("open");
    tab.session.send("$ ");
    expect(await tab.text()).toBe("jump1 says:\nVisit https://example.org/device\nCode: 1234\n$");
  });

  test("during a prompt, no line says that the login waits for the server", async () => {
    const tab = new Tab();
    tab.openings.push(() => new Promise(() => {}));
    tab.controller.open({ columns: 80, rows: 24 });
    await settle();
    const waits = (wait: LoginWait | undefined): void =>
      tab.attempts[0]?.onLogin({ kind: "wait", alias: "web1", wait });
    waits({ on: "server", judging: "request" });
    waits(undefined);
    await tab.clock.advance(1_000);
    expect(await tab.text()).toBe("Connecting to web1…");
    waits({ on: "server", judging: "password" });
    await tab.clock.advance(1_000);
    expect(await tab.text()).toBe("Waiting for web1 to accept the password…");
    waits(undefined);
    await tab.clock.advance(1_000);
    expect(await tab.text()).toBe("Connecting to web1…");
  });

  test("a slow login shows a line, which disappears", async () => {
    const tab = new Tab();
    let opened: (session: Session) => void = () => {};
    tab.openings.push(
      () =>
        new Promise((resolve) => {
          opened = resolve;
        }),
    );
    await tab.open();
    expect(await tab.text()).toBe("");
    await tab.clock.advance(300);
    expect(await tab.text()).toBe("Connecting to web1…");
    opened(tab.newSession());
    await settle();
    tab.session.send("$ ");
    expect(await tab.text()).toBe("$");
  });

  test("text typed meanwhile arrives; Ctrl+C cancels", async () => {
    const tab = new Tab();
    let opened: (session: Session) => void = () => {};
    tab.openings.push(
      () =>
        new Promise((resolve) => {
          opened = resolve;
        }),
    );
    await tab.open();
    tab.type("ls\r");
    opened(tab.newSession());
    await settle();
    expect(tab.session.input).toBe("ls\r");

    const impatient = new Tab();
    impatient.openings.push(() => new Promise(() => {}));
    await impatient.open();
    impatient.type("\u0003");
    await settle();
    expect(impatient.closed).toEqual([undefined]);
    expect(impatient.attempts[0]?.signal.reason).toBeInstanceOf(CancelledError);
    expect(impatient.clock.pendingTimers).toBe(0);
  });

  test("a failure is shown and can be retried in the same tab", async () => {
    const tab = new Tab();
    tab.openings.push(() => Promise.reject(new ConnectError("refused", "refused")));
    await tab.open();
    expect(await tab.text()).toBe("[failed: refused]\nPress Enter to close, R to reopen.");
    tab.type("r");
    await settle();
    tab.session.send("$ ");
    expect(await tab.text()).toBe("[failed: refused]\n$");
  });

  test.each<[string, string[], number, boolean]>([
    ["nothing was typed", [], 5000, false],
    ["the terminal has replied to a program", ["\u001b[?62;c", "\u001b[I"], 0, false],
    ["a key was pressed", ["\u001b[I", "l"], 90_000, true],
  ])("the end of a session depends on how it was used: %s", async (_, inputs, milliseconds, used) => {
    const lives: unknown[] = [];
    const tab = new Tab({
      describeEnd: (outcome, life) => {
        lives.push(life);
        return { text: outcome.kind, exitCode: undefined, staysOpen: true };
      },
    });
    await tab.open();
    for (const input of inputs) {
      tab.controller.input(input);
    }
    await tab.clock.advance(milliseconds);
    tab.session.end({ kind: "exited", code: 1 });
    await settle();
    expect(lives).toEqual([{ openFor: milliseconds, used }]);
    // The reason is not dim, because dim text is hard to read in a light theme.
    expect(tab.written).toMatch(/\u001b\[0m\[exited\]/);
    expect(tab.written).not.toMatch(/\u001b\[2m\[exited\]/);
    // A key in the previous session does not count for the next one.
    tab.type("r");
    await settle();
    tab.session.end({ kind: "exited", code: 1 });
    await settle();
    expect(lives[1]).toEqual({ openFor: 0, used: false });
  });

  test("a warning is shown above the reason, also for an attempt to reconnect", async () => {
    const tab = new Tab({
      describeFailure: () => ({
        text: "not trusted",
        warning: ["KEY CHANGED", "see known_hosts:3"],
        exitCode: undefined,
        staysOpen: true,
      }),
    });
    tab.settings = { ...tab.settings, reconnect: "ask" };
    tab.openings.push(() => Promise.reject(new Error("changed")));
    await tab.open();
    expect(await tab.text()).toBe(
      "KEY CHANGED\nsee known_hosts:3\n[not trusted]\nPress Enter to close, R to reopen.",
    );
    tab.type("r");
    await settle();
    tab.session.end(lost);
    await settle();
    tab.openings.push(() => Promise.reject(new Error("changed")));
    tab.type("\r");
    expect(await tab.text()).toMatch(
      /lost ──\nKEY CHANGED\nsee known_hosts:3\nnot trusted\nPress Enter to reconnect/,
    );
  });

  test("a cancelled open closes the tab silently", async () => {
    const tab = new Tab();
    tab.openings.push(() => Promise.reject(new CancelledError()));
    await tab.open();
    expect(tab.closed).toEqual([undefined]);
    expect(await tab.text()).toBe("");
  });

  test("a dismissed question keeps the tab, which says so and opens again by R", async () => {
    const tab = new Tab();
    tab.openings.push(() => Promise.reject(CancelledError.dismissed()));
    await tab.open();
    expect(tab.closed).toEqual([]);
    expect(await tab.text()).toMatch(/^\[failed: .*\]\nPress Enter to close, R to reopen\.$/s);
    tab.type("R");
    await settle();
    expect(tab.attempts).toHaveLength(2);
  });

  test("a tab closed while opening ends the session when it opens", async () => {
    const tab = new Tab();
    let opened: (session: Session) => void = () => {};
    tab.openings.push(
      () =>
        new Promise((resolve) => {
          opened = resolve;
        }),
    );
    await tab.open();
    tab.controller.dispose();
    opened(tab.newSession());
    await settle();
    expect(tab.session.log).toEqual(["disconnect"]);
    expect(tab.closed).toEqual([]);
    expect(tab.clock.pendingTimers).toBe(0);
  });
});

describe("ending", () => {
  test("output comes before the last line; VS Code gets no exit code that it would warn about", async () => {
    const tab = await new Tab().open();
    tab.session.send("bye");
    tab.session.end({ kind: "exited", code: 3 });
    expect(await tab.text()).toBe("bye\n[web1: exited]");
    expect(tab.closed).toEqual([undefined]);
    expect(tab.session.hasListeners).toBe(false);
    expect(tab.clock.pendingTimers).toBe(0);
  });

  test("an incomplete character at the end is shown as such", async () => {
    const tab = await new Tab().open();
    tab.session.send(Uint8Array.from([0x61, 0xe2, 0x82]));
    tab.session.end();
    expect(await tab.text()).toBe("a\ufffd\n[web1: exited]");
  });

  test("a lost session leaves a readable tab: normal screen, cursor, no mouse, no open sequence", async () => {
    const tab = await new Tab().open();
    tab.session.send(
      "$ vim\r\n\u001b[?1049h\u001b[?1000h\u001b[?25l\u001b[?1h\u001b=\u001b[31mediting\u001b]0;unfinished",
    );
    tab.session.end(lost);
    expect(await tab.text()).toBe("$ vim\n\n[web1: lost]\nPress Enter to close, R to reopen.");
    expect(tab.screen.terminal.modes).toMatchObject({
      mouseTrackingMode: "none",
      applicationCursorKeysMode: false,
      applicationKeypadMode: false,
    });
    expect(tab.written).toContain("\u001b[?25h");
    tab.type("\r");
    expect(tab.closed).toEqual([undefined]);
  });

  test("closing the tab hangs up, kills what does not end, and prints nothing more", async () => {
    const tab = await new Tab().open();
    tab.session.dead = true;
    tab.controller.dispose();
    const { written } = tab;
    tab.session.warn("idle", 60);
    await tab.clock.advance(799);
    expect(tab.session.log).not.toContain("kill");
    await tab.clock.advance(1);
    expect(tab.session.log.slice(-2)).toEqual(["disconnect", "kill"]);
    expect(tab.written).toBe(written);
    expect(tab.closed).toEqual([]);
    expect(tab.session.hasListeners).toBe(false);
    expect(tab.clock.pendingTimers).toBe(0);
  });

  test("closing the tab during a flood leaves nothing behind", async () => {
    const tab = await new Tab().open();
    tab.stopAnswering();
    for (let part = 0; part < 40; part++) {
      tab.session.send("y\r\n".repeat(10_000));
    }
    expect(tab.session.paused).toBe(true);
    tab.controller.dispose();
    await settle();
    expect(tab.session.state.kind).toBe("ended");
    expect(tab.clock.pendingTimers).toBe(0);
  });
});

describe("escapes", () => {
  test("~. ends a session whose channel accepts nothing at once", async () => {
    const tab = await new Tab().open();
    tab.session.room = 10;
    tab.controller.input("x".repeat(100_000));
    tab.type("\r~.");
    await settle();
    expect(tab.session.log).toContain("kill");
    expect(tab.closed).toHaveLength(1);
  });

  test("~. ends a session with a dead peer within a second", async () => {
    const tab = await new Tab().open();
    tab.session.dead = true;
    tab.type("\r~.");
    await tab.clock.advance(1000);
    expect(tab.closed).toHaveLength(1);
    expect(tab.clock.pendingTimers).toBe(0);
  });

  test("answers are shown on the screen, and none of them reaches the server", async () => {
    const tab = await new Tab().open();
    tab.session.send("$ ");
    tab.type("~?~#~I~B~R~C~&~\u001a~v~V~V");
    const text = await tab.text();
    for (const line of [
      "$ ~?",
      "channel 0: this",
      "connected somewhere",
      "~B",
      "can't rekey",
      "the command line is disabled: set EnableEscapeCommandline yes",
      "~&",
      "~^Z",
      "~v [log level of this connection: debug]",
      "~V [log level of this connection: info]",
      "~V [log level of this connection: warn]",
    ]) {
      expect(text).toContain(line);
    }
    expect(tab.session.input).toBe("");
    expect(tab.session.log).toContain("break 1000");
  });

  test("~C under EnableEscapeCommandline reads a line, and shows its result", async () => {
    const lines: string[] = [];
    const tab = new Tab({
      commandLine: async (_, line) => {
        lines.push(line);
        return ["Forwarding -L 8080:db:5432"];
      },
    });
    tab.settings = { ...tab.settings, escapeCommandLine: true };
    await tab.open();
    tab.session.send("$ ");
    tab.type("~C-Lx\u007f8080:db:5432");
    tab.session.send("output meanwhile");
    const asking = await tab.text();
    expect(asking).toContain("ssh> -L8080:db:5432");
    expect(asking).not.toContain("output meanwhile");
    tab.type("\r");
    const text = await tab.text();
    expect(text).toContain("Forwarding -L 8080:db:5432");
    expect(text).toContain("output meanwhile");
    expect(lines).toEqual(["-L8080:db:5432"]);
    expect(tab.session.input).toBe("");
    tab.type("ls\r");
    expect(tab.session.input).toBe("ls\r");
  });

  test.each([
    ["Ctrl+C", "\u0003"],
    ["Ctrl+D", "\u0004"],
    ["Escape", "\u001b"],
  ])("%s leaves the command line without an effect", async (_, key) => {
    const lines: string[] = [];
    const tab = new Tab({
      commandLine: async (__, line) => {
        lines.push(line);
        return [];
      },
    });
    tab.settings = { ...tab.settings, escapeCommandLine: true };
    await tab.open();
    tab.type("~C");
    tab.type(key === "\u0004" ? key : `-D 1080${key}`);
    tab.type("x");
    expect(lines).toEqual([]);
    expect(tab.session.input).toBe("x");
  });

  test("`none` switches them off", async () => {
    const tab = new Tab();
    tab.settings = { ...tab.settings, escapeChar: "none" };
    await tab.open();
    tab.type("~.");
    expect(tab.session.input).toBe("~.");
  });
});

describe("input", () => {
  test("a paste of 1 MB reaches a slow reader complete and in order, with the keys after it", async () => {
    const tab = await new Tab().open();
    const paste = Array.from({ length: 100_000 }, (_, index) => `line ${index}\n`).join("");
    tab.session.room = 1000;
    tab.controller.input(paste);
    tab.type("end");
    expect(tab.session.input.length).toBeLessThan(100_000);
    for (let turn = 0; turn < 10_000 && !tab.session.input.endsWith("end"); turn++) {
      tab.session.drain(40_000);
    }
    expect(tab.session.input).toBe(`${paste}end`);
  });

  test("replies to marks never reach the server, the program's own do", async () => {
    const tab = await new Tab().open();
    tab.session.send(`${"x".repeat(78)}\r\n`.repeat(2000));
    tab.session.send("\u001b[5n\u001b[?2026$p");
    await tab.text();
    expect(tab.written).toMatch(/\u001b\[\?\d{10}\$p/);
    expect(tab.session.input).toBe("\u001b[0n\u001b[?2026;2$y");
    expect(tab.session.paused).toBe(false);
  });
});

describe("resizing", () => {
  test("a burst becomes few sizes, the first at once and the last in any case", async () => {
    const tab = await new Tab().open();
    for (let columns = 81; columns <= 180; columns++) {
      tab.controller.resize({ columns, rows: 24 });
    }
    expect(tab.session.sizes).toEqual([{ columns: 81, rows: 24 }]);
    await tab.clock.advance(1000);
    expect(tab.session.sizes).toEqual([
      { columns: 81, rows: 24 },
      { columns: 180, rows: 24 },
    ]);
    expect(tab.clock.pendingTimers).toBe(0);
  });
});

describe("notices", () => {
  test("wait for the end of an open sequence and of a full screen program", async () => {
    const tab = await new Tab().open();
    tab.session.send("$ \u001b[3");
    tab.session.warn("time", 60);
    expect(await tab.text()).toBe("$");
    tab.session.send("1mred");
    expect(await tab.text()).toBe("$ red\ntime limit in 60 s");
    tab.session.send("\u001b[?1049h");
    tab.session.warn("idle", 60);
    expect(await tab.text()).not.toContain("idle");
    tab.session.send("\u001b[?1049l$ ");
    expect(await tab.text()).toContain("idle limit");
  });

  test("leave colours, line drawing and insert mode as they were", async () => {
    const plain = await new Tab().open();
    const noticed = await new Tab().open();
    for (const tab of [plain, noticed]) {
      tab.session.send("\u001b[1;38;5;120;44m\u001b(0\u001b[4hqq\r\n");
    }
    noticed.controller.notice("look here");
    for (const tab of [plain, noticed]) {
      tab.session.send("qqx\r\n");
    }
    await Promise.all([plain.text(), noticed.text()]);
    expect(await noticed.text()).toContain("look here");
    const lines = (tab: Tab): string[] => JSON.parse(tab.screen.dump()).normal.lines;
    expect(lines(noticed)[2]).toBe(lines(plain)[1]);
  });

  test("remote text in them has no effect", async () => {
    const tab = await new Tab().open();
    tab.controller.notice("evil\u001b[2Jtext\u202e");
    expect(await tab.text()).toBe("evil\\u{1b}[2Jtext\\u{202e}");
  });
});

describe("after EOF", () => {
  test("a line says so, keys are refused visibly, and escapes keep working", async () => {
    const tab = await new Tab().open();
    tab.session.eof();
    expect(await tab.text()).toMatch(/^── EOF sent: the program gets no more input ──$/);
    tab.type("ls");
    expect(tab.session.input).toBe("");
    expect((await tab.text()).match(/EOF was sent: keys no longer reach the program\./g)).toHaveLength(1);
    await tab.clock.advance(3000);
    tab.type("\r~.");
    expect((await tab.text()).match(/EOF was sent: keys no longer reach the program\./g)).toHaveLength(2);
    await settle();
    expect(tab.controller.state.kind).toBe("closed");
  });

  test("the terminal's own replies are refused silently", async () => {
    const tab = await new Tab().open();
    tab.session.eof();
    tab.session.send("\u001b[c\u001b[6n");
    expect(await tab.text()).not.toContain("EOF was sent");
    expect(tab.session.input).toBe("");
  });
});

describe("reconnecting in the same tab", () => {
  async function loseIt(reconnect: "auto" | "ask" | "never"): Promise<Tab> {
    const tab = new Tab();
    tab.settings = { ...tab.settings, reconnect };
    await tab.open();
    tab.session.send("work\r\n");
    tab.session.end(lost);
    await settle();
    return tab;
  }

  test("auto: after a countdown, with a line at the gap; scrollback stays", async () => {
    const tab = await loseIt("auto");
    expect(await tab.text()).toBe(
      "work\n── web1: lost ──\nReconnecting in 1 s. Enter: reconnect now, Esc: stop.",
    );
    await tab.clock.advance(1000);
    expect(tab.attempts).toHaveLength(2);
    expect(tab.attempts[1]?.login).toBe("unattended");
    tab.session.send("$ ");
    expect(await tab.text()).toBe("work\n── web1: lost ──\n── reconnected after 1 s ──\n$");
    tab.type("x");
    expect(tab.session.input).toBe("x");
    expect(tab.states).toEqual(["opening", "open", "waiting", "opening", "open"]);
  });

  test.each([
    { kind: "signalled", signal: "HUP", coreDumped: false } as const,
    { kind: "exited", code: 143 } as const,
  ])("after %o too, if the connection turns out to be lost", async (outcome) => {
    const tab = await new Tab().open();
    tab.settings = { ...tab.settings, reconnect: "auto" };
    tab.session.end(outcome);
    await settle();
    expect(tab.controller.state.kind).toBe("ended");
    expect(await tab.text()).toMatch(/Press Enter to close, R to reopen\.$/);
    tab.session.turnOutLost();
    await settle();
    expect(await tab.text()).toMatch(/web1: lost ──\nReconnecting in 1 s\./);
    await tab.clock.advance(1000);
    expect(tab.states.slice(-4)).toEqual(["ended", "waiting", "opening", "open"]);
  });

  test("not in a tab that the user has reopened before the connection turns out to be lost", async () => {
    const tab = await new Tab().open();
    tab.settings = { ...tab.settings, reconnect: "auto" };
    const { session } = tab;
    session.end({ kind: "signalled", signal: "HUP", coreDumped: false });
    await settle();
    tab.type("r");
    await settle();
    session.turnOutLost();
    await tab.clock.advance(10_000);
    expect(tab.states).toEqual(["opening", "open", "ended", "opening", "open"]);
  });

  test("failures back off, with the countdown on one line, until it works", async () => {
    const tab = await loseIt("auto");
    for (let failure = 0; failure < 3; failure++) {
      tab.openings.push(() => Promise.reject(new ConnectError("refused", `no ${failure}`)));
    }
    await tab.clock.advance(1000);
    expect(await tab.text()).toMatch(/failed: no 0\nReconnecting in 2 s\./);
    await tab.clock.advance(1000);
    expect(await tab.text()).toMatch(/failed: no 0\nReconnecting in 1 s\./);
    await tab.clock.advance(1000);
    expect(await tab.text()).toMatch(/failed: no 1\nReconnecting in 4 s\./);
    await tab.clock.advance(4000);
    expect(await tab.text()).toMatch(/failed: no 2\nReconnecting in 8 s\./);
    await tab.clock.advance(8000);
    expect(tab.controller.state.kind).toBe("open");
    expect(tab.clock.pendingTimers).toBe(0);
  });

  test("the same failure is not shown twice", async () => {
    const tab = await loseIt("auto");
    for (let failure = 0; failure < 3; failure++) {
      tab.openings.push(() => Promise.reject(new ConnectError("refused", "still away")));
    }
    await tab.clock.advance(7000);
    expect(tab.attempts).toHaveLength(4);
    expect((await tab.text()).match(/still away/g)).toHaveLength(1);
  });

  /** Another terminal of the same destination, open. */
  async function besides(first: Tab): Promise<Tab> {
    const { clock, reconnections } = first;
    const second = new Tab({
      clock,
      reconnect: (session, holder) => reconnections.join(lostConnection(session), holder),
    });
    second.settings = first.settings;
    return await second.open();
  }

  describe("an attempt that fails while another terminal still tries", () => {
    /** Both lost their sessions; the first one's attempt has failed. */
    async function failWhileAnotherTries(error = new Error("permission denied")) {
      const first = await loseIt("auto");
      const second = await besides(first);
      second.session.end(lost);
      await settle();
      const end = { succeed: (_session: Session): void => {}, fail: (_error: Error): void => {} };
      first.openings.push(() => Promise.reject(error));
      second.openings.push(
        () =>
          new Promise((resolve, reject) => {
            Object.assign(end, { succeed: resolve, fail: reject });
          }),
      );
      await first.clock.advance(1000);
      return { first, second, end };
    }

    test("shows at once why, and that the other one tries; then the next step", async () => {
      const { first, end } = await failWhileAnotherTries();
      expect(first.controller.state).toEqual({ kind: "waiting", until: undefined });
      expect(await first.text()).toMatch(
        /failed: permission denied\nWaiting for the other terminals to reconnect\. Enter: reconnect now, Esc: stop\.$/,
      );
      end.fail(new ConnectError("refused", "away"));
      expect(await first.text()).toMatch(
        /failed: permission denied\nPress Enter to reconnect, Esc to cancel\.$/,
      );
    });

    test("text typed meanwhile is not sent by a later one, and Enter tries now", async () => {
      const { first, second } = await failWhileAnotherTries();
      first.type("reboot\r");
      await settle();
      expect(first.controller.state.kind).toBe("open");
      expect(first.session.input).toBe("");
      expect(second.controller.state.kind).toBe("opening");
    });

    test.each([new Error("permission denied"), new ConnectError("timed-out", "away")])(
      "shares the connection that the other one has made, without a login, after %s",
      async (error) => {
        const { first, second, end } = await failWhileAnotherTries(error);
        first.masters = ["m2"];
        first.reconnections.mastersChanged();
        await settle();
        expect(first.attempts.at(-1)?.login).toBe("none");
        expect(first.controller.state.kind).toBe("open");
        end.succeed(second.newSession());
        await settle();
        expect(first.clock.pendingTimers).toBe(0);
      },
    );

    test("shares another one that was made while the first was tried", async () => {
      const { first } = await failWhileAnotherTries();
      let fail: (error: Error) => void = () => {};
      first.openings.push(
        () =>
          new Promise((_resolve, reject) => {
            fail = reject;
          }),
      );
      first.masters = ["m2"];
      first.reconnections.mastersChanged();
      first.masters = ["m3"];
      first.reconnections.mastersChanged();
      expect(first.attempts).toHaveLength(3);
      fail(new ChannelError("timed-out", "no answer"));
      await settle();
      expect(first.attempts.slice(2).map(({ login }) => login)).toEqual(["none", "none"]);
      expect(first.controller.state.kind).toBe("open");
    });

    test("Esc stops only that one", async () => {
      const { first, second, end } = await failWhileAnotherTries();
      first.type("\u001b");
      expect(first.controller.state.kind).toBe("ended");
      end.succeed(second.newSession());
      await settle();
      expect(second.controller.state.kind).toBe("open");
      expect(first.controller.state.kind).toBe("ended");
      expect(first.clock.pendingTimers).toBe(0);
    });
  });

  test("a terminal that gets a connection which another one has tried uses it, and the other's countdown continues", async () => {
    const first = await loseIt("auto");
    const away = () => Promise.reject(new ConnectError("refused", "away"));
    const second = await besides(first);
    first.openings.push(away);
    first.masters = ["m2"];
    first.reconnections.mastersChanged();
    await settle();
    expect(await first.text()).toMatch(/Reconnecting in 2 s\./);
    await first.clock.advance(1000);
    second.openings.push(away);
    second.session.end(lost);
    await settle();
    expect(second.attempts.at(-1)?.login).toBe("unattended");
    expect(await second.text()).toMatch(/Reconnecting in 1 s\./);
    expect(await first.text()).toMatch(/Reconnecting in 1 s\./);
    await first.clock.advance(1000);
    expect([first, second].map(({ controller }) => controller.state.kind)).toEqual(["open", "open"]);
    expect(first.clock.pendingTimers).toBe(0);
  });

  test("closing one while another one tries does not end the countdown", async () => {
    const first = await loseIt("auto");
    const second = await besides(first);
    first.openings.push(() => Promise.reject(new ConnectError("refused", "away")));
    first.masters = ["m2"];
    first.reconnections.mastersChanged();
    await settle();
    let fail: (error: Error) => void = () => {};
    second.openings.push(
      () =>
        new Promise((_resolve, reject) => {
          fail = reject;
        }),
    );
    second.session.end(lost);
    await settle();
    expect([...first.reconnections.waiting().values()]).toMatchObject([
      { state: { attempting: true, until: undefined } },
    ]);
    first.type("\u001b");
    await first.clock.advance(10_000);
    fail(new ConnectError("refused", "away"));
    await first.clock.advance(10_000);
    expect(second.controller.state.kind).toBe("open");
  });

  test("Enter tries now, Esc stops", async () => {
    const tab = await loseIt("auto");
    tab.type("\r");
    await settle();
    expect(tab.attempts).toHaveLength(2);
    expect(tab.attempts[1]?.login).toBe("attended");

    const stopped = await loseIt("auto");
    stopped.type("\u001b");
    await stopped.clock.advance(100_000);
    expect(stopped.attempts).toHaveLength(1);
    expect(await stopped.text()).toMatch(/\[web1: lost\]\nPress Enter to close, R to reopen\.$/);
    expect(stopped.clock.pendingTimers).toBe(0);
  });

  test("a refusal that is not caused by the network ends the attempts; Enter still works", async () => {
    const tab = await loseIt("auto");
    tab.openings.push(() => Promise.reject(new Error("permission denied")));
    await tab.clock.advance(1000);
    await tab.clock.advance(1_000_000);
    expect(tab.attempts).toHaveLength(2);
    expect(await tab.text()).toMatch(/permission denied\]?\nPress Enter to reconnect, Esc to cancel\.$/);
    tab.type("\r");
    await settle();
    expect(tab.controller.state.kind).toBe("open");
  });

  test("`ask` waits for Enter; `never` does not offer it", async () => {
    const asking = await loseIt("ask");
    await asking.clock.advance(1_000_000);
    expect(asking.attempts).toHaveLength(1);
    asking.type("\r");
    await settle();
    expect(asking.controller.state.kind).toBe("open");

    const never = await loseIt("never");
    expect(never.controller.state.kind).toBe("ended");
  });

  test("closing the tab while waiting leaves no timer", async () => {
    const tab = await loseIt("auto");
    tab.controller.dispose();
    expect(tab.clock.pendingTimers).toBe(0);
    expect(tab.closed).toEqual([]);
  });

  test("a failure is shown again after another loss", async () => {
    const tab = await loseIt("auto");
    tab.openings.push(() => Promise.reject(new ConnectError("refused", "still away")));
    await tab.clock.advance(1000);
    tab.type("\u001br");
    await settle();
    expect(tab.controller.state.kind).toBe("open");
    tab.session.end(lost);
    await settle();
    tab.openings.push(() => Promise.reject(new ConnectError("refused", "still away")));
    await tab.clock.advance(5000);
    expect((await tab.text()).match(/still away/g)).toHaveLength(2);
  });

  describe("text typed while it reconnects", () => {
    /** Types into a waiting tab, and again during its attempt. */
    async function typeMeanwhile(): Promise<Tab> {
      const tab = await loseIt("auto");
      tab.type("wait");
      let opened: (session: Session) => void = () => {};
      tab.openings.push(
        () =>
          new Promise((resolve) => {
            opened = resolve;
          }),
      );
      await tab.clock.advance(1000);
      tab.type("rm *\r");
      opened(tab.newSession());
      await settle();
      return tab;
    }

    test("does not run in the new login shell, and a line says so", async () => {
      const tab = await typeMeanwhile();
      expect(tab.session.input).toBe("");
      expect(await tab.text()).toMatch(
        /── reconnected after 1 s; not sent: 9 characters typed in the meantime ──$/,
      );
      tab.type("x");
      expect(tab.session.input).toBe("x");
    });

    test("is reported once, not after the next outage", async () => {
      const tab = await typeMeanwhile();
      tab.session.end(lost);
      await tab.clock.advance(2000);
      expect(await tab.text()).toMatch(/── reconnected after 2 s ──$/);
    });
  });

  test("keys that edit a line are sent with it: without them it would be another command", async () => {
    const tab = new Tab();
    let opened: (session: Session) => void = () => {};
    tab.openings.push(() => new Promise((resolve) => (opened = resolve)));
    await tab.open();
    // Also what the terminal sends on its own, in reply to earlier output.
    for (const key of ["rm a b", "\u001b[D", "\u001b[H", "\u001b[?1;2c", "# ", "\r"]) {
      tab.controller.input(key);
    }
    opened(tab.newSession());
    await tab.until("open");
    expect(tab.session.input).toBe("rm a b\u001b[D\u001b[H# \r");
  });

  test.each([true, false])(
    "a line that begins with R, typed into an ended tab, does not run in the new shell (a failed first login: %s)",
    async (failed) => {
      const tab = new Tab();
      if (failed) {
        tab.openings.push(() => Promise.reject(new ConnectError("refused", "away")));
      }
      await tab.open();
      if (!failed) {
        tab.session.end({ kind: "signalled", signal: "HUP", coreDumped: false });
      }
      await tab.until("ended");
      let opened: (session: Session) => void = () => {};
      tab.openings.push(() => new Promise((resolve) => (opened = resolve)));
      tab.type("rm -rf build\r");
      opened(tab.newSession());
      await tab.until("open");
      expect(tab.session.input).toBe("");
      expect(await tab.text()).toMatch(/── not sent: 12 characters typed before the session was open ──$/);
      tab.type("x");
      expect(tab.session.input).toBe("x");
    },
  );

  test("a login that needs the user says so", async () => {
    const tab = await loseIt("auto");
    tab.openings.push(() =>
      Promise.reject(new AuthError("nothing-to-try", "no", { tried: [], methodsLeft: [] })),
    );
    await tab.clock.advance(1000);
    expect(await tab.text()).toMatch(/The login requires input: press Enter to reconnect, Esc to cancel\.$/);
  });

  test("text typed during a failed attempt is not sent by a later one", async () => {
    const tab = await loseIt("auto");
    let fail: (error: Error) => void = () => {};
    tab.openings.push(
      () =>
        new Promise((_resolve, reject) => {
          fail = reject;
        }),
    );
    await tab.clock.advance(1000);
    tab.type("reboot\r");
    fail(new ConnectError("refused", "still away"));
    await settle();
    expect(tab.controller.state.kind).toBe("waiting");
    await tab.clock.advance(5000);
    expect(tab.controller.state.kind).toBe("open");
    expect(tab.session.input).toBe("");
  });

  test("marks keep counting over the gap", async () => {
    const tab = await loseIt("auto");
    await tab.clock.advance(1000);
    tab.session.send(`${"x".repeat(78)}\r\n`.repeat(5000));
    await tab.text();
    expect(tab.session.paused).toBe(false);
    expect(tab.session.input).toBe("");
  });
});
