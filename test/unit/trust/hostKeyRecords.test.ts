import { describe, expect, it } from "vitest";
import { forgottenText, hostKeyNotSaved, hostKeysDocument } from "../../../src/text/hostKeysText.ts";
import { forgetHostKeys, hostKeyRecords } from "../../../src/trust/hostKeyRecords.ts";
import { formatKnownHost } from "../../../src/trust/knownHosts.ts";
import { updateKnownHosts } from "../../../src/trust/knownHostsUpdater.ts";
import { testHostConfig } from "../../support/hostConfigs.ts";
import { ecdsaBlob, ed25519Blob, keyText } from "../../support/publicKeys.ts";
import { RecordingLogger } from "../../support/recordingLogger.ts";

const host = "server.example.org";
const [one, two] = [keyText(ed25519Blob(1)), keyText(ecdsaBlob(2))];

function storageOf(files: Record<string, string>) {
  const old: Record<string, string> = {};
  return {
    files,
    old,
    read: async (file: string) => files[file],
    readBytes: async (file: string) => {
      const text = files[file];
      return text === undefined ? undefined : Buffer.from(text, "latin1");
    },
    append: async (file: string, line: string) => {
      files[file] = `${files[file] ?? ""}${line}\n`;
    },
    replace: async (file: string, before: string, after: string) => {
      old[file] = before;
      files[file] = after;
    },
    exclusively: async <T>(_: string, work: () => Promise<T>) => await work(),
  };
}

const config = (changes = {}) =>
  testHostConfig({ userKnownHostsFiles: ["/u"], globalKnownHostsFiles: ["/g"], ...changes });

describe("the keys of a host in known_hosts", () => {
  it("are listed with file, line and meaning, and the name without the port counts, too", async () => {
    const files = {
      "/u": `other ${one}\n[${host}]:2222 ${one}\n@revoked * ${two}\n`,
      "/g": `@cert-authority *.example.org ${two}\n${host} ${two}`,
    };
    const records = await hostKeyRecords(config({ port: 2222 }), storageOf(files));
    expect(records.map(({ file, line, marker }) => `${file}:${line} ${marker}`)).toEqual([
      "/u:2 none",
      "/u:3 revoked",
      "/g:1 cert-authority",
      "/g:2 none",
    ]);
    const { text, links } = hostKeysDocument("web1", records, "/home/a");
    expect(text).toContain(`ssh-ed25519 ${records[0]?.fingerprint}`);
    expect(links[0]?.target).toEqual({ kind: "file", file: "/u", line: 2 });
  });

  it("are those of HostKeyAlias if it is set, without a port", async () => {
    const storage = storageOf({ "/u": `${host} ${two}\n[web]:2222 ${two}\nweb ${one}\n` });
    const changed = config({ hostKeyAlias: "Web", port: 2222 });
    expect(await hostKeyRecords(changed, storage)).toMatchObject([{ file: "/u", line: 3, name: "web" }]);
    await forgetHostKeys(changed, storage);
    expect(storage.files["/u"]).toBe(`${host} ${two}\n[web]:2222 ${two}\n`);
  });

  it("are forgotten without changing other hosts, and the old file is kept", async () => {
    const text = [
      "# mine",
      `${host} ${one} comment`,
      `a.example.org,${host},192.0.2.1 ${two}`,
      `*.example.org ${two}`,
      `@cert-authority ${host} ${two}`,
      formatKnownHost(host, "ssh-ed25519", ed25519Blob(1), true),
      `other ${one}`,
    ].join("\n");
    const storage = storageOf({ "/u": text, "/g": `${host} ${two}\n` });
    const result = await forgetHostKeys(config(), storage);
    expect(storage.files["/u"]).toBe(
      [
        "# mine",
        `a.example.org,192.0.2.1 ${two}`,
        `*.example.org ${two}`,
        `@cert-authority ${host} ${two}`,
        `other ${one}`,
      ].join("\n"),
    );
    expect(storage.old).toEqual({ "/u": text });
    expect(result.forgotten.map(({ line }) => line)).toEqual([2, 3, 6]);
    expect(result.kept.map(({ file, line }) => `${file}:${line}`)).toEqual(["/u:3", "/u:4", "/g:1"]);
    expect(forgottenText("web1", result, "/home/a")).toContain("/u:4");
  });

  it("of another port stay, unless this host has none of its own", async () => {
    const text = `${host} ${one}\n[${host}]:2222 ${two}\n`;
    const storage = storageOf({ "/u": text });
    await forgetHostKeys(config({ port: 2222 }), storage);
    expect(storage.files["/u"]).toBe(`${host} ${one}\n`);
    await forgetHostKeys(config({ port: 2222 }), storage);
    expect(storage.files["/u"]).toBe("");
  });

  it("of another port stay if this host has one of its own in the file of the machine", async () => {
    const storage = storageOf({ "/u": `${host} ${one}\n`, "/g": `[${host}]:2222 ${two}\n` });
    const { forgotten, kept } = await forgetHostKeys(config({ port: 2222 }), storage);
    expect([forgotten, storage.old]).toEqual([[], {}]);
    expect(kept.map(({ file, line }) => `${file}:${line}`)).toEqual(["/u:1", "/g:1"]);
  });

  it("under the name without the port are forgotten if this port has only a revoked key", async () => {
    const revoked = `@revoked [${host}]:2222 ${two}\n`;
    const storage = storageOf({ "/u": `${revoked}${host} ${one}\n` });
    await forgetHostKeys(config({ port: 2222 }), storage);
    expect(storage.files["/u"]).toBe(revoked);
  });

  it("are forgotten in one of several files: the others are not written, and one may be missing", async () => {
    const storage = storageOf({ "/u": `${host} ${one}\n`, "/u2": `\nother ${two}\n` });
    await forgetHostKeys(config({ userKnownHostsFiles: ["/missing", "/u2", "/u"] }), storage);
    expect(storage.old).toEqual({ "/u": `${host} ${one}\n` });
  });

  it("leave a file unchanged that does not name the host", async () => {
    const storage = storageOf({ "/u": `other ${one}\n` });
    const result = await forgetHostKeys(config(), storage);
    expect(result).toEqual({ forgotten: [], kept: [] });
    expect(storage.old).toEqual({});
  });
});

describe("UpdateHostKeys", () => {
  const never = new AbortController().signal;

  it("changes nothing if the server can't prove that it holds a key, and logs that", async () => {
    const storage = storageOf({ "/u": `${host} ${one}\n` });
    const logger = new RecordingLogger();
    const parts = {
      ...{ config: config({ updateHostKeys: "yes" }), name: host, storage, logger },
      prompter: { confirmUnknown: async () => true },
    };
    const keys = [ed25519Blob(1), ecdsaBlob(3)];
    const asked: (readonly Buffer[])[] = [];
    const announcement = {
      keys,
      prove: async (unknown: readonly Buffer[]) => {
        asked.push(unknown);
        return false;
      },
    };
    await updateKnownHosts(parts, announcement, never);
    expect(asked).toEqual([[ecdsaBlob(3)]]);
    expect(storage.files["/u"]).toBe(`${host} ${one}\n`);
    expect(logger.complaints).toHaveLength(1);
  });

  it("tolerates a file that can't be written", async () => {
    const logger = new RecordingLogger();
    const storage = {
      ...storageOf({ "/u": `${host} ${one}\n` }),
      append: () => Promise.reject(new Error("EROFS")),
    };
    await updateKnownHosts(
      {
        ...{ config: config({ updateHostKeys: "yes" }), name: host, storage, logger },
        prompter: { confirmUnknown: async () => true },
      },
      { keys: [ed25519Blob(1), ecdsaBlob(3)], prove: async () => true },
      never,
    );
    expect(logger.complaints[0]).toContain("EROFS");
  });
});

it("a key that could not be saved is reported with the file and the reason", () => {
  expect(hostKeyNotSaved("web1", "/home/a/.ssh/known_hosts", "it is read-only", "/home/a")).toBe(
    'The host key of "web1" was accepted, but could not be saved in ~/.ssh/known_hosts: it is read-only. It is unknown again at the next connection.',
  );
});
