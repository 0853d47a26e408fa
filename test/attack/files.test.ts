import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { accessSync } from "node:fs";
import { mkdir, readFile, symlink, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { describe, expect } from "vitest";
import { systemClock } from "../../src/base/clock.ts";
import { FileError } from "../../src/base/fileErrors.ts";
import { createLocalFiles, localFiles } from "../../src/base/localFiles.ts";
import { ConfigFiles } from "../../src/config/configFiles.ts";
import { longestConfigLine, parseConfigText } from "../../src/config/configLine.ts";
import { ConfigWatcher } from "../../src/config/configWatcher.ts";
import { evaluateConfig } from "../../src/config/evaluateConfig.ts";
import type { Evaluation } from "../../src/config/evaluationTypes.ts";
import { compileGlob } from "../../src/config/globSegment.ts";
import { type HostList, listHosts } from "../../src/config/hostList.ts";
import { createHostResolver } from "../../src/config/hostResolver.ts";
import { keywordRule } from "../../src/config/keywords.ts";
import { matchPatterns } from "../../src/config/patterns.ts";
import { createKeyReader } from "../../src/engine/ssh2/keyReader.ts";
import { createHostKeyVerifier } from "../../src/trust/hostKeyVerifier.ts";
import { matchesHostPatterns } from "../../src/trust/hostNamePattern.ts";
import { findKnownHosts } from "../../src/trust/knownHosts.ts";
import { searchRevoked } from "../../src/trust/revokedKeys.ts";
import { until } from "../lab/until.ts";
import { ConfigHome, FakeSettings } from "../support/configFixtures.ts";
import { testHostConfig } from "../support/hostConfigs.ts";
import { ed25519Blob, keyText } from "../support/publicKeys.ts";
import { RecordingLogger } from "../support/recordingLogger.ts";
import { attack, beforeRun, defer } from "./support/attackTest.ts";
import { within } from "./support/bounds.ts";
import { costOf } from "./support/growth.ts";

let home: ConfigHome;

beforeRun(async () => {
  home = await ConfigHome.create();
  const { dispose } = home;
  defer(() => dispose.call(home));
});

const oneFile = { once: "the file's content is fixed, whatever its length" };

const key = ed25519Blob(1);
const megabyte = 1024 * 1024;

function list(): Promise<HostList> {
  const environment = home.environment();
  return listHosts("", [], environment, new ConfigFiles(environment));
}

function evaluate(alias = "a"): Promise<Evaluation> {
  const environment = home.environment();
  return evaluateConfig({ alias, configFile: "" }, environment, new ConfigFiles(environment));
}

/** The result of the system's `ssh` for the same files: its exit code, and the host name that it would connect to. */
function sshSays(alias = "a"): { readonly fails: boolean; readonly hostName: string | undefined } {
  try {
    const args = ["-G", "-F", home.path(".ssh/config"), alias];
    const stdout = execFileSync("ssh", args, { encoding: "utf8", stdio: "pipe", timeout: 20_000 });
    return { fails: false, hostName: /^hostname (.*)$/m.exec(stdout)?.[1] };
  } catch {
    return { fails: true, hostName: undefined };
  }
}

function verifierFor(changes: Parameters<typeof testHostConfig>[0]) {
  const logger = new RecordingLogger();
  const verifier = createHostKeyVerifier({
    config: testHostConfig({ strictHostKeyChecking: "accept-new", ...changes }),
    prompter: { confirmUnknown: () => Promise.reject(new Error("asked")) },
    logger,
  });
  const verify = (): Promise<void> => verifier.verify(key, undefined, new AbortController().signal);
  return { verify, logger };
}

describe("files that include each other", () => {
  attack(
    "eight files that each include all eight are read once each and make one row each",
    { size: 4 },
    async (size) => {
      await home.write(".ssh/config", `Include ${home.path("conf.d")}/*\nHost last\n`);
      for (let i = 0; i < size; i++) {
        await home.write(`conf.d/${i}.conf`, `Host h${i}\n  HostName x\nInclude ${home.path("conf.d")}/*\n`);
      }
      const { cpu, memory } = await costOf(async () => {
        const { hosts, problems } = await within(2000, list());
        expect(hosts.map(({ alias }) => alias)).toEqual(
          Array.from({ length: size }, (_, i) => `h${i}`).concat("last"),
        );
        expect(problems.length).toBeLessThanOrEqual(size);
        expect(new Set(problems.map(({ message }) => message)).size).toBeLessThanOrEqual(1);
        const { failure } = await within(2000, evaluate());
        expect([failure?.reason, sshSays().fails]).toEqual(["malformed", true]);
      });
      expect(cpu).toBeLessThan(2000);
      expect(memory).toBeLessThan(64 * megabyte);
    },
  );

  const manyReadings = {
    ...oneFile,
    except: {
      time: {
        most: 6_000,
        because: "each file includes the next one four times, until the limit on reads ends it",
      },
    },
  };
  attack(
    "a chain in which each link includes the next one twice ends, whatever ssh does",
    manyReadings,
    async () => {
      await home.write(".ssh/config", `Include ${home.path("c")}/0\nHost a\n  HostName found\n`);
      for (let i = 0; i < 14; i++) {
        const next = home.path(`c/${i + 1}`);
        await home.write(`c/${i}`, `Host b${i}\nHost *\nInclude ${next} ${next} ${next} ${next}\n`);
      }
      await home.write("c/14", "Host c\n");
      const { failure } = await within(20_000, evaluate());
      expect(failure?.reason).toBe("malformed");
      const { hosts, problems } = await within(2000, list());
      expect([hosts.length, problems]).toEqual([16, []]);
    },
  );

  attack("a file that is included repeatedly is read each time, as in ssh", { size: 250 }, async (size) => {
    await home.write(
      ".ssh/config",
      `Host a\n${"Include common\n".repeat(size)}Host *\nInclude common\n  HostName b\n`,
    );
    await home.write(".ssh/common", "SendEnv A\nSendEnv B\n");
    const { failure, settings, hostName } = await within(2000, evaluate());
    expect([failure, hostName, settings.get("sendenv")?.map(({ values }) => values[0])]).toEqual([
      undefined,
      sshSays().hostName,
      ["A", "B"],
    ]);
  });

  attack("circular links and a folder that can't be read are skipped", oneFile, async () => {
    await home.write(
      ".ssh/config",
      `Include ${home.path("conf.d")}/*\nInclude ${home.path("none")}/*/x\nHost a\n`,
    );
    await mkdir(home.path("conf.d"));
    await symlink("self", home.path("conf.d/self"));
    await symlink("..", home.path("conf.d/up"));
    await symlink("nowhere", home.path("conf.d/dangling"));
    const { hosts } = await within(2000, list());
    expect(hosts.map(({ alias }) => alias)).toEqual(["a"]);
    await within(2000, evaluate());
  });

  attack(
    "a pattern that matches very many files is cut off with one row, without blocking",
    {
      ...oneFile,
      except: {
        time: { most: 10_000, because: "10,000 files are read, at 0.14 ms each on an idle machine" },
      },
    },
    async () => {
      await home.write(".ssh/config", `Host first\nInclude ${home.path("many")}/*\nHost last\n`);
      await mkdir(home.path("many"));
      execFileSync("sh", ["-c", 'cd "$0" && seq 11000 | xargs touch && chmod 600 .', home.path("many")]);
      const delay = monitorEventLoopDelay({ resolution: 5 });
      delay.enable();
      const { hosts, problems } = await within(60_000, list());
      delay.disable();
      expect(hosts.map(({ alias }) => alias)).toEqual(["first", "last"]);
      expect(problems).toEqual([
        {
          file: home.path(".ssh/config"),
          message: "Files are left out: more than 10000 files are included",
        },
      ]);
      expect(delay.max / 1e6).toBeLessThan(1000);
    },
  );
});

describe("huge files", () => {
  attack(
    "100 MB on one line is refused by its size in each kind of file, without being read",
    { size: 100 },
    async (size) => {
      const file = home.path("huge");
      await writeFile(file, `Host ${"a".repeat(1000)}`);
      await truncate(file, size * megabyte);
      await home.write(".ssh/config", `Include ${file}\nHost a\n`);
      execFileSync("chmod", ["600", file]);
      const { cpu, memory } = await costOf(async () => {
        const { hosts, problems } = await list();
        expect(hosts.map(({ alias }) => alias)).toEqual(["a"]);
        expect(problems).toEqual([{ file, message: "The file is left out: it is longer than 16 MB" }]);
        expect((await evaluate()).failure).toMatchObject({ reason: "unreadable", file });
        const unread = verifierFor({ userKnownHostsFiles: [file] });
        await expect(unread.verify()).rejects.toMatchObject({ reason: "unreadable", file });
        const revoked = verifierFor({ revokedHostKeysFiles: [file], userKnownHostsFiles: ["/dev/null"] });
        await expect(revoked.verify()).rejects.toMatchObject({ reason: "revocation-unknown", file });
        await expect(createKeyReader().read(file, undefined)).rejects.toMatchObject({ reason: "malformed" });
      });
      expect(cpu).toBeLessThan(1000);
      expect(memory).toBeLessThan(32 * megabyte);
    },
  );

  attack(
    "15 MB on one line are truncated before anything is matched",
    { size: 2.5 * megabyte },
    async (size) => {
      await home.write(".ssh/config", `Host ${"a* ".repeat(size)}\nHost b\n`);
      const { cpu, memory } = await costOf(async () => {
        const { hosts, problems } = await list();
        expect(hosts.map(({ alias }) => alias)).toEqual(["b"]);
        expect(problems).toMatchObject([{ line: 1, message: "host: the line is too long" }]);
      });
      expect(cpu).toBeLessThan(2000);
      expect(memory).toBeLessThan(256 * megabyte);
    },
  );

  attack("a known_hosts file of 30 MB is searched without blocking", { size: 175_000 }, async (size) => {
    const file = home.path("known");
    await writeFile(file, `other ${keyText(key)}\n`.repeat(size));
    const { verify, logger } = verifierFor({ userKnownHostsFiles: [file], strictHostKeyChecking: "yes" });
    const delay = monitorEventLoopDelay({ resolution: 5 });
    delay.enable();
    await expect(verify()).rejects.toMatchObject({ reason: "unknown" });
    delay.disable();
    expect(delay.max / 1e6).toBeLessThan(1000);
    expect(logger.lines.length).toBeLessThan(50);
  });

  attack(
    "half a million invalid lines make at most a thousand rows",
    {
      size: 200_000,
      except: { peak: { most: 400e6, because: "nearly all lines that a file may have are kept, twice" } },
    },
    async (size) => {
      await home.write(".ssh/config", "Nonsense x\n".repeat(size));
      const { problems } = await within(20_000, list());
      expect(problems).toHaveLength(1000);
      expect((await evaluate()).failure).toMatchObject({ reason: "malformed", line: 1 });
    },
  );
});

describe("time grows linearly with the length", () => {
  const lines: readonly (readonly [what: string, make: (size: number) => string])[] = [
    ["blanks inside a line", (size) => `Host a${" ".repeat(size)}b`],
    ["blanks at the end", (size) => `Host a${" ".repeat(size)}`],
    ["blanks before a comment that is none", (size) => `ProxyJump a${" ".repeat(size)}b`],
    ["blanks behind a keyword", (size) => `User${" ".repeat(size)}x`],
    ["quotes", (size) => `Host ${'"a"'.repeat(size / 4)}`],
    ["backslashes", (size) => `Host ${"\\".repeat(size)}`],
    ["equal signs", (size) => `User ${"=".repeat(size)}`],
    [
      "names of variables",
      (size) => `SetEnv ${Array.from({ length: size / 8 }, (_, i) => `V${i}=1`).join(" ")}`,
    ],
    ["jump hosts", (size) => `ProxyJump ${"a,".repeat(size / 2)}b`],
    ["digits", (size) => `ServerAliveInterval ${"1".repeat(size)}`],
    ["times", (size) => `ConnectTimeout ${"1s".repeat(size / 2)}x`],
  ];
  attack.each(lines)(
    "of a line of ssh_config: %s",
    { size: Math.floor(longestConfigLine / 5) },
    (_, make, size) => {
      for (const directive of parseConfigText(make(size))) {
        try {
          keywordRule(directive.keyword)?.read(directive);
        } catch {
          // It is refused, which is quick as well.
        }
      }
    },
  );

  attack.each<[string, (size: number) => string]>([
    ["stars", (size) => "*".repeat(size)],
    ["stars with letters", (size) => `${"*a".repeat(size / 2)}b`],
    ["question marks", (size) => `*${"?".repeat(size)}b`],
  ])("of a pattern: %s", { size: 200_000 }, (_, make, size) => {
    const name = "a".repeat(200);
    matchPatterns(name, [make(size)]);
    matchesHostPatterns(name, make(size));
    compileGlob(make(size))(name);
  });

  attack.each<[string, (size: number) => string]>([
    ["names", (size) => `${"a*b,".repeat(size / 4)}host ${keyText(key)}`],
    ["blanks", (size) => `host${" ".repeat(size)}x`],
    ["a key without an end", (size) => `host ssh-ed25519 ${"A".repeat(size)}`],
    ["markers", (size) => "@revoked ".repeat(size / 9)],
    ["short lines", (size) => "a b\n".repeat(size / 4)],
    ["hashes", (size) => `|1|${"A".repeat(27)}=|x y\n`.repeat(size / 36)],
  ])("of known_hosts: %s", { size: 400_000 }, async (_, make, size) => {
    await findKnownHosts("", make(size), "host");
  });

  attack("of a list of revoked keys", { size: 20_000 }, async (size) => {
    const line = `${keyText(ed25519Blob(2))}\n`;
    await searchRevoked(Buffer.from(line.repeat(size)), key);
  });

  attack("of a file with IgnoreUnknown and many unknown words", { size: 50_000 }, async (size) => {
    const ignored = Array.from({ length: size }, (_, i) => `x${i}*`).join(",");
    await home.write(".ssh/config", `IgnoreUnknown ${ignored}\n${"x99999 1\n".repeat(size)}`);
    await list();
    await evaluate();
  });
});

describe("special files", () => {
  attack.each<[string, (file: string) => void]>([
    ["a pipe", (file) => execFileSync("mkfifo", [file])],
    ["an endless device", (file) => execFileSync("ln", ["-s", "/dev/zero", file])],
    ["a terminal", (file) => execFileSync("ln", ["-s", "/dev/tty", file])],
    ["a pipe of this process", (file) => execFileSync("ln", ["-s", "/proc/self/fd/0", file])],
  ])(
    "%s in place of each file is refused at once, and other file access continues",
    oneFile,
    async (_, make) => {
      const file = home.path("special");
      make(file);
      await home.write(".ssh/config", `Host a\nInclude ${file}\n`);
      const everything = async (): Promise<void> => {
        expect((await list()).problems.map((problem) => problem.file)).toEqual([file]);
        expect((await evaluate()).failure).toMatchObject({ reason: "unreadable", file });
        const known = verifierFor({ userKnownHostsFiles: [file] });
        await expect(known.verify()).rejects.toMatchObject({ reason: "unreadable", file });
        const revoked = verifierFor({ revokedHostKeysFiles: [file], userKnownHostsFiles: ["/dev/null"] });
        await expect(revoked.verify()).rejects.toMatchObject({ reason: "revocation-unknown" });
        await expect(createKeyReader().read(file, undefined)).rejects.toMatchObject({ reason: "unreadable" });
      };
      await within(4000, Promise.all(Array.from({ length: 4 }, everything)));
      await within(1000, readFile(home.path(".ssh/config"), "utf8"));
    },
  );

  attack("an included pipe is named as the reason, without letting ssh wait for it", oneFile, async () => {
    const file = home.path("pipe");
    execFileSync("mkfifo", [file]);
    await home.write(".ssh/config", `Host a\nInclude ${file}\n`);
    const resolver = createHostResolver({
      settings: new FakeSettings(),
      clock: systemClock,
      logger: new RecordingLogger(),
      environment: home.environment(),
    });
    await within(3000, expect(resolver.resolve("a")).rejects.toMatchObject({ reason: "unreadable", file }));
    resolver.dispose();
  });

  attack("UserKnownHostsFile /dev/null accepts the key and records nothing", oneFile, async () => {
    await symlink("/dev/null", home.path("null"));
    for (const file of ["/dev/null", home.path("null")]) {
      const { verify, logger } = verifierFor({ userKnownHostsFiles: [file], globalKnownHostsFiles: [file] });
      await verify();
      await verify();
      expect(logger.lines.filter((line) => line.startsWith("warn: "))).toEqual([]);
    }
  });
});

/** A FUSE mount whose server never replies: every access to it waits. Only root may mount it. */
const hangingMount = `
import ctypes, os, sys, time
fd = os.open("/dev/fuse", os.O_RDWR)
options = "fd=%d,rootmode=40000,user_id=0,group_id=0" % fd
failed = ctypes.CDLL(None).mount(b"hang", sys.argv[1].encode(), b"fuse", 0, options.encode())
print("failed" if failed else "mounted", flush=True)
sys.stdin.read()
`;

/**
 * A FUSE mount that replies until its type is requested (statfs), and then hangs. The kernel caches nothing and
 * requests each path again. It ends on its own, so that waiting calls get an error. (linux/fuse.h: 1 LOOKUP, 3
 * GETATTR, 17 STATFS, 26 INIT; all others are not implemented, -38.)
 */
const mountThatBeginsToHang = `
import ctypes, os, signal, struct, sys
signal.alarm(20)
fd = os.open("/dev/fuse", os.O_RDWR)
options = "fd=%d,rootmode=40000,user_id=0,group_id=0" % fd
failed = ctypes.CDLL(None).mount(b"hang", sys.argv[1].encode(), b"fuse", 0, options.encode())
print("failed" if failed else "mounted", flush=True)
attributes = struct.pack("<QQQQQQIIIIIIIIII", 2, 0, 0, 0, 0, 0, 0, 0, 0, 0o40755, 2, 0, 0, 0, 4096, 0)
hangs = False
while True:
    request = os.read(fd, 1 << 20)
    _, opcode, unique = struct.unpack_from("<IIQ", request)
    if hangs:
        continue
    error, body = 0, b""
    if opcode == 26:
        body = struct.pack("<IIIIII", 7, 12, 0, 0, 0, 4096)
    elif opcode == 1:
        body = struct.pack("<QQQQII", 2, 0, 0, 0, 0, 0) + attributes
    elif opcode == 3:
        body = struct.pack("<QII", 0, 0, 0) + attributes
    elif opcode == 17:
        body = struct.pack("<QQQQQIIII", 0, 0, 0, 0, 0, 4096, 255, 4096, 0) + bytes(24)
        hangs = True
    else:
        error = -38
    if hangs:
        print("hangs", flush=True)
    os.write(fd, struct.pack("<IiQ", 16 + len(body), error, unique) + body)
`;

function canMount(): boolean {
  try {
    accessSync("/dev/fuse");
    execFileSync("python3", ["-c", ""]);
    return process.getuid?.() === 0;
  } catch {
    return false;
  }
}

describe.skipIf(!canMount())("a hanging mount", () => {
  attack("costs a bounded time; other files, other hosts and the event loop continue", oneFile, async () => {
    const mount = home.path("mount");
    await mkdir(mount);
    const server = spawn("python3", ["-c", hangingMount, mount], { stdio: ["pipe", "pipe", "inherit"] });
    try {
      const [said] = await once(server.stdout, "data");
      expect(String(said).trim()).toBe("mounted");
      await home.write(".ssh/config", `Host a\nInclude ${mount}/x\nHost b\n`);
      const delay = monitorEventLoopDelay({ resolution: 5 });
      delay.enable();
      const files = createLocalFiles();
      const reads = Array.from({ length: 12 }, (_, i) =>
        files.read(join(mount, `f${i}`), 100).catch((error: unknown) => error),
      );
      const good = files.read(home.path(".ssh/config"), 1000);
      // All four threads of the pool would be blocked by now.
      await within(
        1000,
        Promise.all(Array.from({ length: 8 }, () => readFile(home.path(".ssh/config"), "utf8"))),
      );
      const errors = await within(9000, Promise.all(reads));
      expect(errors.every((error) => FileError.is(error) && error.reason === "unresponsive")).toBe(true);
      // A thread starts for it: 0.15 s on an idle machine, 1.5 s where 16 processes share two cores.
      expect((await within(9000, good)).bytes?.length).toBeGreaterThan(0);

      // The list of hosts, the evaluation and the watchers use the same lane of the process.
      const resolver = createHostResolver({
        settings: new FakeSettings(),
        clock: systemClock,
        logger: new RecordingLogger(),
        environment: home.environment(),
      });
      const { hosts, problems } = await within(12_000, resolver.hosts());
      expect(hosts.map(({ alias }) => alias)).toEqual(["a", "b"]);
      expect(problems).toEqual([
        { file: `${mount}/x`, message: "The file is left out: its file system does not answer" },
      ]);
      await within(12_000, expect(resolver.resolve("a")).rejects.toMatchObject({ file: `${mount}/x` }));
      resolver.dispose();
      await within(1000, localFiles.read(home.path(".ssh/config"), 1000));
      delay.disable();
      expect(delay.max / 1e6).toBeLessThan(1000);
    } finally {
      server.kill("SIGKILL");
      await once(server, "exit");
      execFileSync("umount", ["-l", mount]);
    }
  });

  attack(
    "that starts to hang between the check of a folder and its watching blocks nothing",
    oneFile,
    async () => {
      const mount = home.path("mount");
      await mkdir(mount);
      const server = spawn("python3", ["-c", mountThatBeginsToHang, mount], {
        stdio: ["ignore", "pipe", "inherit"],
      });
      const ended = once(server, "exit");
      let said = "";
      server.stdout.on("data", (data: Buffer) => (said += data.toString("utf8")));
      const watcher = new ConfigWatcher(
        systemClock,
        new RecordingLogger(),
        process.platform,
        createLocalFiles(),
      );
      try {
        await until(() => said.startsWith("mounted"), "the mount");
        await within(9000, watcher.watch([`${mount}/folder/config`]));
        // The folder has replied, and did not count as hanging already.
        await until(() => said.includes("hangs"), "the last answer");
        await within(1000, readFile("/proc/self/status", "utf8"));
      } finally {
        watcher.dispose();
        server.kill("SIGKILL");
        await ended;
        execFileSync("umount", ["-l", mount]);
      }
    },
  );
});

describe("many hosts", () => {
  attack(
    "10,000 hosts in 200 files are listed without blocking, and again from memory",
    { size: 100 },
    async (size) => {
      await home.write(".ssh/config", `Include ${home.path("conf.d")}/*\n`);
      for (let file = 0; file < size; file++) {
        const hosts = Array.from(
          { length: 50 },
          (_, i) => `Host h${file}-${i}\n  HostName 192.0.2.1\n  User u\n\n`,
        );
        await home.write(`conf.d/${file}.conf`, hosts.join(""));
      }
      const environment = home.environment();
      const files = new ConfigFiles(environment);
      const delay = monitorEventLoopDelay({ resolution: 5 });
      delay.enable();
      const cold = await within(5000, listHosts("", [], environment, files));
      const warm = await within(5000, listHosts("", [], environment, files));
      delay.disable();
      expect([cold.hosts.length, cold.problems, warm.hosts.length]).toEqual([50 * size, [], 50 * size]);
      expect(delay.max / 1e6).toBeLessThan(500);
    },
  );
});
