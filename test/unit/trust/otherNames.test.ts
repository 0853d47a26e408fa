import { describe, expect, it } from "vitest";
import { formatKnownHost } from "../../../src/trust/knownHosts.ts";
import { findOtherNames } from "../../../src/trust/otherNames.ts";
import { ed25519Blob, keyText } from "../../support/publicKeys.ts";

const key = ed25519Blob(1);
const text = keyText(key);

async function names(...lines: readonly string[]): Promise<readonly unknown[]> {
  const found = await findOtherNames("/kh", Buffer.from(lines.join("\n")), key);
  return found.map(({ line, name }) => [line, name]);
}

describe("the lines that have a key under other names", () => {
  it("are found with file, line and names as they are in the file", async () => {
    const found = await names(
      "# first",
      `other ${keyText(ed25519Blob(2))}`,
      `web1,10.0.0.5 ${text} me\r`,
      `  x ${text}`,
    );
    expect(found).toEqual([
      [3, "web1,10.0.0.5"],
      [4, "x"],
    ]);
  });

  it("are found between several spaces and tabs, and after a line that has only the key", async () => {
    const [type, encoded = ""] = text.split(" ");
    expect(await names(encoded, `web1 \t ${type}\t  ${encoded}`)).toEqual([[2, "web1"]]);
  });

  it("are counted from an empty first line, too", async () => {
    expect(await names("", `web1 ${text}`)).toEqual([[2, "web1"]]);
  });

  it("have no name where it is hashed", async () => {
    expect(await names(formatKnownHost("web1", "ssh-ed25519", key, true) ?? "")).toEqual([[1, undefined]]);
  });

  it.each([
    ["a comment", `# web1 ${text}`],
    ["a revoked key", `@revoked * ${text}`],
    ["an authority", `@cert-authority * ${text}`],
    ["another type in front of the key", `web1 ssh-rsa ${text.split(" ")[1]}`],
    ["the key as a comment of another", `web1 ${keyText(ed25519Blob(2))} ${text}`],
    ["a longer key", `web1 ${text}AAAA`],
  ])("do not include %s", async (_, line) => {
    expect(await names(line, "")).toEqual([]);
  });
});
