import assert from "node:assert/strict";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { NoOperationTraceWriter, parseWorkflow } from "@actions/workflow-parser";
import { describe, it } from "vitest";
import { repositoryRoot } from "../setup/repository.ts";

const folder = join(repositoryRoot, ".github", "workflows");

function problems(name: string, content: string): string[] {
  return parseWorkflow({ name, content }, new NoOperationTraceWriter())
    .context.errors.getErrors()
    .map(({ message }) => message);
}

describe("the workflows", () => {
  it("follow their schema", async () => {
    const names = await readdir(folder);
    assert.ok(names.includes("ci.yml"));
    for (const name of names) {
      assert.deepEqual(problems(name, await readFile(join(folder, name), "utf8")), [], name);
    }
  });

  it("would fail with an unknown key", () => {
    const broken = "on: push\njobs:\n  a:\n    runs-on: ubuntu-latest\n    stepz: []\n";
    assert.notDeepEqual(problems("broken.yml", broken), []);
  });

  it("run only scripts that exist in package.json", async () => {
    const { scripts } = JSON.parse(await readFile(join(repositoryRoot, "package.json"), "utf8")) as {
      scripts: Record<string, string>;
    };
    for (const name of await readdir(folder)) {
      const text = await readFile(join(folder, name), "utf8");
      for (const [, script = ""] of text.matchAll(/npm run ([\w:-]+)/g)) {
        assert.ok(script in scripts, `${name}: npm run ${script}`);
      }
    }
  });
});
