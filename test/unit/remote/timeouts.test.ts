import { describe, expect, it } from "vitest";
import { parseTime } from "../../../src/config/openSshTime.ts";
import { parseSystemdSpan } from "../../../src/remote/parse/systemdSpan.ts";
import { parseTimeouts } from "../../../src/remote/parse/timeoutOutput.ts";
import { splitParts } from "../../../src/remote/remoteScript.ts";
import type { OurTimeouts, ServerTimeouts } from "../../../src/remote/timeoutFacts.ts";
import { predictEnds, type Situation } from "../../../src/remote/timeoutPredictions.ts";
import { timeoutDocument } from "../../../src/text/timeoutDocument.ts";

const ours: OurTimeouts = {
  host: "web1",
  serverAliveInterval: { value: 30, source: "default" },
  serverAliveCountMax: { value: 3, source: "default" },
  tcpKeepAlive: { value: true, source: "default" },
  probesIgnored: false,
  channelTimeouts: { value: [], source: "default" },
  idleLimit: { value: 0, source: "default" },
  timeLimit: { value: 0, source: "default" },
  linger: { value: 600, source: "user setting" },
  serverVersion: "OpenSSH_9.6p1",
};

const meta = ["system Linux", "user ada", "sudo not-allowed", "shell /bin/bash"];
const ancestors = ["-bash", "sshd: ada@notty", "sshd: /usr/sbin/sshd -D [listener] 0 of 10-100 startups"];

/** The script's output: `["file /etc/x", "3:ClientAliveInterval 5"]` is one part. */
function read(...parts: readonly (readonly string[])[]): ServerTimeouts {
  const text = [["meta", ...meta], ["ancestors", ...ancestors], ...parts, ["end"]]
    .map(([name, ...lines]) => `\nB ${name} \n${lines.join("\n")}\n`)
    .join("");
  return parseTimeouts(splitParts(text, "B"));
}

function ends(server: ServerTimeouts, situation: Situation, our: OurTimeouts = ours): string[] {
  return predictEnds(server, our)
    .filter((prediction) => prediction.situation === situation)
    .map(({ by, afterSeconds, ends: what }) => `${by} ${what} ${afterSeconds}`);
}

describe("times", () => {
  it("of sshd_config are read in all their units", () => {
    expect(["600", "10m", "1h30m", "1w", "2d3", "none", "", "-1"].map(parseTime)).toEqual([
      600,
      600,
      5400,
      604_800,
      172_803,
      undefined,
      undefined,
      undefined,
    ]);
  });

  it("of systemd are read as printed", () => {
    expect(["10min", "1h 30min", "2.5s", "infinity", ""].map(parseSystemdSpan)).toEqual([
      600,
      5400,
      2.5,
      undefined,
      undefined,
    ]);
  });
});

describe("sshd's configuration", () => {
  it("is taken from sshd itself if it reports it", () => {
    const server = read(
      [
        "effective",
        "clientaliveinterval 60",
        "clientalivecountmax 2",
        "channeltimeout session:*=600s",
        "unusedconnectiontimeout none",
      ],
      ["file /etc/ssh/sshd_config", "1:ClientAliveInterval 999"],
    );
    expect(server.basis).toBe("effective");
    expect(server.clientAliveInterval).toEqual({ value: 60, source: "sshd -T" });
    expect(server.channelTimeouts.value).toEqual([{ pattern: "session:*", seconds: 600 }]);
    expect(server.unusedConnectionTimeout.value).toBe(0);
  });

  it("is read from files with their includes in place: the first line applies", () => {
    const server = read(
      [
        "file /etc/ssh/sshd_config",
        "2:Include /etc/ssh/sshd_config.d/*.conf",
        "9:ClientAliveInterval 500",
        "10:TCPKeepAlive no",
      ],
      ["include /etc/ssh/sshd_config.d/*.conf"],
      ["file /etc/ssh/sshd_config.d/10-a.conf", "1:clientaliveinterval=2m"],
      ["file /etc/ssh/sshd_config.d/20-b.conf", "1:ClientAliveInterval 7", "2:ClientAliveCountMax 5"],
      ["included /etc/ssh/sshd_config.d/*.conf"],
    );
    expect(server.basis).toBe("files");
    expect(server.clientAliveInterval).toEqual({ value: 120, source: "/etc/ssh/sshd_config.d/10-a.conf:1" });
    expect(server.clientAliveCountMax.value).toBe(5);
    expect(server.tcpKeepAlive).toEqual({ value: false, source: "/etc/ssh/sshd_config:10" });
  });

  it("has Match blocks that apply, do not apply, or can't be decided", () => {
    const server = read([
      "file /etc/ssh/sshd_config",
      "1:ClientAliveInterval 10",
      "2:Match User bob,!ada",
      "3:ClientAliveInterval 20",
      "4:Match User a?a",
      "5:ClientAliveInterval 30",
      "6:Match Group wheel",
      "7:ClientAliveInterval 40",
      "8:Match User eve Group wheel",
      "9:ClientAliveInterval 50",
      "10:Match all",
      "11:ClientAliveCountMax 9",
    ]);
    expect(server.clientAliveInterval).toEqual({ value: 30, source: "/etc/ssh/sshd_config:5" });
    expect(server.clientAliveCountMax.value).toBe(9);
    expect(server.perhaps).toEqual([
      { line: "clientaliveinterval 40", criteria: "Group wheel", source: "/etc/ssh/sshd_config:7" },
    ]);
  });

  it("has a Match block that ends with its included file", () => {
    const server = read(
      ["file /etc/ssh/sshd_config", "1:Include a.conf", "2:ClientAliveInterval 10"],
      ["include /etc/ssh/a.conf"],
      ["file /etc/ssh/a.conf", "1:Match User eve", "2:ClientAliveInterval 77"],
      ["included /etc/ssh/a.conf"],
    );
    expect(server.clientAliveInterval.value).toBe(10);
  });

  it("that can't be read is replaced by the defaults, and reported", () => {
    const server = read(["file /etc/ssh/sshd_config"], ["unreadable /etc/ssh/sshd_config"]);
    expect(server.basis).toBe("none");
    expect(server.clientAliveInterval).toEqual({ value: 0, source: "OpenSSH's default" });
    expect(timeoutDocument(server, ours)).toContain("This user can't read `/etc/ssh/sshd_config`.");
  });
});

describe("TMOUT", () => {
  it("of the last file applies, unless an earlier one made it read-only", () => {
    const system = ["tmout /etc/profile", "3:# TMOUT=5", "4:export TMOUT=600"];
    const own = ["tmout /home/ada/.bashrc", "1:TMOUT=0"];
    expect(read(system, own).tmout).toEqual({ value: 0, source: "/home/ada/.bashrc:1" });
    expect(read(["tmout /etc/profile", "4:readonly TMOUT=600"], own).tmout?.value).toBe(600);
    expect(read(["tmout /etc/profile", "4:declare -xr TMOUT=600"], own).tmout?.value).toBe(600);
  });

  it("has no effect in a shell that does not support it", () => {
    const text = `\nB meta \nsystem Linux\nuser ada\nshell /usr/bin/fish\ntmout 60\n\nB end \n`;
    expect(parseTimeouts(splitParts(text, "B")).tmout).toBeUndefined();
  });

  it("of 0 ends nothing", () => {
    expect(ends(read(["tmout /etc/profile", "4:TMOUT=0"]), "idle-terminal")).toEqual([]);
  });
});

describe("predictions", () => {
  it("put the earliest first, whichever side it is", () => {
    const server = read(
      ["effective", "channeltimeout session:shell=900"],
      ["tmout /etc/profile", "1:TMOUT=600"],
      ["logind", "StopIdleSessionUSec=5min", "KillUserProcesses=no"],
    );
    const limited = { ...ours, idleLimit: { value: 1200, source: "user setting" } };
    expect(ends(server, "idle-terminal", limited)).toEqual([
      "logind session 300",
      "shell shell 600",
      "server session 900",
      "us session 1200",
    ]);
    expect(ends(server, "idle-command", limited)).toEqual(["us session 1200"]);
  });

  it("use the first matching pattern of ChannelTimeout, with 0 as none", () => {
    const server = read(["effective", "channeltimeout session:shell=0 session:*=60 direct-tcpip=5"]);
    expect(ends(server, "idle-terminal")).toEqual([]);
    expect(ends(server, "idle-command")).toEqual(["server session 60"]);
  });

  it("never use OpenSSH 9.2's plain `session`, which no running session matches", () => {
    expect(ends(read(["effective", "channeltimeout session=60"]), "idle-terminal")).toEqual([]);
  });

  it("show that a connection without a session lingers as configured, or as the server allows", () => {
    expect(ends(read(), "no-session")).toEqual(["us connection 600"]);
    const server = read(["effective", "unusedconnectiontimeout 300"]);
    expect(ends(server, "no-session")).toEqual(["server connection 300", "us connection 600"]);
    const forever = { ...ours, linger: { value: Number.POSITIVE_INFINITY, source: "user setting" } };
    expect(ends(read(), "no-session", forever)).toEqual([]);
  });

  it("count one interval more than unanswered probes on both sides", () => {
    const server = read(["effective", "clientaliveinterval 15", "clientalivecountmax 3", "tcpkeepalive no"]);
    expect(ends(server, "client-gone")).toEqual(["server connection 60"]);
    expect(ends(server, "server-gone")).toEqual(["us connection 120"]);
  });

  it("show that ClientAliveCountMax 0 never ends anything", () => {
    const server = read(["effective", "clientaliveinterval 15", "clientalivecountmax 0", "tcpkeepalive no"]);
    expect(ends(server, "client-gone")).toEqual([]);
  });

  it("fall back to the server kernel's keepalive, in seconds or in milliseconds", () => {
    expect(ends(read(["kernel", "time 7200", "intvl 75", "probes 9"]), "client-gone")).toEqual([
      "server-kernel connection 7875",
    ]);
    expect(ends(read(["kernel", "timems 7200000", "intvlms 75000", "probes 8"]), "client-gone")).toEqual([
      "server-kernel connection 7800",
    ]);
  });

  it("omit our keepalive if the peer does not reply, or it is off", () => {
    expect(ends(read(), "server-gone", { ...ours, probesIgnored: true })).toEqual([]);
    const off = { ...ours, serverAliveInterval: { value: 0, source: "user setting" } };
    expect(ends(read(), "server-gone", off)).toEqual([]);
  });

  it("read Dropbear's limits from its command line", () => {
    const text = `\nB meta \nsystem Linux\nuser root\nshell /bin/ash\n\nB ancestors \n/usr/sbin/dropbear -F -P /var/run/dropbear.1.pid -p 22 -K 300 -T 3 -I 600\n\nB end \n`;
    const server = parseTimeouts(splitParts(text, "B"));
    expect(server.server).toBe("dropbear");
    expect(ends(server, "idle-terminal")).toEqual(["server connection 600"]);
    expect(ends(server, "client-gone")).toEqual(["server connection 900"]);
    expect(timeoutDocument(server, ours)).not.toContain("ClientAliveInterval |");
  });
});

describe("the document", () => {
  const server = read(
    ["effective", "clientaliveinterval 0", "tcpkeepalive yes", "channeltimeout session:*=900"],
    ["tmout /etc/profile.d/timeout.sh", "2:readonly TMOUT=600"],
    ["kernel", "time 7200", "intvl 75", "probes 9", "conntrack 432000"],
  );

  it("shows for each situation who ends it, when, why, and what prevents it", () => {
    const text = timeoutDocument(server, ours);
    expect(text.split("\n## ")[1]).toBe(
      [
        "An idle terminal at its prompt",
        "",
        "**The login shell ends itself and the session after 10 min, if that line applies.**",
        "",
        "- Reason: `TMOUT=600` (`/etc/profile.d/timeout.sh:2`)",
        "- To prevent it: `unset TMOUT` in your own startup file (not possible if it is read-only)",
        "- Otherwise: sshd after 15 min, `ChannelTimeout session:*=900s` (`sshd -T`)",
        "",
      ].join("\n"),
    );
    expect(text).toContain("**The server's kernel ends the whole connection after 2 h 11 min.**");
    expect(text).toContain("**SSH Sessions ends the whole connection after 2 min.**");
    expect(text).toContain("Data is sent at least every 30 s");
    expect(text).toContain("drops a silent connection after 5 days");
    expect(text).toContain("| `ServerAliveInterval` | `30 s` | `default` |");
  });

  it("is the same for the same facts", () => {
    expect(timeoutDocument(server, ours)).toBe(timeoutDocument(server, ours));
  });

  it("says if nothing ends it", () => {
    const quiet = read(["effective", "clientaliveinterval 0", "tcpkeepalive no"]);
    const text = timeoutDocument(quiet, {
      ...ours,
      serverAliveInterval: { value: 0, source: "user setting" },
      linger: { value: Number.POSITIVE_INFINITY, source: "user setting" },
    });
    expect(text.match(/\*\*Nothing ends it/g)).toHaveLength(4);
    expect(text).toContain("**SSH Sessions does not notice.**");
    expect(text).toContain("Neither side sends anything");
  });

  it("treats no server text as Markdown", () => {
    const evil = read(["tmout /tmp/`](https://evil.example)|<img>\u001b[2J", "1:TMOUT=5"]);
    const text = timeoutDocument(evil, ours);
    expect(text).toContain("`/tmp/'](https://evil.example)|<img>\\u{1b}[2J:1`");
    expect(text).toContain("(https://evil.example)\\|<img>");
    expect(text).not.toContain("\u001b");
  });
});
