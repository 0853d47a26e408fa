import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { constants } from "node:os";
import { StringDecoder } from "node:string_decoder";
import { type IPty, spawn as spawnOnPty } from "@lydell/node-pty";
import type { PseudoTtyInfo, ServerChannel, Session } from "ssh2";

export interface ShellSetting {
  /** The shell of sessions: a POSIX shell, or cmd.exe. */
  readonly shell: string;
  readonly env: Readonly<Record<string, string>>;
  readonly home: string;
  onStart(): void;
}

/** Serves one session channel (RFC 4254 section 6): a shell or a command, on a pty or on pipes. */
export function serveSession(session: Session, setting: ShellSetting): void {
  const env: Record<string, string> = { ...setting.env };
  let pty: PseudoTtyInfo | undefined;
  let running: RunningProgram | undefined;

  session.on("env", (accept, reject, { key, val }) => {
    // Like sshd's AcceptEnv: a client must not change how programs run by any variable.
    if (/^(LANG|LC_\w+|COLORTERM|LAB_\w+)$/.test(key)) {
      env[key] = val;
      accept?.();
    } else {
      reject?.();
    }
  });
  session.on("pty", (accept, _reject, info) => {
    pty = info;
    accept?.();
  });
  session.on("window-change", (accept, _reject, info) => {
    if (pty !== undefined) {
      pty.cols = info.cols;
      pty.rows = info.rows;
    }
    running?.resize(info.cols, info.rows);
    accept?.();
  });
  session.on("signal", (accept, reject, { name }) => {
    if (running?.signal(`SIG${name}`)) {
      accept?.();
    } else {
      reject?.();
    }
  });
  const start = (channel: ServerChannel, command: string | undefined): void => {
    setting.onStart();
    const args = command === undefined ? [] : [process.platform === "win32" ? "/c" : "-c", command];
    running =
      pty === undefined
        ? runOnPipes(channel, setting, args, env)
        : runOnPty(channel, setting, args, { ...env, TERM: termOf(pty) }, pty);
  };
  session.on("shell", (accept) => start(accept(), undefined));
  session.on("exec", (accept, _reject, { command }) => start(accept(), command));
  // The library refuses subsystems, because there is no listener for them.
}

interface RunningProgram {
  resize(columns: number, rows: number): void;
  /** To the program's process group, as sshd does. False: the signal or the process group does not exist. */
  signal(name: string): boolean;
}

function runOnPty(
  channel: ServerChannel,
  setting: ShellSetting,
  args: string[],
  env: Record<string, string>,
  size: PseudoTtyInfo,
): RunningProgram {
  const program: IPty = spawnOnPty(setting.shell, args, {
    name: env["TERM"] ?? "dumb",
    cols: size.cols || 80,
    rows: size.rows || 24,
    cwd: setting.home,
    env,
    // Bytes: text may be cut anywhere. On Windows the console API returns only text.
    ...(process.platform === "win32" ? {} : { encoding: null }),
  });
  let over = false;
  program.onData((data) => {
    if (!channel.write(data)) {
      program.pause();
      channel.once("drain", () => program.resume());
    }
  });
  const decoder = new StringDecoder("utf8");
  channel.on("data", (data: Buffer) => program.write(decoder.write(data)));
  program.onExit(({ exitCode, signal }) => {
    over = true;
    finish(channel, exitCode, signalName(signal));
  });
  channel.on("close", () => {
    if (!over) {
      program.resume();
      program.kill();
    }
  });
  return {
    resize: (columns, rows) => {
      if (!over && columns > 0 && rows > 0) {
        program.resize(columns, rows);
      }
    },
    signal: (name) => !over && signalGroup(program.pid, name),
  };
}

function runOnPipes(
  channel: ServerChannel,
  setting: ShellSetting,
  args: string[],
  env: Record<string, string>,
): RunningProgram {
  const program: ChildProcessWithoutNullStreams = spawn(setting.shell, args, {
    cwd: setting.home,
    env,
    // A separate process group, which signals can reach.
    detached: process.platform !== "win32",
  });
  channel.pipe(program.stdin);
  // The program need not read to the end.
  program.stdin.on("error", () => {});
  program.stdout.pipe(channel, { end: false });
  program.stderr.pipe(channel.stderr, { end: false });
  // As with sshd: a program whose client has disconnected gets a closed pipe, not a signal.
  channel.on("close", () => {
    program.stdout.destroy();
    program.stderr.destroy();
    program.stdin.destroy();
  });
  program.on("error", (error) => {
    channel.stderr.write(`${error.message}\r\n`);
    finish(channel, 127, undefined);
  });
  program.on("close", (code, signal) => finish(channel, code ?? 0, signal ?? undefined));
  return {
    resize: () => {},
    signal: (name) =>
      program.pid !== undefined && program.exitCode === null && signalGroup(program.pid, name),
  };
}

/** Reports how it ended, after all output; then EOF and close. */
function finish(channel: ServerChannel, code: number, signal: string | undefined): void {
  if (!channel.writable) {
    return;
  }
  // Both queues are empty when these return, even if the client's window was full.
  channel.stderr.write("", () => {
    channel.write("", () => {
      if (signal === undefined) {
        channel.exit(code);
      } else {
        channel.exit(signal.replace(/^SIG/, ""), false, "");
      }
      channel.end();
    });
  });
}

/** The client's TERM. ssh2's types lack it. */
function termOf(pty: PseudoTtyInfo): string {
  return (pty as PseudoTtyInfo & { readonly term?: string }).term || "xterm";
}

function signalName(number: number | undefined): string | undefined {
  return number ? Object.entries(constants.signals).find(([, value]) => value === number)?.[0] : undefined;
}

function signalGroup(pid: number, name: string): boolean {
  try {
    return Object.hasOwn(constants.signals, name) && process.kill(-pid, name as NodeJS.Signals);
  } catch {
    return false;
  }
}
