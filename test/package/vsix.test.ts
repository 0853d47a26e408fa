import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, it } from "vitest";
import { buildExtension } from "../setup/buildExtension.ts";
import { repositoryRoot } from "../setup/repository.ts";
import { packageExtension } from "../vscode/harness/packagedExtension.ts";

const run = promisify(execFile);
const vsce = join(repositoryRoot, "node_modules", "@vscode", "vsce", "vsce");

describe("the .vsix", () => {
  let folder: string;
  let vsix: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "ssh-sessions-vsix-"));
    vsix = join(folder, "ssh-sessions.vsix");
    await buildExtension();
    await packageExtension(vsix);
  });

  afterAll(async () => {
    await rm(folder, { recursive: true, force: true });
  });

  it("is smaller than 1 MB", async () => {
    const { size } = await stat(vsix);
    assert.ok(size < 1_000_000, `${size} bytes`);
  });

  it("contains only files of an allow-list", async () => {
    const { stdout } = await run(process.execPath, [vsce, "ls", "--no-dependencies"], {
      cwd: repositoryRoot,
    });
    const files = stdout.trim().split("\n");
    const allowed =
      /^(package(\.nls(\.de)?)?\.json|l10n\/bundle\.l10n\.de\.json|README\.md|CHANGELOG\.md|LICENSE|SECURITY\.md|dist\/[\w.-]+\.cjs|dist\/detailsView\.(js|css)|dist\/README\.md|dist\/THIRD-PARTY-NOTICES\.txt|media\/(icon\.png|[\w-]+\.svg))$/;
    assert.deepEqual(
      files.filter((file) => !allowed.test(file)),
      [],
    );
  });

  // VS Code drops pictures that are not on https, and opens no relative link.
  it("has an extension page without broken pictures or links", async () => {
    for (const page of ["dist/README.md", "CHANGELOG.md"]) {
      const text = await readFile(join(repositoryRoot, page), "utf8");
      const broken = linksOf(text).filter(
        (link) =>
          !/^(?:https|mailto):/.test(link) && !(link.startsWith("#") && anchors(text).has(link.slice(1))),
      );
      assert.deepEqual(broken, [], page);
    }
    const shown = await readFile(join(repositoryRoot, "dist/README.md"), "utf8");
    assert.match(shown, /^# SSH Sessions/);
    assert.match(shown, /^## Settings/m);
  });

  it("contains every file that its manifest names", async () => {
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

describe("the repository's pages", () => {
  it("link to existing files and headings", async () => {
    const { stdout } = await run("git", ["ls-files", "*.md"], { cwd: repositoryRoot });
    const broken: string[] = [];
    let pictures = 0;
    for (const page of stdout.trim().split("\n")) {
      const text = await readFile(join(repositoryRoot, page), "utf8");
      pictures += text.match(/!\[/g)?.length ?? 0;
      for (const link of linksOf(text).filter((each) => !/^(?:https|mailto):/.test(each))) {
        const [file = "", anchor] = link.split("#");
        const target = join(repositoryRoot, file === "" ? page : join(page, "..", decodeURI(file)));
        const found = await stat(target).catch(() => undefined);
        if (
          found === undefined ||
          (anchor !== undefined && !anchors(await readFile(target, "utf8")).has(anchor))
        ) {
          broken.push(`${page}: ${link}`);
        }
      }
    }
    assert.deepEqual(broken, []);
    assert.ok(pictures >= 9, `${pictures} pictures`);
  });
});

/** The targets of pictures and links in a Markdown text. */
function linksOf(text: string): string[] {
  return [...text.matchAll(/!?\[[^\]]*\]\(([^)\s]+)[^)]*\)|<(?:img|a)\s[^>]*?(?:src|href)="([^"]+)"/g)].map(
    ([, link, attribute]) => link ?? attribute ?? "",
  );
}

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
