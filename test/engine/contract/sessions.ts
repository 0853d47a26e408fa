import { expect, test } from "vitest";
import type { ConnectionEngine, SessionSpec } from "../../../src/engine/connectionEngine.ts";
import { ChannelError } from "../../../src/engine/engineErrors.ts";
import { until } from "../../lab/until.ts";
import { makeBench } from "./bench.ts";
import { collect, execSpec, never, run, Screen, shellSpec } from "./channels.ts";

const subsystem = (name: string): SessionSpec => ({ request: { type: "subsystem", name }, env: {} });

export function describeSessions(makeEngine: () => ConnectionEngine): void {
  const bench = makeBench(makeEngine);

  test("a command's output, standard error and exit code arrive, and the close comes last", async () => {
    const connection = await bench.login(await bench.host());
    const ran = await run(connection, "echo out; echo err >&2; exit 7");
    expect(ran).toMatchObject({ stdout: "out\n", stderr: "err\n", exit: { code: 7 }, lost: false });
    expect(ran.order.slice(-2)).toEqual(["eof", "close"]);
  });

  test("a command that ended before anyone listened loses nothing", async () => {
    const connection = await bench.login(await bench.host());
    const channel = await connection.openSession(execSpec("echo early; exit 4"), never());
    await until(() => channel.details().closeReceived, "the close");
    expect(await collect(channel)).toMatchObject({ stdout: "early\n", exit: { code: 4 }, lost: false });
  });

  test("a shell has a terminal of the requested size and type, which can be resized", async () => {
    const connection = await bench.login(await bench.host());
    const channel = await connection.openSession(shellSpec(91, 33), never());
    const screen = new Screen(channel);
    const ended = collect(channel);
    screen.type("stty size; echo $TERM\r");
    await screen.shows(/33 91\r\nxterm-256color/);
    channel.resize({ columns: 120, rows: 40 });
    screen.type("stty size\r");
    await screen.shows(/40 120/);
    screen.type("exit 3\r");
    expect((await ended).exit).toEqual({ code: 3 });
  });

  test("the terminal erases whole characters and takes DEL for Backspace", async () => {
    const connection = await bench.login(await bench.host());
    const { stdout } = await run(connection, "stty -a", { pty: { term: "xterm", columns: 80, rows: 24 } });
    expect(stdout).toMatch(/erase = \^\?/);
    expect(stdout).toMatch(/[^-]iutf8/);
  });

  test("a subsystem exchanges its own protocol", async () => {
    const connection = await bench.login(await bench.host());
    const channel = await connection.openSession(subsystem("sftp"), never());
    const answer = new Promise<Buffer>((resolve) => {
      channel.onDidReceive(({ data }) => resolve(Buffer.from(data)));
    });
    channel.resume();
    // SSH_FXP_INIT, version 3
    channel.write(Buffer.from([0, 0, 0, 5, 1, 0, 0, 0, 3]));
    expect((await answer).subarray(4, 9)).toEqual(Buffer.from([2, 0, 0, 0, 3]));
    channel.close();
  });

  test("a missing subsystem is refused, and the connection continues", async () => {
    const connection = await bench.login(await bench.host());
    const failure = await connection.openSession(subsystem("nothing"), never()).catch((error) => error);
    expect(ChannelError.is(failure) && failure.reason).toBe("request-failed");
    expect(await run(connection, "echo on")).toMatchObject({ stdout: "on\n" });
  });

  test("environment variables that the server accepts are set; requests and their results are recorded", async () => {
    const connection = await bench.login(await bench.host());
    const spec = execSpec('echo "$LAB_WORD|$OTHER"', { env: { LAB_WORD: "ä ö", OTHER: "no" } });
    const channel = await connection.openSession(spec, never());
    const { stdout } = await collect(channel);
    expect(stdout).toBe("ä ö|\n");
    const details = channel.details();
    expect(details.requests).toMatchObject([
      { name: "env", detail: "LAB_WORD", outcome: "no reply asked" },
      { name: "env", detail: "OTHER", outcome: "no reply asked" },
      { name: "exec", detail: 'echo "$LAB_WORD|$OTHER"', outcome: "accepted" },
    ]);
    expect(details).toMatchObject({
      type: "session",
      bytesIn: Buffer.byteLength(stdout),
      bytesOut: 0,
      eofSent: false,
      eofReceived: true,
      closeReceived: true,
      closeSent: true,
    });
  });

  test("a request of the maximum size is sent; a larger one is refused locally, and all sessions continue", async () => {
    const connection = await bench.login(await bench.host());
    const other = await connection.openSession(execSpec("cat"), never());
    const ended = collect(other);
    // The kernel rejects an argument of that size: the shell reports it, for this session only.
    const largest = `true ${"x".repeat(256 * 1024 - 64 - 10 - 4 - 4 - 5)}`;
    await collect(await connection.openSession(execSpec(largest), never()));
    const env = { LAB_WORD: "x".repeat(200 * 1024) };
    await collect(await connection.openSession(execSpec("true", { env }), never()));
    for (const spec of [execSpec(`${largest}x`), execSpec("true", { env: { LAB_WORD: largest } })]) {
      await expect(connection.openSession(spec, never())).rejects.toMatchObject({
        reason: "request-too-large",
      });
    }
    other.write(Buffer.from("still here"));
    other.eof();
    expect(await ended).toMatchObject({ stdout: "still here", lost: false });
    expect(connection.ended).toBeUndefined();
  });

  test("end of input ends a reader that has received every byte", async () => {
    const connection = await bench.login(await bench.host());
    const channel = await connection.openSession(execSpec("wc -c; exit 5"), never());
    const ended = collect(channel);
    channel.write(Buffer.alloc(300_000, "x"));
    channel.eof();
    expect(channel.write(Buffer.from("late"))).toBe(false);
    expect(await ended).toMatchObject({ stdout: "300000\n", exit: { code: 5 } });
    expect(channel.details()).toMatchObject({ bytesOut: 300_000, eofSent: true });
  });

  test("a signal that ended the command is reported", async () => {
    const connection = await bench.login(await bench.host());
    expect((await run(connection, "kill -TERM $$")).exit).toMatchObject({
      signal: "TERM",
      coreDumped: false,
    });
  });

  test("a signal reaches the command", async () => {
    // OpenSSH delivers signals only to non-root logins (session.c, session_signal_req).
    const connection = await bench.login(await bench.host({ user: "throwaway" }));
    const channel = await connection.openSession(execSpec("echo ready; exec sleep 100"), never());
    const screen = new Screen(channel);
    const ended = collect(channel);
    await screen.shows(/ready/);
    channel.signal("TERM");
    expect((await ended).exit).toMatchObject({ signal: "TERM" });
  });

  test("a break is sent while the channel is open", async () => {
    const connection = await bench.login(await bench.host());
    const channel = await connection.openSession(shellSpec(), never());
    const screen = new Screen(channel);
    const ended = collect(channel);
    screen.type("echo re''ady\r");
    await screen.shows(/ready/);
    expect(channel.sendBreak(500)).toBe(true);
    screen.type("exit\r");
    await ended;
    expect(channel.details().requests.at(-1)).toMatchObject({
      name: "break",
      detail: "500 ms",
      outcome: "no reply asked",
    });
    expect(channel.sendBreak(500)).toBe(false);
  });

  test("closing one session ends its program and does not affect the others", async () => {
    const host = await bench.host();
    const connection = await bench.login(host);
    const other = await connection.openSession(execSpec("cat"), never());
    const otherScreen = new Screen(other);
    const channel = await connection.openSession(shellSpec(), never());
    const screen = new Screen(channel);
    const ended = collect(channel);
    screen.type("echo re''ady; exec sleep 1000\r");
    await screen.shows(/ready/);
    const sleeping = (): boolean =>
      host.connections().some(({ all }) => all.some(({ name }) => name === "sleep"));
    await until(sleeping);
    channel.close();
    expect(await ended).toMatchObject({ lost: false, exit: {} });
    await until(() => !sleeping(), "the hangup");
    other.write(Buffer.from("still here\n"));
    await otherScreen.shows(/still here/);
  });

  test("a full connection refuses with the server's code, and accepts a session again after one has ended", async () => {
    const connection = await bench.login(await bench.host({ sshd: { MaxSessions: 1 } }));
    const channel = await connection.openSession(execSpec("cat"), never());
    const ended = collect(channel);
    const failure = await connection.openSession(execSpec("true"), never()).catch((error) => error);
    expect(ChannelError.is(failure) && [failure.reason, failure.code]).toEqual(["refused", 2]);
    channel.eof();
    await ended;
    // sshd counts a session until it has reaped the program, shortly after it has closed the channel.
    await until(
      () =>
        run(connection, "echo room").then(
          ({ stdout }) => stdout === "room\n",
          () => false,
        ),
      "room",
    );
  });

  test("fifty concurrent sessions on one connection each get their own output", async () => {
    const host = await bench.host();
    const connection = await bench.login(host);
    const names = Array.from({ length: 50 }, (_, index) => `n${index}`);
    const outputs = await Promise.all(
      names.map((name) => run(connection, `echo ${name}; echo e${name} >&2`)),
    );
    expect(outputs.map(({ stdout }) => stdout)).toEqual(names.map((name) => `${name}\n`));
    expect(outputs.map(({ stderr }) => stderr)).toEqual(names.map((name) => `e${name}\n`));
    expect(host.logins()).toBe(1);
  });

  test("two concurrent channels have different numbers on both sides", async () => {
    const connection = await bench.login(await bench.host());
    const [first, second] = await Promise.all([
      connection.openSession(execSpec("cat"), never()),
      connection.openSession(execSpec("cat"), never()),
    ]);
    expect(first.details().localId).not.toBe(second.details().localId);
    expect(first.details().remoteId).not.toBe(second.details().remoteId);
  });
}
