import { appendFile, chmod, mkdir, mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { HostAnswerFile } from "../../../../src/vscode/settings/hostAnswerFile.ts";

let folder: string;
let path: string;
const none = { choiceFor: () => undefined };

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "ssh-sessions-answers-"));
  path = join(folder, "storage", "answers.jsonl");
});

afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

test("what one window remembers counts in the other at once, also if it is withdrawn", async () => {
  const [one, other] = [new HostAnswerFile(path, none), new HostAnswerFile(path, none)];
  expect(await other.choiceFor("web1")).toBeUndefined();
  await one.remember("alice@web1:2222", true);
  expect(await other.choiceFor("web1")).toBe(true);
  await other.remember("web1", false);
  expect(await one.choiceFor("bob@web1")).toBe(false);
  expect(await one.choiceFor("web2")).toBeUndefined();
  expect((await stat(path)).mode & 0o777).toBe(0o600);
});

test("answers of windows at the same time are all kept", async () => {
  const hosts = Array.from({ length: 20 }, (_, at) => `web${at}`);
  await Promise.all(hosts.map((host) => new HostAnswerFile(path, none).remember(host, true)));
  const reader = new HostAnswerFile(path, none);
  expect(await Promise.all(hosts.map((host) => reader.choiceFor(host)))).toEqual(hosts.map(() => true));
});

test("an answer of an older version counts until there is a new one", async () => {
  const answers = new HostAnswerFile(path, { choiceFor: () => true });
  expect(await answers.choiceFor("web1")).toBe(true);
  await answers.remember("web1", false);
  expect(await answers.choiceFor("web1")).toBe(false);
});

test("lines that are no answers do not count, and an unreadable file is no answer", async () => {
  const answers = new HostAnswerFile(path, none);
  await answers.remember("web1", true);
  await appendFile(path, '{"host":"web1"}\n{"host":"web1","use":"no"}\nnull\n{"host"');
  expect(await answers.choiceFor("web1")).toBe(true);
  await answers.remember("web2", true);
  expect(await answers.choiceFor("web2")).toBe(true);
  await rm(path);
  await mkdir(path);
  await chmod(path, 0o700);
  await expect(answers.choiceFor("web1")).rejects.toThrow();
});
