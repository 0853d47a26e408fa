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
      /^(package(\.nls(\.de)?)?\.json|README\.md|CHANGELOG\.md|LICENSE|SECURITY\.md|docs\/[\w-]+\.md|media\/screenshots\/[\w-]+\.png|dist\/[\w.-]+\.cjs|dist\/detailsView\.(js|css)|dist\/THIRD-PARTY-NOTICES\.txt|media\/(icon\.png|[\w-]+\.svg))$/;
    assert.deepEqual(
      files.filter((file) => !allowed.test(file)),
      [],
    );
  });

  it("holds every picture and file that its README, changelog and their documents lead to", async () => {
    const { stdout } = await run(process.execPath, [vsce, "ls", "--no-dependencies"], {
      cwd: repositoryRoot,
    });
    const files = stdout.trim().split("\n");
    const broken: string[] = [];
    let pictures = 0;
    for (const page of files.filter((file) => file.endsWith(".md"))) {
      const text = await readFile(join(repositoryRoot, page), "utf8");
      const targets = [
        ...text.matchAll(/(!?)\[[^\]]*\]\(([^)\s]+)[^)]*\)|<(img|a)\s[^>]*?(?:src|href)="([^"]+)"/g),
      ];
      for (const [, mark, link, tag, attribute] of targets) {
        const target = link ?? attribute ?? "";
        pictures += mark === "!" || tag === "img" ? 1 : 0;
        const [file = "", anchor] = target.split("#");
        if (/^(?:https|mailto):/.test(target)) {
          continue;
        }
        const found = file === "" ? page : join(page, "..", decodeURI(file));
        if (!files.includes(found)) {
          broken.push(`${page}: ${target}`);
        } else if (
          anchor !== undefined &&
          !anchors(await readFile(join(repositoryRoot, found), "utf8")).has(anchor)
        ) {
          broken.push(`${page}: ${target}, no such heading`);
        }
      }
    }
    assert.deepEqual(broken, []);
    assert.ok(pictures >= 9, `${pictures} pictures`);
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

/** The headings of a Markdown text as GitHub and VS Code name them in links. */
function anchors(text: string): ReadonlySet<string> {
  return new Set(
    [...text.matchAll(/^#+ +(.+)$/gm)].map(([, heading = ""]) =>
      heading
        .toLowerCase()
        .replaceAll(/[^\p{L}\p{N}\s_-]/gu, "")
        .trim()
        .replaceAll(/\s/g, "-"),
    ),
  );
}
