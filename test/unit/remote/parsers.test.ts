import { describe, expect, it } from "vitest";
import { parseLoginctl, parseW, parseWho } from "../../../src/remote/parse/loginTables.ts";
import { parseProcStat, parsePs } from "../../../src/remote/parse/processTable.ts";
import { monthDayTime, parseIdle } from "../../../src/remote/parse/remoteTime.ts";
import { parseEndpoint, parseNetstat, parseSs } from "../../../src/remote/parse/socketTables.ts";
import { ttyName, ttyOfNumber } from "../../../src/remote/parse/ttyName.ts";
import type { RemoteProcess } from "../../../src/remote/remoteFacts.ts";
import { sshdRole } from "../../../src/remote/sshdProcess.ts";

describe("idle times", () => {
  it("mean minutes and seconds in procps, but hours and minutes in the BSDs", () => {
    expect(parseIdle("3:20", "procps")).toBe(200);
    expect(parseIdle("3:20", "bsd")).toBe(12_000);
  });

  it("are read in every form of w and who", () => {
    const procps = ["5.00s", "32:16", "2:15m", "21:15m", "3days", "-"].map((text) =>
      parseIdle(text, "procps"),
    );
    expect(procps).toEqual([5, 1936, 8100, 76_500, 259_200, 0]);
    expect(["33", ".", "old", "1day"].map((text) => parseIdle(text, "bsd"))).toEqual([
      1980, 0, 86_400, 86_400,
    ]);
    expect(parseIdle("?", "bsd")).toBeUndefined();
  });
});

it("a month and day without a year is the most recent one", () => {
  const now = Date.UTC(2026, 0, 3) / 1000;
  expect(monthDayTime("Dec", "31", "23", "59", now)).toBe(Date.UTC(2025, 11, 31, 23, 59) / 1000);
  expect(monthDayTime("Jan", "2", "08", "00", now)).toBe(Date.UTC(2026, 0, 2, 8, 0) / 1000);
});

it("one terminal has one name, whichever tool prints it", () => {
  expect(["pts/3", "/dev/pts/3", "136,3"].map(ttyName)).toEqual(["pts/3", "pts/3", "pts/3"]);
  expect(["s001", "ttys001", "p0", "ttyp0", "C0"].map(ttyName)).toEqual([
    "ttys001",
    "ttys001",
    "ttyp0",
    "ttyp0",
    "ttyC0",
  ]);
  expect(["?", "??", "-", ""].map(ttyName)).toEqual([undefined, undefined, undefined, undefined]);
  // proc(5): major 136 + 1, minor 4, that is the 261st; and the highest minors, which are in bits 31-20.
  expect(ttyOfNumber((137 << 8) | 4)).toBe("pts/260");
  expect(ttyOfNumber((136 << 8) | 0x2c | (1 << 20))).toBe("pts/300");
  expect(ttyOfNumber((4 << 8) | 65)).toBe("ttyS1");
  expect(ttyOfNumber(0)).toBeUndefined();
});

describe("who", () => {
  it("may list seats, displays and login screens", () => {
    const rows = parseWho(
      [
        "atemu    seat0        2023-10-21 20:06 (login screen)",
        "atemu    :0           2023-10-21 20:06   ?          2100 (:0)",
        "atemu    pts/8        2023-10-23 18:27 00:05     3100 (tmux(812).%0)",
      ],
      1_700_000_000,
    );
    expect(rows.map(({ tty, from, pid }) => [tty, from, pid])).toEqual([
      ["seat0", "login screen", undefined],
      [":0", ":0", 2100],
      ["pts/8", "tmux(812).%0", 3100],
    ]);
  });

  it("has a host in busybox that looks like a pid at its beginning", () => {
    const [row] = parseWho(
      ["root            pts/2           00:00   Nov 21 02:59:35  127.0.0.1"],
      1_795_229_977,
    );
    expect(row).toMatchObject({ from: "127.0.0.1", pid: undefined, idleSeconds: 0 });
  });

  it("lines without a login are skipped", () => {
    const lines = ["   .       run-level 3", "USER     LINE     WHEN         IDLE  \t   PID\tCOMMENT", ""];
    expect(parseWho(lines, 1_700_000_000)).toEqual([]);
  });
});

it("w has an empty FROM for a serial console", () => {
  const [row] = parseW([
    "USER     TTY      FROM             LOGIN@   IDLE   JCPU   PCPU WHAT",
    "kbrazil  ttyS0                     Fri18   32:16   2.66s  2.66s -bash",
  ]);
  expect(row).toMatchObject({ tty: "ttyS0", from: undefined, idleSeconds: 1936, what: "-bash" });
});

it("w without FROM (procps with -f as default) is read", () => {
  const [row] = parseW([
    "USER     TTY        LOGIN@   IDLE   JCPU   PCPU WHAT",
    "kim      pts/0     23:43    1:37   0.05s  0.05s -bash",
  ]);
  expect(row).toMatchObject({ tty: "pts/0", idleSeconds: 97, what: "-bash" });
});

it("loginctl's blocks are separated, including a closing session", () => {
  const sessions = parseLoginctl([
    "Id=145",
    "Name=joey",
    "Timestamp=Fri 2018-04-06 10:32:19 UTC",
    "RemoteHost=keineahnung",
    "Leader=2382",
    "State=closing",
    "",
    "Id=c2",
    "Name=gdm",
    "TTY=tty1",
    "Leader=0",
    "State=online",
  ]);
  expect(sessions).toMatchObject([
    {
      id: "145",
      user: "joey",
      leader: 2382,
      state: "closing",
      since: Date.UTC(2018, 3, 6, 10, 32, 19) / 1000,
    },
    { id: "c2", tty: "tty1", leader: undefined },
  ]);
});

describe("ps", () => {
  it("drops rows that result from a newline in an argument", () => {
    const forged = "  12     1    12  1000 eve   ?  S    Sat Nov 21 02:59:35 2026 sleep 1\n\n7 x";
    expect(parsePs(forged.split("\n"), "full").map(({ pid }) => pid)).toEqual([12]);
  });

  it("reads a program name with spaces and parentheses in /proc/PID/stat", () => {
    const [stat] = parseProcStat([
      "77 (a) R (b c)) S 1 77 77 34817 77 4194304 1 1 1 1 1 1 1 1 20 0 1 0 7314910 8000000 1500",
    ]);
    expect(stat).toMatchObject({
      pid: 77,
      comm: "a) R (b c)",
      state: "S",
      tty: "pts/1",
      startTicks: 7_314_910,
    });
  });
});

describe("socket lists", () => {
  it("contain addresses in every notation", () => {
    expect(
      ["[::ffff:1.2.3.4]:22", "1.2.3.4.22", "[fe80::1%eth0]:22", "fe80::1%lo0.22", "::1:22"].map(
        parseEndpoint,
      ),
    ).toEqual([
      { address: "1.2.3.4", port: 22 },
      { address: "1.2.3.4", port: 22 },
      { address: "fe80::1", port: 22 },
      { address: "fe80::1", port: 22 },
      { address: "::1", port: 22 },
    ]);
  });

  it("count only unacknowledged data as retransmitted", () => {
    const retransmits = (timer: string): number | undefined =>
      parseSs([`ESTAB 0 0 192.0.2.1:22 192.0.2.2:5000 ${timer}`])[0]?.retransmits;
    expect(retransmits("timer:(on,1min26sec,11)")).toBe(11);
    expect(retransmits("timer:(keepalive,39min,3)")).toBe(0);
    expect(retransmits("")).toBe(0);
    const [row] = parseNetstat([
      "tcp 0 1120 192.0.2.21:22 192.0.2.9:51515 ESTABLISHED 4410/sshd: ada [pri  on (97.26/12/0)",
    ]);
    expect(row).toMatchObject({ retransmits: 12, pids: [4410] });
  });
});

describe("sshd's process titles", () => {
  const role = (args: string, parentArgs?: string): unknown => {
    const process = (text: string): RemoteProcess => ({ pid: 1, ppid: 2, args: text }) as RemoteProcess;
    return sshdRole(process(args), parentArgs === undefined ? undefined : process(parentArgs));
  };

  it("show what each process is for, in every version", () => {
    expect(role("sshd: /usr/sbin/sshd -D [listener] 0 of 10-100 startups")).toEqual({ kind: "listener" });
    expect(role("/usr/sbin/sshd -D")).toEqual({ kind: "listener" });
    expect(role("sshd: ada [priv]")).toEqual({ kind: "monitor", user: "ada" });
    expect(role("sshd-session: ada [priv]")).toEqual({ kind: "monitor", user: "ada" });
    expect(role("sshd: ada@pts/0,pts/3")).toEqual({ kind: "session", user: "ada", ttys: ["pts/0", "pts/3"] });
    expect(role("sshd: ada@example.org@notty")).toEqual({
      kind: "session",
      user: "ada@example.org",
      ttys: [],
    });
    expect(role("sshd: jo@pts/1 (sshd)")).toEqual({ kind: "session", user: "jo", ttys: ["pts/1"] });
    expect(role("sshd: ada")).toEqual({ kind: "session", user: "ada", ttys: [] });
    expect(role("sshd: unknown [net]")).toEqual({ kind: "preauth" });
    expect(role("sshd: [accepted]")).toEqual({ kind: "preauth" });
    expect(role("sshd-auth: ada [net]")).toEqual({ kind: "preauth" });
    expect(role("/usr/libexec/sshd-session -D -R")).toEqual({ kind: "preauth" });
  });

  it("Dropbear's connections are distinguished from its listener by the parent", () => {
    expect(role("/usr/sbin/dropbear -F", "/sbin/procd")).toEqual({ kind: "listener" });
    expect(role("/usr/sbin/dropbear -F", "/usr/sbin/dropbear -F")).toMatchObject({ kind: "session" });
  });

  it("are not found in other programs", () => {
    expect(role("vi sshd: ada [priv]")).toBeUndefined();
    expect(role("/usr/bin/ssh ada@host")).toBeUndefined();
  });
});
