import { describe, expect, it } from "vitest";
import type { HostKeyUpdateQuestion } from "../../../src/trust/hostKeyPorts.ts";
import { planHostKeyUpdate, updatedText } from "../../../src/trust/hostKeyUpdate.ts";
import { type KnownHostLine, knownHostLines, withoutLines } from "../../../src/trust/knownHostLines.ts";
import { formatKnownHost } from "../../../src/trust/knownHosts.ts";
import { updateKnownHosts } from "../../../src/trust/knownHostsUpdater.ts";
import { testHostConfig } from "../../support/hostConfigs.ts";
import { ecdsaBlob, ed25519Blob, keyText, rsaBlob } from "../../support/publicKeys.ts";
import { RecordingLogger } from "../../support/recordingLogger.ts";

const host = "server.example.org";
const [old, kept, fresh, other] = [ed25519Blob(1), ecdsaBlob(2), ed25519Blob(3), rsaBlob(4)];
const line = (names: string, key: Buffer): string => `${names} ${keyText(key)}\n`;

const plan = (text: string, keys: readonly Buffer[], second = "") =>
  planHostKeyUpdate(
    [
      { file: "/u", text },
      { file: "/u2", text: second },
    ],
    host,
    keys,
  );

describe("the plan for the keys that a server announces", () => {
  it("adds new keys, removes those that the server no longer has, and keeps the rest", async () => {
    const text = `${line("a.example.org", other)}${line(host, old)}${line(host, kept)}`;
    const made = await plan(text, [kept, fresh]);
    expect(made).toMatchObject({ kind: "update", added: [fresh] });
    expect(made.kind === "update" && made.removed.map(({ file, number }) => `${file}:${number}`)).toEqual([
      "/u:2",
    ]);
  });

  it("checks all files of the user", async () => {
    const made = await plan(line(host, kept), [kept], line(host, old));
    expect(made).toMatchObject({ kind: "update", added: [], removed: [{ file: "/u2", number: 1 }] });
  });

  it("finds the host under a hashed name", async () => {
    const hashed = `${formatKnownHost(host, "ssh-ed25519", old, true)}\n`;
    expect(await plan(hashed, [fresh])).toMatchObject({ removed: [{ number: 1 }], added: [fresh] });
  });

  it("changes nothing if the keys are the same", async () => {
    const made = await plan(`${line(host, old)}${line(host, kept)}`, [kept, old]);
    expect(made).toEqual({ kind: "nothing", why: "known_hosts has exactly these keys" });
  });

  it.each([
    ["one of the keys is listed under another name", line("a.example.org", fresh), "/u:2 has one"],
    ["the host has a line with a pattern", line("*.example.org", other), "/u:2 has a marker"],
    ["the host has a line with three names", line(`${host},a,b`, other), "/u:2 has a marker"],
    ["the host has a revoked key", `@revoked ${line(host, other)}`, "/u:2 has a marker"],
    [
      "the key to be removed is listed under another name",
      line("a.example.org", old),
      "/u:1 is listed under",
    ],
  ])("changes nothing if %s", async (_name, further, why) => {
    const made = await plan(`${line(host, old)}${further}`, [fresh]);
    expect(made).toMatchObject({ kind: "nothing", why: expect.stringContaining(why) });
  });

  it("treats a line with a name and an address as written by ssh", async () => {
    expect(await plan(line(`${host},192.0.2.1`, old), [fresh])).toMatchObject({ kind: "update" });
  });

  it("ignores other hosts' other keys", async () => {
    const text = `${line("a.example.org", other)}${line("b.example.org", kept)}${line(host, old)}`;
    expect(await plan(text, [fresh])).toMatchObject({ kind: "update", added: [fresh] });
  });
});

describe("the text after an update", () => {
  it.each([
    ["", "new\n"],
    ["# mine\n", "# mine\nnew\n"],
    ["# no end", "# no end\nnew\n"],
  ])("has the new line on a separate line: %j", (before, after) => {
    expect(updatedText(before, [], ["new"])).toBe(after);
  });

  it("ends as before if nothing is added", () => {
    expect(updatedText("# no end", [], [])).toBe("# no end");
  });

  it("loses exactly the named lines, in any order", async () => {
    const text = `# 1\n${line(host, old)}# 3\n${line(host, kept)}# 5`;
    const [first, second] = await knownHostLines(text, host);
    const lines = [second, first].filter((one): one is KnownHostLine => one !== undefined);
    expect(lines).toHaveLength(2);
    expect(withoutLines(text, lines)).toBe("# 1\n# 3\n# 5");
  });

  it("keeps empty lines, and lines that do not have a valid key", async () => {
    const [type, base64] = keyText(old).split(" ");
    const text = [
      "",
      `  \t${host}  \t${type} \t ${base64}`,
      `@unknown ${host} ${type} ${base64}`,
      `${host} ${type} ${base64}!`,
      `${host} ssh-rsa ${base64}`,
      `${host} ${type}`,
    ].join("\n");
    const lines = await knownHostLines(text, host);
    expect(lines).toMatchObject([{ number: 2, key: old, isAboutHost: true }]);
    expect(withoutLines(text, lines)).toBe(text.split("\n").toSpliced(1, 1).join("\n"));
  });

  it("does not treat a comment as a line, but does treat a line whose comment ends in a number sign as one", async () => {
    const text = `#${line(host, old)}${keyed("a comment #")}`;
    expect((await knownHostLines(text, host)).map(({ number }) => number)).toEqual([2]);

    function keyed(comment: string): string {
      return `${host} ${keyText(kept)} ${comment}`;
    }
  });
});

describe("known_hosts is updated", () => {
  function setUp(files: Record<string, string>, updateHostKeys: "yes" | "ask", changes = {}) {
    const log: string[] = [];
    const locks: string[] = [];
    const logger = new RecordingLogger();
    const questions: HostKeyUpdateQuestion[] = [];
    const person = { answer: true, meanwhile: () => {} };
    const parts = {
      ...{ name: host, logger },
      config: testHostConfig({
        ...{ userKnownHostsFiles: ["/u", "/u2"], globalKnownHostsFiles: ["/g"], updateHostKeys },
        ...changes,
      }),
      storage: {
        read: async (file: string) => files[file],
        readBytes: async (file: string) => Buffer.from(files[file] ?? "", "latin1"),
        append: async (file: string, added: string) => {
          log.push(`append ${file}`);
          files[file] = `${files[file] ?? ""}${added}\n`;
        },
        replace: async (file: string, before: string, after: string) => {
          log.push(`replace ${file}`);
          expect(files[file]).toBe(before);
          files[file] = after;
        },
        exclusively: async <T>(file: string, work: () => Promise<T>) => {
          locks.push(file);
          expect(log).toEqual([]);
          return await work();
        },
      },
      prompter: {
        confirmUnknown: async () => false,
        confirmUpdate: async (question: HostKeyUpdateQuestion) => {
          questions.push(question);
          person.meanwhile();
          return person.answer;
        },
      },
    };
    const announce = (keys: readonly Buffer[], signal = new AbortController().signal) =>
      updateKnownHosts(parts, { keys, prove: async () => true }, signal);
    return { files, log, locks, logger, questions, person, parts, announce };
  }

  it("in the first file for new keys, in each file for old ones", async () => {
    const { files, log, locks, announce, questions } = setUp(
      { "/u": line(host, kept), "/u2": `${line(host, old)}${line("a.example.org", other)}` },
      "yes",
    );
    await announce([kept, fresh]);
    // In the same order in every window.
    expect(locks).toEqual(["/u", "/u2"]);
    expect(files).toEqual({
      "/u": `${line(host, kept)}${line(host, fresh)}`,
      "/u2": line("a.example.org", other),
    });
    expect(log).toEqual(["append /u", "replace /u2"]);
    expect(questions).toEqual([]);
  });

  it("with one write if a line is removed and another added", async () => {
    const { files, log, announce } = setUp({ "/u": line(host, old) }, "yes");
    await announce([fresh]);
    expect(files).toEqual({ "/u": line(host, fresh) });
    expect(log).toEqual(["replace /u"]);
  });

  it("with hashed names if configured", async () => {
    const { files, announce } = setUp({ "/u": line(host, old) }, "yes", { hashKnownHosts: true });
    await announce([fresh]);
    expect(files["/u"]).toMatch(/^\|1\|/);
    expect(await knownHostLines(files["/u"] ?? "", host)).toMatchObject([{ isAboutHost: true, key: fresh }]);
  });

  it("if the user agrees, after seeing the added and removed keys", async () => {
    const { files, announce, questions } = setUp({ "/u": line(host, old) }, "ask", { alias: "web1" });
    await announce([fresh]);
    expect(questions).toMatchObject([
      { host, alias: "web1", added: [{ key: fresh, type: "ssh-ed25519" }], removed: [{ key: old }] },
    ]);
    expect(questions[0]?.added[0]?.fingerprint).toMatch(/^SHA256:/);
    expect(files["/u"]).toBe(line(host, fresh));
  });

  it("not if the user declines, nor under BatchMode, nor without prompts", async () => {
    const declined = setUp({ "/u": line(host, old) }, "ask");
    declined.person.answer = false;
    const batch = setUp({ "/u": line(host, old) }, "ask", { batchMode: true });
    const silent = setUp({ "/u": line(host, old) }, "ask");
    await Promise.all([declined.announce([fresh]), batch.announce([fresh])]);
    const { confirmUnknown } = silent.parts.prompter;
    const announcement = { keys: [fresh], prove: async () => true };
    const parts = { ...silent.parts, prompter: { confirmUnknown } };
    await updateKnownHosts(parts, announcement, new AbortController().signal);
    for (const { files, log, logger } of [declined, batch, silent]) {
      expect([files, log, logger.complaints]).toEqual([{ "/u": line(host, old) }, [], []]);
    }
    expect([declined.questions.length, batch.questions.length]).toEqual([1, 0]);
  });

  it("not if the server announces the keys that are known", async () => {
    const { log, locks, logger, questions, announce } = setUp({ "/u": line(host, old) }, "ask");
    await announce([old]);
    expect([log, locks, logger.complaints, questions]).toEqual([[], [], [], []]);
  });

  it("in files that are locked in the same order by every window", async () => {
    const changes = { userKnownHostsFiles: ["/u2", "/u"] };
    const { locks, announce } = setUp({ "/u": line(host, old), "/u2": line(host, kept) }, "yes", changes);
    await announce([kept]);
    expect(locks).toEqual(["/u", "/u2"]);
  });

  it("not if another window made the same update during the question", async () => {
    const { files, log, logger, person, announce } = setUp({ "/u": line(host, old) }, "ask");
    person.meanwhile = () => {
      files["/u"] = line(host, fresh);
    };
    await announce([fresh]);
    expect([files, log, logger.complaints]).toEqual([{ "/u": line(host, fresh) }, [], []]);
  });

  it("only as the user has seen it, if the files changed during the question", async () => {
    const [gone, unseen, second] = [ed25519Blob(5), ecdsaBlob(6), ed25519Blob(7)];
    const before = `${line(host, old)}${line(host, gone)}${line(host, kept)}`;
    const { files, person, announce } = setUp({ "/u": before }, "ask");
    person.meanwhile = () => {
      files["/u"] = `${line(host, old)}${line(host, gone)}${line(host, unseen)}`;
    };
    await announce([kept, fresh, second]);
    expect(files["/u"]).toBe(`${line(host, unseen)}${line(host, fresh)}${line(host, second)}`);
  });

  it("no longer once the connection has ended, without a warning", async () => {
    const { log, logger, announce } = setUp({ "/u": line(host, old) }, "yes");
    await announce([fresh], AbortSignal.abort());
    expect([log, logger.complaints]).toEqual([[], []]);
  });

  it("without a proof if the server has only lost keys", async () => {
    const { files, parts } = setUp({ "/u": `${line(host, old)}${line(host, kept)}` }, "yes");
    const announcement = { keys: [kept], prove: async () => false };
    await updateKnownHosts(parts, announcement, new AbortController().signal);
    expect(files["/u"]).toBe(line(host, kept));
  });
});
