/** Attacks at their full size, processed as in the extension. */
import { inTurns } from "../../../src/base/turns.ts";
import { probeSteps } from "../../../src/remote/parse/probeOutput.ts";
import { parseTimeouts } from "../../../src/remote/parse/timeoutOutput.ts";
import { RemoteViewError } from "../../../src/remote/remoteErrors.ts";
import { sessionSteps } from "../../../src/remote/remoteModel.ts";
import { splitParts } from "../../../src/remote/remoteScript.ts";
import type { HostRun } from "../../../src/session/run/fleetRun.ts";
import { runReportSteps } from "../../../src/text/runReport.ts";

export interface AttackCase {
  readonly name: string;
  /** Resolves when the extension has processed the input. */
  readonly run: () => Promise<void>;
}

/** The most bytes of a probe's output. */
const probeBytes = 8 * 1024 * 1024;
const timeoutBytes = 1024 * 1024;

function filled(line: string, bytes: number): string {
  return `${line}\n`.repeat(Math.floor(bytes / (line.length + 1)));
}

async function probe(part: string, line: string): Promise<void> {
  await probeOf(`B begin \nB ${part}\n${filled(line, probeBytes - 100)}\nB end `);
}

async function probeOf(text: string): Promise<void> {
  const facts = await inTurns(probeSteps(splitParts(text, "B")));
  try {
    await inTurns(
      sessionSteps(facts, { limits: { idleSeconds: 1, settlingSeconds: 0, unansweredRetransmits: 1 } }),
    );
  } catch (error) {
    // A refusal is a valid result, too.
    if (!(RemoteViewError.is(error) && error.reason === "too-much")) {
      throw error;
    }
  }
}

/** As many processes as fit, each with its own pid: Linux's two tables of them, and the output of `sshd`. */
function processes(args: (pid: number) => string): Promise<void> {
  const count = Math.floor(probeBytes / 175);
  const pids = Array.from({ length: count }, (_, index) => count + 1 - index);
  const listed = pids.map(
    (pid) => `${pid} ${pid - 1} ${pid} 0 root pts/0 S Thu Nov 21 02:38:00 2024 ${args(pid)}`,
  );
  const stats = pids.map(
    (pid) => `${pid} (sshd) S ${pid - 1} 1 1 34816 1 4194304 1 1 1 1 1 1 1 1 20 0 1 0 ${pid} 1 1 1`,
  );
  return probeOf(["B begin ", "B ps full", ...listed, "B procstat", ...stats, "B end "].join("\n"));
}

export const attackCases: readonly AttackCase[] = [
  { name: "/proc/PID/stat, 8 MB of `) S`", run: () => probe("procstat", `1 (${") S ".repeat(1000)}`) },
  { name: "/proc/PID/stat, 8 MB of blanks", run: () => probe("procstat", `1 (a) S ${" ".repeat(4000)}`) },
  { name: "netstat, 8 MB of numbers", run: () => probe("netstat", `tcp ${"1 ".repeat(2000)}`) },
  { name: "ps, 8 MB of one process", run: () => probe("ps full", psRow) },
  { name: "8 MB of nested processes", run: () => processes(() => "sh") },
  { name: "8 MB of nested servers", run: () => processes((pid) => `sshd: root@pts/${pid}`) },
  { name: "8 MB of nested monitors", run: () => processes(() => "sshd: root [priv]") },
  {
    name: "ss, 8 MB of sockets",
    run: () => probe("ss", `ESTAB 0 0 1.1.1.1:22 2.2.2.2:5 users:(("a",pid=1,fd=1))`.padEnd(100)),
  },
  {
    name: "times of terminals, 8 MB",
    run: () => probe("tty", "/dev/pts/0 1732156680 1732156680".padEnd(85)),
  },
  {
    name: "environments, 8 MB",
    run: () => probe("environ", "/proc/1/environ SSH_CONNECTION=2.2.2.2 5 1.1.1.1 22".padEnd(85)),
  },
  {
    name: "loginctl, 8 MB of sessions",
    run: () =>
      probe(
        "loginctl",
        ["Id=1", "Name=a", "TTY=pts/1", ""].map((line) => line.padEnd(line === "" ? 0 : 115)).join("\n"),
      ),
  },
  {
    name: "who, 8 MB of logins",
    run: () => probe("who", "root pts/0 2024-11-21 02:38 00:10 1 (1.2.3.4)".padEnd(90)),
  },
  {
    name: "sshd_config, 1 MB of blanks",
    run: async () => {
      const lines = filled(`1:ClientAliveInterval${" ".repeat(4000)}!`, timeoutBytes);
      parseTimeouts(splitParts(`B file /x\n${lines}\nB end `, "B"));
    },
  },
  {
    name: "sshd_config, 1 MB of Match patterns",
    run: async () => {
      const lines = filled(`1:Match User ${"*a".repeat(200)}b`, timeoutBytes);
      parseTimeouts(splitParts(`B meta\nuser ${"a".repeat(256)}\nB file /x\n${lines}\nB end `, "B"));
    },
  },
  {
    name: "a command's output on two hosts, 4 MB of `ESC ] 7 ;` in each stream",
    run: async () => {
      const stream = Buffer.from("\u001b]7;".repeat(1024 * 1024));
      const runs = ["a", "b"].map((host): HostRun => {
        const outcome = { kind: "exited", code: 0 } as const;
        const execution = { outcome, stdout: stream, stderr: stream, truncated: false };
        return { kind: "done", host, milliseconds: 1, execution };
      });
      await inTurns(runReportSteps("x", runs, stream.length, () => ""));
    },
  },
];

const psRow = "10 1 1 0 root pts/0 S Thu Nov 21 02:38:00 2024 sshd: root@pts/0".padEnd(100);
