/**
 * What a hostile server could print for the probes, and the parsers that read it: for the growth tests and the
 * benchmark.
 */
import { inTurns } from "../../../src/base/turns.ts";
import { parseProbe, probeSteps } from "../../../src/remote/parse/probeOutput.ts";
import { parseTimeouts } from "../../../src/remote/parse/timeoutOutput.ts";
import { buildSessions, sessionSteps } from "../../../src/remote/remoteModel.ts";
import { splitParts } from "../../../src/remote/remoteScript.ts";
import { OscFilter } from "../../../src/terminal/oscFilter.ts";
import { literal } from "../../../src/text/markdownText.ts";
import { plainMessage } from "../../../src/text/plainMessage.ts";
import { runReportSteps } from "../../../src/text/runReport.ts";
import { deafPrograms } from "../../support/deafPrograms.ts";
import { breather } from "./breather.ts";

export interface TextCase {
  readonly name: string;
  /** Reads an input of about `size` characters. */
  readonly run: (size: number) => void | Promise<void>;
}

/** Patterns that cause backtracking; each is repeated up to the requested size. */
export const shapes: Readonly<Record<string, string>> = {
  blanks: " ",
  digits: "1",
  letters: "a",
  "digits and blanks": "1 ",
  "words and blanks": "a  ",
  parentheses: ") S ",
  colons: "1:",
  dots: "1.",
  percent: "%",
  "equals signs": " = ",
  quotes: '"',
  commas: "timer:(a,",
  slashes: "/1/",
  pids: "pid=1,",
  "line ends of Unicode": "\u2028 ",
  "carriage returns": "\r ",
  escapes: "\u001b]7;",
  introducers: "\u001b[;;",
  brackets: "[](",
  "stars and letters": "*a",
  "combining letters": "e\u0301\u200d",
};

const kinds: Readonly<Record<string, readonly string[]>> = {
  probe: [
    "meta",
    "ss",
    "netstat",
    "sockstat",
    "fstat",
    "who",
    "w",
    "loginctl",
    "tty",
    "environ",
    "clock",
    "procstat",
    "ps full",
    "ps busybox",
    "ps plain",
  ],
  timeouts: [
    "meta",
    "ancestors",
    "effective",
    "file /etc/ssh/sshd_config",
    "tmout /etc/profile",
    "logind",
    "kernel",
  ],
};

/** Beginnings that lead a parser as far into a line as possible. */
const beginnings: Readonly<Record<string, readonly string[]>> = {
  meta: ["connection ", "missing ", "shell ", "user "],
  ss: ["ESTAB 0 0 ", "ESTAB 0 0 1.2.3.4:22 1.2.3.4:5 "],
  netstat: ["tcp 0 0 1.2.3.4:22 1.2.3.4:5 ESTABLISHED "],
  sockstat: ["root sshd 1 3 tcp4 "],
  fstat: ["root sshd 1 3 internet stream tcp 0x1 "],
  who: ["root ", "root pts/0 2024-11-21 02:38", "root pts/0 2024-11-21 02:38 (", "root pts/0 Nov 21 02:38 "],
  w: ["USER     TTY      FROM             LOGIN@   IDLE   JCPU   PCPU WHAT\nroot     pts/0 "],
  loginctl: ["Id=", "Id=1\nName=a\nTimestamp="],
  tty: ["/dev/pts/0 "],
  environ: ["/proc/1/environ SSH_CONNECTION="],
  clock: ["btime "],
  procstat: ["1 (", "1 (a) S "],
  "ps full": ["1 1 1 0 root pts/0 Ss ", "1 1 1 0 root pts/0 Ss Thu Nov 21 02:38:00 2024 sshd: "],
  "ps busybox": ["1 1 1 root pts/0 S ", "1 1 1 root pts/0 S sshd: "],
  "ps plain": ["1 root ", "1 root 0:00 sshd: "],
  ancestors: ["dropbear -I ", "sshd: "],
  effective: ["channeltimeout ", "clientaliveinterval "],
  "file /etc/ssh/sshd_config": ["1:", "1:ClientAliveInterval", "1:Match ", "1:Match User ", "1:Include "],
  "tmout /etc/profile": ["1:", "1:declare", "1:TMOUT=", "1:x "],
  logind: ["KillUserProcesses=yes\nStopIdleSessionUSec="],
  kernel: ["time ", "timems "],
};

function repeated(shape: string, size: number): string {
  return shape.repeat(Math.ceil(size / shape.length)).slice(0, size);
}

/** A script's output, read as the script's caller does. */
export async function readProbe(text: string): Promise<void> {
  const facts = await inTurns(probeSteps(splitParts(text, "B")));
  await inTurns(sessionSteps(facts, limits));
}

const limits = { limits: { idleSeconds: 1, settlingSeconds: 0, unansweredRetransmits: 1 } };

export function readTimeouts(text: string): void {
  parseTimeouts(splitParts(text, "B"));
}

function inParts(part: string, body: string): string {
  return `B begin \nB ${part}\n${body}\nB end `;
}

/** One part with one line, given to the parsers directly: they must not rely on lines being truncated before. */
function readUncut(kind: string, part: string, text: string): void {
  const [name = "", argument = ""] = part.split(" ");
  const parts = [{ name, argument, lines: text.split("\n") }];
  if (kind === "probe") {
    buildSessions(parseProbe(parts), limits);
  } else {
    parseTimeouts(parts);
  }
}

/** One line of the maximum length. */
export const oneLineCases: readonly TextCase[] = Object.entries(kinds).flatMap(([kind, parts]) =>
  parts.flatMap((part) =>
    ["", ...(beginnings[part] ?? [])].flatMap((beginning) =>
      Object.entries(shapes).map(
        ([name, shape]): TextCase => ({
          name: `${part}: ${JSON.stringify(beginning)} and ${name}`,
          run: (size) => readUncut(kind, part, `${beginning}${repeated(shape, size)}!`),
        }),
      ),
    ),
  ),
);

/** Many lines of the maximum length. */
export const manyLinesCases: readonly TextCase[] = Object.entries(kinds).flatMap(([kind, parts]) =>
  parts.flatMap((part) =>
    ["", ...(beginnings[part] ?? [])].flatMap((beginning) =>
      Object.entries(shapes).map(([name, shape]): TextCase => {
        const read = kind === "probe" ? readProbe : readTimeouts;
        const line = `${beginning}${repeated(shape, 4000)}!`;
        return {
          name: `${part}: lines of ${JSON.stringify(beginning)} and ${name}`,
          run: (size) => read(inParts(part, repeated(`${line}\n`, size))),
        };
      }),
    ),
  ),
);

const dayAndTime = "Thu Nov 21 02:38:00 2024";
function rows(count: number, row: (index: number) => string): string {
  return Array.from({ length: count }, (_, index) => row(index)).join("\n");
}

/** Less of this script's output is read than of the others: at most 256 KiB, in one turn. */
const timeoutShare = (size: number): number => size / 4;

/** Well-formed rows, as many as fit, that all concern one item: `size` characters for each table. */
export const manyRowsCases: readonly TextCase[] = [
  {
    name: "one socket with an owner in each row",
    run: (size) =>
      readProbe(
        inParts(
          "ss",
          rows(size / 60, (n) => `ESTAB 0 0 1.1.1.1:22 2.2.2.2:5 users:(("a",pid=${n},fd=1))`),
        ),
      ),
  },
  {
    name: "nested sessions",
    run: (size) =>
      readProbe(
        inParts(
          "ps full",
          rows(Math.min(9000, size / 60), (n) => {
            const args = n % 2 === 0 ? `sshd: a@pts/${n}` : "sh";
            return `${n + 2} ${n + 1} 1 0 a pts/${n} S ${dayAndTime} ${args}`;
          }),
        ),
      ),
  },
  {
    name: "logins with a process, a terminal and a record each",
    run: (size) => {
      const count = Math.min(4900, size / 250);
      return readProbe(
        [
          "B begin ",
          "B meta",
          "now 1732156680",
          "connection 2.2.2.2 5 1.1.1.1 22",
          "B ss",
          rows(count, (n) => `ESTAB 0 0 1.1.1.1:22 2.2.2.2:${n} users:(("sshd",pid=${n + 10},fd=1))`),
          "B who",
          rows(count, (n) => `user pts/${n} 2024-11-21 02:38 00:10 ${n} (1.2.3.4)`),
          "B tty",
          rows(count, (n) => `/dev/pts/${n} 1 1`),
          "B ps full",
          rows(count, (n) => `${n + 10} 1 1 0 root ? S ${dayAndTime} sshd: user@pts/${n}`),
          "B end ",
        ].join("\n"),
      );
    },
  },
  {
    name: "meta lines of one name",
    run: (size) =>
      readProbe(
        inParts(
          "meta",
          rows(Math.min(90_000, size / 10), () => "missing w"),
        ),
      ),
  },
  {
    name: "files that include each other",
    run: (size) =>
      readTimeouts(rows(timeoutShare(size) / 40, (n) => `B file /${n}\n1:Include /x\nB include /x`)),
  },
  {
    name: "patterns of stars against a long name",
    run: (size) =>
      readTimeouts(
        inParts("meta", `user ${"a".repeat(256)}`) +
          inParts(
            "file /x",
            rows(timeoutShare(size) / 220, () => `1:Match User ${"*a".repeat(100)}b`),
          ),
      ),
  },
];

/** Server text that is shown outside terminals. */
export const otherTextCases: readonly TextCase[] = Object.entries(shapes).flatMap(([name, shape]) => [
  {
    name: `output of a command: ${name}`,
    run: async (size: number): Promise<void> => {
      const stdout = Buffer.from(`\u001b${repeated(shape, size)}!`);
      const steps = runReportSteps(
        "x",
        [
          {
            kind: "done",
            host: "h",
            milliseconds: 1,
            execution: { outcome: { kind: "exited", code: 0 }, stdout, stderr: stdout, truncated: false },
          },
        ],
        size,
        () => "",
      );
      await inTurns(steps);
    },
  },
  {
    name: `directories in a terminal: ${name}`,
    run: async (size: number): Promise<void> => {
      const filter = new OscFilter(deafPrograms);
      const text = `\u001b]7;${repeated(shape, size)}!`;
      for (let at = 0; at < text.length; at += 4096) {
        filter.filter(text.slice(at, at + 4096));
        await breather();
      }
      filter.flush();
    },
  },
  {
    name: `a message: ${name}`,
    run: (size: number): void => {
      plainMessage(repeated(shape, size));
    },
  },
  {
    name: `a hover: ${name}`,
    run: (size: number): void => {
      literal(repeated(shape, size));
    },
  },
]);
