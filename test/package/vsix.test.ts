import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, it } from "vitest";
import { buildExtension } from "../setup/buildExtension.ts";
import { repositoryRoot } from "../setup/repository.ts";

const run = promisify(execFile);
const vsce = join(repositoryRoot, "node_modules", "@vscode", "vsce", "vsce");

describe("the .vsix", () => {
  let folder: string;
  let vsix: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "ssh-sessions-vsix-"));
    vsix = join(folder, "ssh-sessions.vsix");
    await buildExtension();
    await run(
      process.execPath,
      [vsce, "package", "--no-dependencies", "--no-rewrite-relative-links", "--out", vsix],
      {
        cwd: repositoryRoot,
      },
    );
  });

  afterAll(async () => {
    await rm(folder, { recursive: true, force: true });
  });

  it("is smaller than 1 MB", async () => {
    const { size } = await stat(vsix);
    assert.ok(size < 1_000_000, `${size} bytes`);
  });

  it("holds what an allow-list names, and nothing else", async () => {
    const { stdout } = await run(process.execPath, [vsce, "ls", "--no-dependencies"], {
      cwd: repositoryRoot,
    });
    const files = stdout.trim().split("\n");
    const allowed =
      /^(package\.json|README\.md|CHANGELOG\.md|LICENSE|dist\/[\w.-]+\.cjs|dist\/THIRD-PARTY-NOTICES\.txt|media\/(icon\.png|[\w-]+\.svg))$/;
    assert.deepEqual(
      files.filter((file) => !allowed.test(file)),
      [],
    );
  });

  it("holds every file that its manifest names", async () => {
    const { stdout } = await run(process.execPath, [vsce, "ls", "--no-dependencies"], {
      cwd: repositoryRoot,
    });
    const files = new Set(stdout.trim().split("\n"));
    const manifest = await readFile(join(repositoryRoot, "package.json"), "utf8");
    const named = [...manifest.matchAll(/"(?:\.\/)?((?:dist|media)\/[^"]+)"/g)].map(
      (match) => match[1] ?? "",
    );
    assert.ok(named.includes("dist/extension.cjs"));
    assert.deepEqual(
      named.filter((file) => !files.has(file)),
      [],
    );
  });
});
