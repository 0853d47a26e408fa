import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";

const source = join(import.meta.dirname, "..", "..", "..", "src");

/** Functions that show text outside an editor, and the only files that may use them. All others use messages.ts. */
const owners: Readonly<Record<string, readonly string[]>> = {
  showInformationMessage: ["vscode/messages/messages.ts"],
  showWarningMessage: ["vscode/messages/messages.ts"],
  showErrorMessage: ["vscode/messages/messages.ts"],
  setStatusBarMessage: ["vscode/messages/messages.ts"],
  showQuickPick: ["vscode/messages/messages.ts"],
  showInputBox: ["vscode/messages/messages.ts"],
  showWorkspaceFolderPick: [],
  withProgress: ["vscode/messages/messages.ts", "vscode/messages/passingMessage.ts"],
  MarkdownString: ["vscode/messages/messages.ts"],
  // All make every text plain with `shownText` or `plainItem`; the attack tests check them.
  createQuickPick: [
    "vscode/messages/messages.ts",
    "vscode/prompts/forwardBox.ts",
    "vscode/prompts/hostPick.ts",
  ],
  createInputBox: ["vscode/prompts/vscodeAuthPrompter.ts"],
  createStatusBarItem: ["vscode/views/statusBar.ts"],
};

const files = readdirSync(source, { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile() && entry.name.endsWith(".ts"))
  .map((entry) => join(entry.parentPath, entry.name));

/** The text without comments. */
function code(file: string): string {
  return readFileSync(file, "utf8")
    .replaceAll(/\/\*[\s\S]*?\*\//g, "")
    .replaceAll(/^\s*\/\/.*$/gm, "");
}

describe("messages", () => {
  test.each(Object.entries(owners))("%s is used in its place only", (name, allowed) => {
    const users = files
      .filter((file) =>
        new RegExp(`\\b(?:new vscode\\.${name}|window\\.${name})\\b|\\["${name}"\\]`).test(code(file)),
      )
      .map((file) => file.slice(source.length + 1));
    expect(users).toEqual(allowed);
  });

  test("`window` is never destructured, which would hide its uses", () => {
    const users = files.filter((file) => {
      const text = code(file);
      return (
        /\bwindow\b[^;]*\}\s*=\s*vscode\s*;/.test(text) ||
        /\b(?:show|create|set|with)\w*[^;]*\}\s*=\s*vscode\.window\s*;/.test(text) ||
        /\b\w+\s*=\s*vscode(?:\.window)?\s*;/.test(text) ||
        /vscode(?:\.window)?\[/.test(text) ||
        /import\s*\{[^}]*\}\s*from "vscode"/.test(text)
      );
    });
    expect(users).toEqual([]);
  });

  test("no hover is trusted with commands or HTML", () => {
    const users = files.filter((file) => /\b(?:isTrusted|supportHtml) = (?!false;)/.test(code(file)));
    expect(users).toEqual([]);
  });
});
