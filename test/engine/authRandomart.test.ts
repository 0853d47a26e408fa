import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, it } from "vitest";
import { randomart } from "../../src/trust/randomart.ts";

const run = promisify(execFile);

/** A hundred fields show every symbol, the walls, and an end on an intermediate field. */
const keys: readonly (readonly [string, number])[] = [
  ["ed25519", 60],
  ["ecdsa -b 256", 20],
  ["ecdsa -b 384", 10],
  ["ecdsa -b 521", 10],
  ["rsa -b 2048", 2],
  ["rsa -b 3072", 1],
];

it.each(keys)("a key's randomart equals that of ssh-keygen -lv: %s", async (type, count) => {
  const folder = await mkdtemp(join(tmpdir(), "auth-randomart-"));
  try {
    for (let made = 0; made < count; made++) {
      const file = join(folder, `key${made}`);
      await run("ssh-keygen", ["-q", "-N", "", "-f", file, "-t", ...type.split(" ")]);
      const { stdout } = await run("ssh-keygen", ["-lv", "-E", "sha256", "-f", `${file}.pub`]);
      const [, base64 = ""] = (await readFile(`${file}.pub`, "latin1")).split(" ");
      expect(randomart(Buffer.from(base64, "base64"))).toEqual(stdout.trimEnd().split("\n").slice(1));
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

it("a certificate's randomart has the title of ssh-keygen -lv", async () => {
  const folder = await mkdtemp(join(tmpdir(), "auth-randomart-"));
  try {
    const [authority, key] = [join(folder, "ca"), join(folder, "key")];
    for (const file of [authority, key]) {
      await run("ssh-keygen", ["-q", "-N", "", "-t", "ed25519", "-f", file]);
    }
    await run("ssh-keygen", ["-q", "-s", authority, "-I", "id", "-h", `${key}.pub`]);
    const { stdout } = await run("ssh-keygen", ["-lv", "-f", `${key}-cert.pub`]);
    const [, base64 = ""] = (await readFile(`${key}-cert.pub`, "latin1")).split(" ");
    const [top] = randomart(Buffer.from(base64, "base64"));
    expect(top).toBe(stdout.split("\n")[1]);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

it("a key of an unknown type has a randomart, too", () => {
  const lines = randomart(Buffer.from("no key"));
  expect(lines[0]).toBe("+----[unknown]----+");
  expect(lines.map((line) => line.length)).toEqual(new Array(11).fill(19));
});
